// MJCF, MuJoCo's XML, compiled by its own compiler and taken apart in its zero pose.
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <numbers>

#include "canter/physics/quat_order.h"
#include "physics/engine.h"
#include "physics/load_engine.h"
#include "physics/read_body.h"

namespace canter::physics::detail {
namespace {

/// The largest text that is read.
constexpr std::size_t kMostBytes = std::size_t{4} << 20;
/// Torque limit where a model gives none, N·m per kilogram of the whole body.
constexpr double kTorquePerMass = 3.0;
/// Half the thickness of the engine's flattest capsules, m: none has length 0.
constexpr double kLeastHalfLength_m = 1e-3;
/// A hinge this near to the side axis is one of ours (cosine).
constexpr double kSideways = 0.995;

Error refuse(const std::string& what) {
  return {ErrorCode::unsupported, what};
}

// Whether the text names another file, which the engine would open: by an element made for that, or
// by an attribute like file, filename or fileright.
bool names_files(std::string_view xml) {
  std::string text(xml);
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (text.find("<include") != std::string::npos || text.find("<plugin") != std::string::npos)
    return true;
  for (std::size_t at = text.find("file"); at != std::string::npos;
       at = text.find("file", at + 1)) {
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz", at);
    const std::size_t next = text.find_first_not_of(" \t\r\n", end);
    if (next != std::string::npos && text[next] == '=') return true;
  }
  return false;
}

struct DeleteData {
  void operator()(mjData* data) const { mj_deleteData(data); }
};

// The compiled model in its zero pose.
struct Source {
  EngineModel model;
  std::unique_ptr<mjData, DeleteData> pose;
  glm::dquat to_ours;  ///< its world to ours

