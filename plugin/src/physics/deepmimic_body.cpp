// Character files of DeepMimic (Peng et al. 2018): a tree of joints with a shape each, as JSON.
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "physics/read_body.h"

namespace canter::physics::detail {
namespace {

using Json = nlohmann::json;

/// Range that scales the actions of a ball joint without limits of its own, rad.
constexpr float kQuarterTurn = 1.57f;

Error refuse(const std::string& what) {
  return {ErrorCode::bad_value, what};
}

std::string shown(const Json& value) {
  return value.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 40);
}

// Reads keys of one object; the first thing wrong is kept.
class Reader {
 public:
  Reader(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) fail("expected an object");
  }
  void fail(const std::string& what) {
    if (!error_) error_ = refuse(place_ + ": " + what);
  }
  const std::optional<Error>& error() const { return error_; }

  float number(const std::string& key, std::optional<float> otherwise = {}) {
    const Json* value = find(key, otherwise.has_value());
    if (value == nullptr) return otherwise.value_or(0.0f);
    const double x = value->is_number() ? value->get<double>() : std::nan("");
    if (!(std::abs(x) <= 1e6)) {
      fail("\"" + key + "\" is " + shown(*value) + "; expected a number within a million");
      return 0.0f;
    }
    return static_cast<float>(x);
  }
  std::string text(const std::string& key) {
    const Json* value = find(key, false);
    if (value == nullptr) return {};
    if (!value->is_string()) {
      fail("\"" + key + "\" is " + shown(*value) + "; expected a text");
      return {};
    }
    return value->get<std::string>();
  }
  Vec3 xyz(const std::string& prefix) {
    return {number(prefix + "X", 0.0f), number(prefix + "Y", 0.0f), number(prefix + "Z", 0.0f)};
  }

 private:
  const Json* find(const std::string& key, bool optional) {
    if (error_) return nullptr;
    const auto it = object_.find(key);
    if (it != object_.end()) return &*it;
    if (!optional) fail("lacks \"" + key + "\"");
    return nullptr;
  }

  const Json& object_;
  std::string place_;
  std::optional<Error> error_;
};

// Rotations about x, then y, then z.
Quat turn_of(const Vec3& theta) {
  return glm::angleAxis(theta.z, Vec3(0, 0, 1)) * glm::angleAxis(theta.y, Vec3(0, 1, 0)) *
         glm::angleAxis(theta.x, Vec3(1, 0, 0));
}

void read_type(Reader& in, bool first, BodyJoint& joint) {
  const std::string type = in.text("Type");
  if (first && type == "none")
    joint.type = JointType::root;
  else if (type == "spherical")
    joint.type = JointType::ball;
  else if (type == "revolute")
    joint.type = JointType::hinge;
  else if (type == "fixed")
    joint.type = JointType::fixed;
  else
    in.fail("\"Type\" is \"" + type.substr(0, 40) + "\"; expected " +
            (first ? "\"none\"" : "\"spherical\", \"revolute\" or \"fixed\""));
}

// A range whose low is above its high means none.
void read_limits(Reader& in, BodyJoint& joint) {
  if (joint.type != JointType::ball && joint.type != JointType::hinge) return;
  const bool hinge = joint.type == JointType::hinge;
  for (int a = 0; a < (hinge ? 1 : 3); ++a) {
    const std::string axis = std::to_string(a);
    float low = in.number("LimLow" + axis, 1.0f), high = in.number("LimHigh" + axis, 0.0f);
    if (low > high) {
      high = hinge ? kPi : kQuarterTurn;
      low = -high;
    }
    joint.limit_low[hinge ? 2 : a] = low;
    joint.limit_high[hinge ? 2 : a] = high;
  }
}

Result<BodyJoint> read_joint(const Json& object, std::size_t index) {
  BodyJoint joint;
  Reader in(object, "joint " + std::to_string(index));
  joint.name = in.text("Name");
  read_type(in, index == 0, joint);
  const float parent = in.number("Parent", -1.0f);
  if (!in.error() && (parent != std::floor(parent) || parent < (index == 0 ? -1.0f : 0.0f) ||
                      parent >= static_cast<float>(index)))
    in.fail("\"Parent\" is " + std::to_string(parent) +
            "; expected the number of an earlier joint (-1 for the first)");
  joint.parent = static_cast<int>(parent);
  // Where the root is attached says where the character stands, not what it is.
  if (index != 0) joint.attach = in.xyz("Attach");
  if (in.xyz("AttachTheta") != Vec3(0.0f) && index != 0)
    in.fail(
        "its frame is turned (\"AttachTheta…\"); only frames aligned with the world's are "
        "supported");
  read_limits(in, joint);
  joint.torque_limit_nm = in.number("TorqueLim", 0.0f);
  joint.end_effector = in.number("IsEndEffector", 0.0f) != 0.0f;
  joint.reward_weight = in.number("DiffWeight", 1.0f);
  if (in.error()) return *in.error();
  return joint;
}

