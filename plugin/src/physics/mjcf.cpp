#include "physics/mjcf.h"

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <vector>

#include "physics/model_data.h"

namespace canter::physics::detail {
namespace {

/// Room for contacts: every link of a body that lies down, with four corners each.
constexpr int kMaxContacts = 64;
/// A contact has four rows with a pyramid of friction.
constexpr int kRowsPerContact = 4;
/// Doubles of the engine's stack: the solver's matrices and the rows' products.
constexpr int kStackDoubles = 120000;

class Text {
 public:
  [[gnu::format(printf, 2, 3)]] void add(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    char line[512];
    std::vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    text_ += line;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

double wide(float x) {
  return static_cast<double>(x);
}

void write_options(Text& out, const BodyDesc& body, const ModelOptions& options) {
  out.add("<mujoco><compiler angle='radian' coordinate='local' boundmass='0'/>\n");
  out.add(
      "<option timestep='%.17g' gravity='0 %.17g 0' integrator='Euler' solver='Newton' "
      "cone='pyramidal' jacobian='dense' iterations='50' tolerance='1e-8'/>\n",
      1.0 / options.rate_hz, -options.gravity_m_s2);
  const int num_limits = static_cast<int>(body.joints.size());
  out.add("<size njmax='%d' nconmax='%d' nstack='%d'/>\n",
          kRowsPerContact * kMaxContacts + num_limits, kMaxContacts, kStackDoubles);
  // The gap lets contacts be listed within a millimetre that do not push yet.
  out.add(
      "<default><geom condim='3' friction='%.9g 0.005 0.0001' margin='%.9g' gap='%.9g' "
      "solref='%.17g 1'/></default>\n",
      wide(options.ground.friction), kTouch_m, kTouch_m, options.contact_time_s);
}

// Bits: what can touch the ground has 1 in contype; what can be touched, in conaffinity.
void write_ground(Text& out, const ModelOptions& options) {
  const double slope = wide(options.ground.slope_rad);
  out.add(
      "<geom name='ground' type='plane' size='0 0 1' zaxis='%.17g %.17g 0' contype='0' "
      "conaffinity='1'/>\n",
      -std::sin(slope), std::cos(slope));
  const double run = wide(options.ground.step_run_m);
  for (int i = 0; i < options.ground.num_steps; ++i) {
    const bool last = i + 1 == options.ground.num_steps;
    const double depth = last ? 10.0 : run;
    const double from = wide(options.ground.step_start_m) + i * run;
    const double half_height = 0.5 * (i + 1) * wide(options.ground.step_rise_m);
    out.add(
        "<geom name='ground_step%d' type='box' size='%.9g %.9g 5' pos='%.9g %.9g 0' "
        "contype='0' conaffinity='1'/>\n",
        i, 0.5 * depth, half_height, from + 0.5 * depth, half_height);
  }
}

void write_joint(Text& out, const BodyJoint& joint) {
  switch (joint.type) {
    case JointType::root:
      out.add("<freejoint name='%s'/>\n", joint.name.c_str());
      break;
    case JointType::ball:
      out.add("<joint name='%s' type='ball'/>\n", joint.name.c_str());
      break;
    case JointType::hinge:
      out.add("<joint name='%s' type='hinge' axis='0 0 1' limited='true' range='%.9g %.9g'/>\n",
              joint.name.c_str(), wide(joint.limit_low.z), wide(joint.limit_high.z));
      break;
    case JointType::fixed:
      break;
  }
}

void write_link(Text& out, const BodyJoint& joint, bool self_collision) {
  const glm::dvec3 half(joint.half_size);
  // The engine's capsules lie along Z, ours along Y.
  const Quat to_y = glm::angleAxis(-0.5f * kPi, Vec3(1, 0, 0));
  const Quat turn = glm::normalize(joint.shape_rotation *
                                   (joint.shape == Shape::capsule ? to_y : kIdentityRotation));
  const char* names[] = {"sphere", "capsule", "box"};
  out.add(
      "<geom name='%s' type='%s' size='%.9g %.9g %.9g' pos='%.9g %.9g %.9g' "
      "quat='%.9g %.9g %.9g %.9g' mass='%.9g' contype='1' conaffinity='%d'/>\n",
      joint.name.c_str(), names[static_cast<int>(joint.shape)], half.x, half.y, half.z,
      wide(joint.centre.x), wide(joint.centre.y), wide(joint.centre.z), wide(turn.w), wide(turn.x),
      wide(turn.y), wide(turn.z), wide(joint.mass_kg), self_collision ? 1 : 0);
}

void write_subtree(Text& out, const BodyDesc& body, int index, bool self_collision) {
  const BodyJoint& joint = body.joints[static_cast<std::size_t>(index)];
  const Vec3 attach = index == 0 ? Vec3(0.0f) : joint.attach;
  out.add("<body name='%s' pos='%.9g %.9g %.9g'>\n", joint.name.c_str(), wide(attach.x),
          wide(attach.y), wide(attach.z));
  write_joint(out, joint);
  write_link(out, joint, self_collision);
  for (std::size_t child = 0; child < body.joints.size(); ++child)
    if (body.joints[child].parent == index)
      write_subtree(out, body, static_cast<int>(child), self_collision);
  out.add("</body>\n");
}

void write_boxes(Text& out, int num_boxes) {
  const double mass = kBoxDensity_kg_m3 * kBoxWidth_m * kBoxWidth_m * kBoxWidth_m;
  for (int i = 0; i < num_boxes; ++i)
    out.add(
        "<body name='box%d' pos='%d %.9g 0'><freejoint/><geom name='box%d' type='box' "
        "size='%.9g %.9g %.9g' mass='%.9g' contype='1' conaffinity='1'/></body>\n",
        i, i, kBoxShelf_m, i, 0.5 * kBoxWidth_m, 0.5 * kBoxWidth_m, 0.5 * kBoxWidth_m, mass);
}

}  // namespace

std::string write_mjcf(const BodyDesc& body, const ModelOptions& options) {
  Text out;
  write_options(out, body, options);
  out.add("<worldbody>\n");
  write_ground(out, options);
  write_subtree(out, body, 0, options.self_collision);
  write_boxes(out, options.num_boxes);
  out.add("</worldbody></mujoco>\n");
  return out.take();
}

}  // namespace canter::physics::detail