  std::string name(int type, int id, const std::string& otherwise) const {
    const char* text = mj_id2name(model.get(), type, id);
    return text == nullptr || text[0] == '\0' ? otherwise : std::string(text);
  }
  glm::dvec3 place(const double* xyz) const { return to_ours * load3(xyz); }
};

Result<Source> open(std::string_view xml, bool z_up) {
  if (xml.size() > kMostBytes)
    return Error{ErrorCode::limit, "MJCF of " + std::to_string(xml.size()) + " bytes; at most " +
                                       std::to_string(kMostBytes) + " are read"};
  if (names_files(xml))
    return refuse(
        "the MJCF names other files (includes, meshes, textures); only what is in the "
        "text itself is read");
  Result<EngineModel> model = load_engine(std::string(xml));
  if (!model) return model.error();
  Source source{std::move(*model), nullptr, glm::dquat(1.0, 0.0, 0.0, 0.0)};
  if (z_up) source.to_ours = glm::angleAxis(-0.5 * std::numbers::pi, glm::dvec3(1, 0, 0));
  EngineText text{};
  mjData* pose = nullptr;
  const bool posed = guarded(
      [&] {
        pose = mj_makeData(source.model.get());
        mj_kinematics(source.model.get(), pose);
      },
      text);
  source.pose.reset(pose);
  if (!posed || pose == nullptr)
    return refuse(std::string("the engine cannot pose it: ") + text.data());
  return source;
}

// The one body that is free to move about, or why there is none.
Result<int> free_body(const Source& source) {
  const mjModel& m = *source.model;
  int found = -1;
  for (int j = 0; j < m.njnt; ++j) {
    if (m.jnt_type[j] != mjJNT_FREE) continue;
    if (found >= 0)
      return refuse("more than one body is free: '" + source.name(mjOBJ_BODY, found, "?") +
                    "' and '" + source.name(mjOBJ_BODY, m.jnt_bodyid[j], "?") + "'");
    found = m.jnt_bodyid[j];
  }
  if (found < 0) return refuse("no body has a free joint: its root cannot move about");
  return found;
}

// What the joints of a body come to.
Result<JointType> type_of(const Source& source, int body) {
  const mjModel& m = *source.model;
  const std::string where = "body '" + source.name(mjOBJ_BODY, body, std::to_string(body)) + "'";
  int hinges = 0, balls = 0, frees = 0;
  for (int k = 0; k < m.body_jntnum[body]; ++k) {
    const int type = m.jnt_type[m.body_jntadr[body] + k];
    if (type == mjJNT_SLIDE) return refuse(where + " slides; only hinges and balls are supported");
    hinges += type == mjJNT_HINGE ? 1 : 0;
    balls += type == mjJNT_BALL ? 1 : 0;
    frees += type == mjJNT_FREE ? 1 : 0;
  }
  if (frees + balls > 1 || (frees + balls == 1 && hinges > 0) || hinges > 3)
    return refuse(where + " has joints that do not come to one hinge or ball");
  if (frees == 1) return JointType::root;
  if (balls == 1 || hinges > 1) return JointType::ball;
  return hinges == 1 ? JointType::hinge : JointType::fixed;
}

glm::dvec3 joint_place(const Source& source, int body, JointType type) {
  const mjModel& m = *source.model;
  const bool anchored = type == JointType::ball || type == JointType::hinge;
  const int last = m.body_jntadr[body] + m.body_jntnum[body] - 1;
  return source.place(anchored ? source.pose->xanchor + 3 * last : source.pose->xpos + 3 * body);
}

// Limits of a hinge about the pose we call zero; half a turn either way where it has none.
std::array<double, 2> range_of(const mjModel& m, int joint) {
  const auto half_turn = std::numbers::pi;
  if (m.jnt_limited[joint] == 0) return {-half_turn, half_turn};
  const double zero = m.qpos0[m.jnt_qposadr[joint]];
  return {m.jnt_range[2 * joint] - zero, m.jnt_range[2 * joint + 1] - zero};
}

glm::dvec3 axis_of(const Source& source, int joint) {
  return source.place(source.pose->xaxis + 3 * joint);
}

// Only hinges about the side axis are hinges of ours.
JointType our_type(const Source& source, int body, JointType type) {
  if (type != JointType::hinge) return type;
  const glm::dvec3 axis = axis_of(source, source.model->body_jntadr[body]);
  return std::abs(axis.z) > kSideways ? JointType::hinge : JointType::ball;
}

// The limits of a body's hinges, each on the axis it is nearest to; a little way where there is
// none.
void read_limits(const Source& source, int body, BodyJoint& joint) {
  constexpr float kLittle = 0.3f;
  const mjModel& m = *source.model;
  joint.limit_low = Vec3(-kLittle);
  joint.limit_high = Vec3(kLittle);
  if (joint.type == JointType::hinge) joint.limit_low = joint.limit_high = Vec3(0.0f);
  for (int k = 0; k < m.body_jntnum[body]; ++k) {
    const int j = m.body_jntadr[body] + k;
    if (m.jnt_type[j] != mjJNT_HINGE) continue;
    const glm::dvec3 axis = axis_of(source, j);
    const auto [low, high] = range_of(m, j);
    int nearest = 0;
    for (int a = 1; a < 3; ++a)
      if (std::abs(axis[a]) > std::abs(axis[nearest])) nearest = a;
    const bool turned = axis[nearest] < 0.0;
    joint.limit_low[nearest] = static_cast<float>(turned ? -high : low);
    joint.limit_high[nearest] = static_cast<float>(turned ? -low : high);
  }
}

// Torque limit and gain from the actuators of a body's joints.
void read_drive(const Source& source, int body, double mass, BodyJoint& joint) {
  const mjModel& m = *source.model;
  double torque = 0.0, gain = 0.0;
  for (int a = 0; a < m.nu; ++a) {
    if (m.actuator_trntype[a] != mjTRN_JOINT) continue;
    if (m.jnt_bodyid[m.actuator_trnid[2 * a]] != body) continue;
    const double gear = std::abs(m.actuator_gear[6 * a]);
    if (m.actuator_forcelimited[a] != 0)
      torque = std::max(torque, gear * m.actuator_forcerange[2 * a + 1]);
    const bool position = m.actuator_biastype[a] == mjBIAS_AFFINE;
    if (position)
      gain = std::max(gain, m.actuator_gainprm[mjNGAIN * a]);
    else if (m.actuator_ctrllimited[a] != 0)
      torque = std::max(torque,
                        gear * m.actuator_gainprm[mjNGAIN * a] * m.actuator_ctrlrange[2 * a + 1]);
  }
  constexpr auto kRatio = static_cast<double>(kGainPerTorque);
  if (torque <= 0.0) torque = gain > 0.0 ? gain / kRatio : kTorquePerMass * mass;
  if (gain <= 0.0) gain = kRatio * torque;
  joint.torque_limit_nm = static_cast<float>(torque);
  joint.kp_nm_per_rad = static_cast<float>(gain);
  joint.kd_nm_s_per_rad = kDampingShare * joint.kp_nm_per_rad;
}

double volume_of(const mjModel& m, int geom) {
  const double* s = m.geom_size + 3 * geom;
  switch (m.geom_type[geom]) {
    case mjGEOM_SPHERE:
      return 4.19 * s[0] * s[0] * s[0];
    case mjGEOM_CAPSULE:
    case mjGEOM_CYLINDER:
      return 6.28 * s[0] * s[0] * (s[1] + 0.67 * s[0]);
    case mjGEOM_ELLIPSOID:
      return 4.19 * s[0] * s[1] * s[2];
    case mjGEOM_BOX:
      return 8.0 * s[0] * s[1] * s[2];
    default:
      return 0.0;
  }
}

// The shape of a geometry in our terms: ours lie along Y, the engine's along Z.
void read_shape(const Source& source, int geom, const glm::dvec3& place, BodyJoint& joint) {
  const mjModel& m = *source.model;
  const double* s = m.geom_size + 3 * geom;
  double wxyz[4];
  mju_mat2Quat(wxyz, source.pose->geom_xmat + 9 * geom);
  glm::dquat turn = source.to_ours * from_wxyz(wxyz);
  joint.centre = Vec3(source.place(source.pose->geom_xpos + 3 * geom) - place);
  const glm::dvec3 half(s[0], s[1], s[2]);
  switch (m.geom_type[geom]) {
    case mjGEOM_CAPSULE:
    case mjGEOM_CYLINDER:
      joint.shape = Shape::capsule;
      joint.half_size = Vec3(half.x, std::max(half.y, kLeastHalfLength_m), 0.0);
      turn = turn * glm::angleAxis(0.5 * std::numbers::pi, glm::dvec3(1, 0, 0));
      break;
    case mjGEOM_BOX:
      joint.shape = Shape::box;
      joint.half_size = Vec3(half);
      break;
    case mjGEOM_ELLIPSOID:
      joint.half_size = Vec3(std::cbrt(half.x * half.y * half.z), 0.0, 0.0);
      break;
    default:
      joint.half_size = Vec3(half.x, 0.0, 0.0);
  }
  joint.shape_rotation = glm::normalize(Quat(turn));
}

Result<void> read_link(const Source& source, int body, const glm::dvec3& place, ReadBody& out,
                       BodyJoint& joint) {
  const mjModel& m = *source.model;
  joint.mass_kg = static_cast<float>(m.body_mass[body]);
  int best = -1, shapes = 0;
  for (int k = 0; k < m.body_geomnum[body]; ++k) {
    const int geom = m.body_geomadr[body] + k;
    if (volume_of(m, geom) <= 0.0) continue;
    ++shapes;
    if (best < 0 || volume_of(m, geom) > volume_of(m, best)) best = geom;
  }
  if (best < 0)
    return refuse("body '" + joint.name + "' has no sphere, capsule, box or like shape");
  if (shapes > 1)
    out.notes.push_back("body '" + joint.name + "': of its " + std::to_string(shapes) +
                        " shapes the largest is kept");
  read_shape(source, best, place, joint);
  return {};
}

// What branches is the trunk, tips are end effectors.
void weigh(BodyDesc& body) {
  for (std::size_t j = 0; j < body.joints.size(); ++j) {
    BodyJoint& joint = body.joints[j];
    const auto children = std::ranges::count_if(
        body.joints, [&](const BodyJoint& c) { return c.parent == static_cast<int>(j); });
    const bool head = joint.name.find("head") != std::string::npos;
    if (j == 0 || children > 1 || head) joint.part = Part::trunk;
    joint.end_effector = children == 0 && !head;
    joint.reward_weight = j == 0                           ? 1.0f
                          : joint.type == JointType::fixed ? 0.0f
                          : children == 0                  ? 0.2f
                                                           : 0.4f;
  }
}

void note_type(const Source& source, int body, JointType read, const BodyJoint& joint,
               ReadBody& out) {
  const int count = source.model->body_jntnum[body];
  if (joint.type == JointType::ball && count > 1)
    out.notes.push_back("body '" + joint.name + "': its " + std::to_string(count) +
                        " hinges became a ball joint");
  if (joint.type == JointType::ball && read == JointType::hinge)
    out.notes.push_back("body '" + joint.name +
                        "': its hinge, which is not about the side axis, became a ball joint");
}

// One body of the model as a joint of ours; `index` and `places` are those of the bodies before it.
Result<BodyJoint> read_joint(const Source& source, int body, int root,
                             const std::vector<int>& index, std::vector<glm::dvec3>& places,
                             ReadBody& out) {
  const mjModel& m = *source.model;
  const Result<JointType> type = type_of(source, body);
  if (!type) return type.error();
  BodyJoint joint;
  joint.name = source.name(mjOBJ_BODY, body, "body" + std::to_string(body));
  joint.type = our_type(source, body, *type);
  note_type(source, body, *type, joint, out);
  places.push_back(joint_place(source, body, *type));
  if (body != root) {
    joint.parent = index[static_cast<std::size_t>(m.body_parentid[body])];
    joint.attach = Vec3(places.back() - places[static_cast<std::size_t>(joint.parent)]);
  }
  if (joint.type == JointType::ball || joint.type == JointType::hinge) {
    read_limits(source, body, joint);
    read_drive(source, body, m.body_subtreemass[root], joint);
  }
  if (const Result<void> link = read_link(source, body, places.back(), out, joint); !link)
    return link.error();
  return joint;
}

}  // namespace

Result<ReadBody> read_mjcf_body(std::string_view xml, bool z_up) {
  const Result<Source> source = open(xml, z_up);
  if (!source) return source.error();
  const mjModel& m = *source->model;
  const Result<int> root = free_body(*source);
  if (!root) return root.error();
  ReadBody out;
  out.body.name = source->name(mjOBJ_BODY, *root, "mjcf");
  std::vector<int> index(static_cast<std::size_t>(m.nbody), -1);
  std::vector<glm::dvec3> places;
  for (int b = *root; b < m.nbody; ++b) {
    if (m.body_rootid[b] != *root) continue;
    Result<BodyJoint> joint = read_joint(*source, b, *root, index, places, out);
    if (!joint) return joint.error();
    index[static_cast<std::size_t>(b)] = static_cast<int>(out.body.joints.size());
    out.body.joints.push_back(std::move(*joint));
  }
  weigh(out.body);
  give_parts(out.body);
  return out;
}

}  // namespace canter::physics::detail