Result<void> read_link(const Json& object, BodyJoint& joint) {
  Reader in(object, "body of joint '" + joint.name + "'");
  const std::string shape = in.text("Shape");
  // Diameters, lengths and widths: ours are halves of them.
  const Vec3 half =
      0.5f * Vec3(in.number("Param0"), in.number("Param1", 0.0f), in.number("Param2", 0.0f));
  if (shape == "sphere") {
    joint.shape = Shape::sphere;
    joint.half_size = Vec3(half.x, 0.0f, 0.0f);
  } else if (shape == "capsule") {
    joint.shape = Shape::capsule;
    joint.half_size = Vec3(half.x, half.y, 0.0f);
  } else if (shape == "box") {
    joint.shape = Shape::box;
    joint.half_size = half;
  } else {
    in.fail("\"Shape\" is \"" + shape.substr(0, 40) +
            "\"; expected \"sphere\", \"capsule\" or \"box\"");
  }
  joint.mass_kg = in.number("Mass");
  joint.centre = in.xyz("Attach");
  joint.shape_rotation = turn_of(in.xyz("AttachTheta"));
  if (in.number("EnableFallContact", 0.0f) != 0.0f) joint.part = Part::trunk;
  if (in.error()) return *in.error();
  return {};
}

Result<Json> parse(std::string_view text, const char* what) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object())
    return Error{ErrorCode::bad_format, std::string(what) + ": not a JSON object"};
  return json;
}

// A list in an object, by the names on the way to it.
Result<const Json*> list_of(const Json& root, std::initializer_list<const char*> path,
                            std::size_t size) {
  const Json* at = &root;
  std::string names;
  for (const char* name : path) {
    names += (names.empty() ? "\"" : "/\"") + std::string(name) + "\"";
    const auto found = at->is_object() ? at->find(name) : at->end();
    if (!at->is_object() || found == at->end())
      return Error{ErrorCode::bad_format, "lacks " + names};
    at = &*found;
  }
  if (!at->is_array() || at->empty() || (size != 0 && at->size() != size))
    return refuse(names + " is " +
                  (at->is_array() ? "a list of " + std::to_string(at->size()) : "no list") +
                  "; expected " +
                  (size == 0 ? "a list of joints" : std::to_string(size) + ", one per joint"));
  return at;
}

void default_gains(BodyJoint& joint) {
  joint.kp_nm_per_rad = kGainPerTorque * joint.torque_limit_nm;
  joint.kd_nm_s_per_rad = kDampingShare * joint.kp_nm_per_rad;
}

Result<void> read_gains(std::string_view text, BodyDesc& body) {
  const Result<Json> root = parse(text, "controller");
  if (!root) return root.error();
  const Result<const Json*> list = list_of(*root, {"PDControllers"}, body.joints.size());
  if (!list) return Error{list.error().code, "controller: " + list.error().message};
  for (std::size_t i = 0; i < body.joints.size(); ++i) {
    BodyJoint& joint = body.joints[i];
    Reader in((**list)[i], "controller of joint '" + joint.name + "'");
    const bool driven = joint.type == JointType::ball || joint.type == JointType::hinge;
    const float kp = in.number("Kp"), kd = in.number("Kd");
    if (in.error()) return *in.error();
    joint.kp_nm_per_rad = driven ? kp : 0.0f;
    joint.kd_nm_s_per_rad = driven ? kd : 0.0f;
  }
  return {};
}

}  // namespace

Result<ReadBody> read_deepmimic_body(std::string_view text, std::string_view controller) {
  const Result<Json> root = parse(text, "character");
  if (!root) return root.error();
  const Result<const Json*> joints = list_of(*root, {"Skeleton", "Joints"}, 0);
  if (!joints) return joints.error();
  const std::size_t count = (*joints)->size();
  if (count > static_cast<std::size_t>(kMaxBodyJoints))
    return Error{ErrorCode::limit, std::to_string(count) + " joints; at most " +
                                       std::to_string(kMaxBodyJoints) + " can be simulated"};
  const Result<const Json*> links = list_of(*root, {"BodyDefs"}, count);
  if (!links) return links.error();
  ReadBody out;
  out.body.name = "character";
  for (std::size_t i = 0; i < count; ++i) {
    Result<BodyJoint> joint = read_joint((**joints)[i], i);
    if (!joint) return joint.error();
    if (const Result<void> link = read_link((**links)[i], *joint); !link) return link.error();
    if (joint->type == JointType::ball || joint->type == JointType::hinge) default_gains(*joint);
    out.body.joints.push_back(std::move(*joint));
  }
  if (controller.empty())
    out.notes.emplace_back("gains are guessed from the torque limits: no controller file");
  else if (const Result<void> gains = read_gains(controller, out.body); !gains)
    return gains.error();
  give_parts(out.body);
  return out;
}

}  // namespace canter::physics::detail
