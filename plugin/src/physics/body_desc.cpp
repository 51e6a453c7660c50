#include "canter/physics/body_desc.h"

#include <cmath>
#include <set>

#include "canter/base/hash.h"

namespace canter::physics {
namespace {

Error refuse(const BodyJoint& joint, const std::string& what) {
  return {ErrorCode::bad_value, "joint '" + joint.name + "': " + what};
}

bool finite(const Vec3& v) {
  return std::isfinite(v.x) && std::isfinite(v.y) && std::isfinite(v.z);
}

Result<void> validate_tree(const BodyDesc& body, std::size_t index) {
  const BodyJoint& joint = body.joints[index];
  if (joint.name.empty())
    return Error{ErrorCode::bad_value, "joint " + std::to_string(index) + " has no name"};
  const bool is_root = joint.type == JointType::root;
  if (is_root != (index == 0))
    return refuse(joint, is_root ? "only the first joint may be the root"
                                 : "the first joint must be the root");
  if (is_root) return {};
  if (joint.parent < 0 || joint.parent >= static_cast<int>(index))
    return refuse(joint, "its parent is joint " + std::to_string(joint.parent) +
                             "; expected one before it, 0 to " + std::to_string(index - 1));
  return {};
}

// How many numbers of half_size a shape uses.
int num_sizes(Shape shape) {
  switch (shape) {
    case Shape::sphere:
      return 1;
    case Shape::capsule:
      return 2;
    case Shape::box:
      break;
  }
  return 3;
}

Result<void> validate_link(const BodyJoint& joint) {
  for (int a = 0; a < num_sizes(joint.shape); ++a)
    if (!(joint.half_size[a] > 0.0f && joint.half_size[a] < 100.0f))
      return refuse(joint, "half size " + std::to_string(joint.half_size[a]) +
                               " m; expected more than 0 and less than 100");
  if (!(joint.mass_kg > 0.0f && joint.mass_kg < 1e5f))
    return refuse(joint, "mass " + std::to_string(joint.mass_kg) +
                             " kg; expected more than 0 and less than 100000");
  const float turn = glm::length(joint.shape_rotation);
  if (!(std::abs(turn - 1.0f) < 1e-3f))
    return refuse(joint, "its shape's rotation is not of unit length");
  if (!finite(joint.attach) || !finite(joint.centre) || glm::length(joint.attach) > 100.0f ||
      glm::length(joint.centre) > 100.0f)
    return refuse(joint, "a place that is not finite or beyond 100 m");
  return {};
}

Result<void> validate_drive(const BodyJoint& joint) {
  const bool driven = joint.type == JointType::ball || joint.type == JointType::hinge;
  for (const float number : {joint.kp_nm_per_rad, joint.kd_nm_s_per_rad, joint.torque_limit_nm})
    if (!(number >= 0.0f && number < 1e6f) || (driven && number == 0.0f))
      return refuse(joint, "gains and torque limit must be " +
                               std::string(driven ? "above 0" : "0 or more") +
                               " and below a million; found " + std::to_string(number));
  if (!finite(joint.limit_low) || !finite(joint.limit_high))
    return refuse(joint, "a limit that is not finite");
  if (joint.type == JointType::hinge && !(joint.limit_low.z < joint.limit_high.z))
    return refuse(joint, "limits " + std::to_string(joint.limit_low.z) + " to " +
                             std::to_string(joint.limit_high.z) + " rad leave no range");
  if (!(joint.reward_weight >= 0.0f && joint.reward_weight < 1e6f))
    return refuse(joint,
                  "reward weight " + std::to_string(joint.reward_weight) + "; expected 0 or more");
  return {};
}

BodyJoint make(std::string name, JointType type, int parent, Vec3 attach) {
  BodyJoint joint;
  joint.name = std::move(name);
  joint.type = type;
  joint.parent = parent;
  joint.attach = attach;
  return joint;
}

// Torque limit and gain in N·m and N·m/rad; damping is a tenth of the gain on every joint of the
// published characters.
void drive(BodyJoint& joint, float torque_limit, float kp) {
  joint.torque_limit_nm = torque_limit;
  joint.kp_nm_per_rad = kp;
  joint.kd_nm_s_per_rad = 0.1f * kp;
}

void sphere(BodyJoint& joint, float radius, float mass, Vec3 centre) {
  joint.shape = Shape::sphere;
  joint.half_size = Vec3(radius, 0, 0);
  joint.mass_kg = mass;
  joint.centre = centre;
}

void capsule(BodyJoint& joint, float radius, float half_length, float mass, Vec3 centre) {
  joint.shape = Shape::capsule;
  joint.half_size = Vec3(radius, half_length, 0);
  joint.mass_kg = mass;
  joint.centre = centre;
}

void box(BodyJoint& joint, Vec3 half_size, float mass, Vec3 centre) {
  joint.shape = Shape::box;
  joint.half_size = half_size;
  joint.mass_kg = mass;
  joint.centre = centre;
}

void limits(BodyJoint& joint, Vec3 low, Vec3 high) {
  joint.limit_low = low;
  joint.limit_high = high;
}

void hinge_limits(BodyJoint& joint, float low, float high) {
  limits(joint, Vec3(0, 0, low), Vec3(0, 0, high));
}

// Hip, knee, ankle, shoulder, elbow and wrist of one side; z is +1 for the right.
void add_humanoid_side(BodyDesc& body, const std::string& side, float z) {
  const int first = static_cast<int>(body.joints.size());
  BodyJoint hip = make(side + "_hip", JointType::ball, 0, {0, 0, 0.084887f * z});
  drive(hip, 200, 500);
  capsule(hip, 0.055f, 0.15f, 4.5f, {0, -0.21f, 0});
  limits(hip, {-1.2f, -1, -1.57f}, {1.2f, 1, 2.57f});
  hip.reward_weight = 0.5f;

  BodyJoint knee = make(side + "_knee", JointType::hinge, first, {0, -0.421546f, 0});
  drive(knee, 150, 500);
  capsule(knee, 0.05f, 0.155f, 3, {0, -0.2f, 0});
  hinge_limits(knee, -3.14f, 0);
  knee.reward_weight = 0.3f;
  knee.key = true;

  BodyJoint ankle = make(side + "_ankle", JointType::ball, first + 1, {0, -0.40987f, 0});
  drive(ankle, 90, 400);
  box(ankle, {0.0885f, 0.0275f, 0.045f}, 1, {0.045f, -0.0225f, 0});
  limits(ankle, {-1, -1, -1.57f}, {1, 1, 1.57f});
  ankle.reward_weight = 0.2f;
  ankle.end_effector = ankle.key = true;
  ankle.part = Part::foot;

  BodyJoint shoulder =
      make(side + "_shoulder", JointType::ball, 1, {-0.02405f, 0.2435f, 0.18311f * z});
  drive(shoulder, 100, 400);
  capsule(shoulder, 0.045f, 0.09f, 1.5f, {0, -0.14f, 0});
  limits(shoulder, {z > 0 ? -3.14f : -0.5f, -1.5f, -0.7f}, {z > 0 ? 0.5f : 3.14f, 1.5f, 3.14f});
  shoulder.reward_weight = 0.3f;

  BodyJoint elbow = make(side + "_elbow", JointType::hinge, first + 3, {0, -0.274788f, 0});
  drive(elbow, 60, 300);
  capsule(elbow, 0.04f, 0.0675f, 1, {0, -0.12f, 0});
  hinge_limits(elbow, 0, 3.14f);
  elbow.reward_weight = 0.2f;
  elbow.key = true;

  BodyJoint wrist = make(side + "_wrist", JointType::fixed, first + 4, {0, -0.258947f, 0});
  sphere(wrist, 0.04f, 0.5f, Vec3(0.0f));
  wrist.end_effector = wrist.key = true;
  wrist.part = Part::hand;

  for (BodyJoint* joint : {&hip, &knee, &ankle, &shoulder, &elbow, &wrist})
    body.joints.push_back(std::move(*joint));
}

// The published dog has no ranges for its ball joints; a quarter turn either way scales actions.
void free_ball(BodyJoint& joint) {
  limits(joint, Vec3(-1.57f), Vec3(1.57f));
}

// A leg of the dog: two capsules and two boxes.
struct DogLeg {
  const char* names[4];
  Vec3 attach[4];
  float torque[4], kp[4];
  float radius[2], half_length[2];
  Vec3 box_half[2];
  Vec3 centre[4];
  float hinge_low, hinge_high;
  float weight[4];
};

void add_dog_leg(BodyDesc& body, const DogLeg& leg, const std::string& side, int parent) {
  const int first = static_cast<int>(body.joints.size());
  const float z = side == "right" ? 1.0f : -1.0f;
  const float masses[4] = {1.5f, 1.0f, 0.5f, 0.5f};
  for (int k = 0; k < 4; ++k) {
    const Vec3 attach = leg.attach[k] * Vec3(1, 1, z);
    BodyJoint joint = make(side + "_" + leg.names[k], k == 1 ? JointType::hinge : JointType::ball,
                           k == 0 ? parent : first + k - 1, attach);
    drive(joint, leg.torque[k], leg.kp[k]);
    if (k < 2)
      capsule(joint, leg.radius[k], leg.half_length[k], masses[k], leg.centre[k]);
    else
      box(joint, leg.box_half[k - 2], masses[k], leg.centre[k]);
    if (k == 1)
      hinge_limits(joint, leg.hinge_low, leg.hinge_high);
    else
      free_ball(joint);
    joint.reward_weight = leg.weight[k];
    joint.key = k == 1 || k == 3;
    joint.end_effector = k == 3;
    if (k == 3) joint.part = Part::foot;
    body.joints.push_back(std::move(joint));
  }
}

void add_dog_trunk(BodyDesc& body) {
  BodyJoint root = make("root", JointType::root, -1, Vec3(0.0f));
  sphere(root, 0.06f, 2, {0, -0.02f, 0});
  root.reward_weight = 1.0f;

  BodyJoint spine0 = make("spine0", JointType::ball, 0, Vec3(0.0f));
  drive(spine0, 200, 500);
  sphere(spine0, 0.08f, 3, {0.17f, -0.025f, 0});

  BodyJoint spine1 = make("spine1", JointType::ball, 1, {0.2375f, 0, 0});
  drive(spine1, 200, 500);
  sphere(spine1, 0.11f, 7, {0.17f, -0.04f, 0});
  spine1.key = true;

  BodyJoint neck = make("neck", JointType::ball, 2, {0.28135f, 0, 0});
  drive(neck, 80, 100);
  capsule(neck, 0.035f, 0.04f, 1, {0.075f, 0, 0});
  neck.shape_rotation = glm::angleAxis(-1.5708f, Vec3(0, 0, 1));

  BodyJoint head = make("head", JointType::ball, 3, {0.175f, 0, 0});
  drive(head, 50, 50);
  box(head, {0.06f, 0.095f, 0.05f}, 1.5f, {0.08f, -0.04f, 0});
  head.reward_weight = 0.4f;
  head.key = true;

  for (BodyJoint* joint : {&spine0, &spine1, &neck}) joint->reward_weight = 0.5f;
  for (BodyJoint* joint : {&spine0, &spine1, &neck, &head}) free_ball(*joint);
  for (BodyJoint* joint : {&root, &spine0, &spine1, &neck, &head}) {
    joint->part = Part::trunk;
    body.joints.push_back(std::move(*joint));
  }
}

void add_dog_tail(BodyDesc& body) {
  const int first = static_cast<int>(body.joints.size());
  BodyJoint tail0 = make("tail0", JointType::ball, 0, {-0.086f, 0, 0});
  drive(tail0, 50, 20);
  capsule(tail0, 0.025f, 0.07f, 0.5f, {-0.1f, 0, 0});
  tail0.reward_weight = 0.1f;
  BodyJoint tail1 = make("tail1", JointType::ball, first, {-0.2f, 0, 0});
  drive(tail1, 25, 10);
  capsule(tail1, 0.02f, 0.085f, 0.25f, {-0.11f, 0, 0});
  tail1.reward_weight = 0.05f;
  for (BodyJoint* joint : {&tail0, &tail1}) {
    free_ball(*joint);
    joint->shape_rotation = glm::angleAxis(1.5708f, Vec3(0, 0, 1));
    body.joints.push_back(std::move(*joint));
  }
}

}  // namespace

BodyDesc humanoid_body() {
  BodyDesc body;
  body.name = "humanoid3d";
  BodyJoint root = make("root", JointType::root, -1, Vec3(0.0f));
  sphere(root, 0.09f, 6, {0, 0.07f, 0});
  root.reward_weight = 1.0f;

  BodyJoint chest = make("chest", JointType::ball, 0, {0, 0.236151f, 0});
  drive(chest, 200, 1000);
  sphere(chest, 0.11f, 14, {0, 0.12f, 0});
  limits(chest, Vec3(-1.2f), Vec3(1.2f));
  chest.reward_weight = 0.5f;

  BodyJoint neck = make("neck", JointType::ball, 1, {0, 0.223894f, 0});
  drive(neck, 50, 100);
  sphere(neck, 0.1025f, 2, {0, 0.175f, 0});
  limits(neck, Vec3(-1.0f), Vec3(1.0f));
  neck.reward_weight = 0.3f;

  chest.key = neck.key = true;
  for (BodyJoint* joint : {&root, &chest, &neck}) {
    joint->part = Part::trunk;
    body.joints.push_back(std::move(*joint));
  }
  add_humanoid_side(body, "right", 1.0f);
  add_humanoid_side(body, "left", -1.0f);
  return body;
}

BodyDesc dog_body() {
  BodyDesc body;
  body.name = "dog3d";
  add_dog_trunk(body);
  const DogLeg fore{
      {"shoulder", "forearm", "hand", "finger"},
      {{0.304074f, -0.109983f, 0.106071f}, {0, -0.19f, 0}, {0, -0.2225f, 0}, {0, -0.09f, 0}},
      {150, 100, 80, 50},
      {200, 200, 100, 50},
      {0.04f, 0.03f},
      {0.06f, 0.105f},
      {{0.02f, 0.04f, 0.025f}, {0.04f, 0.02f, 0.025f}},
      {{0, -0.05f, 0}, {0, -0.08f, 0}, {0, -0.04f, 0}, {0.012f, -0.02f, 0}},
      0.0f,
      3.14f,
      {0.4f, 0.3f, 0.2f, 0.1f}};
  const DogLeg hind{
      {"upper_leg", "leg", "foot", "toe"},
      {{-0.074803f, -0.095825f, 0.05986f}, {0, -0.2f, 0}, {0, -0.225f, 0}, {0, -0.135f, 0}},
      {200, 150, 100, 50},
      {300, 200, 150, 80},
      {0.045f, 0.03f},
      {0.1f, 0.055f},
      {{0.025f, 0.1f, 0.025f}, {0.045f, 0.02f, 0.025f}},
      {{0, -0.055f, 0}, {0, -0.1f, 0}, {0, -0.03f, 0}, {0.015f, -0.02f, 0}},
      -3.14f,
      0.0f,
      {0.4f, 0.3f, 0.2f, 0.1f}};
  for (const char* side : {"left", "right"}) add_dog_leg(body, fore, side, 2);
  for (const char* side : {"left", "right"}) add_dog_leg(body, hind, side, 0);
  add_dog_tail(body);
  return body;
}

Result<void> validate(const BodyDesc& body) {
  if (body.joints.empty()) return Error{ErrorCode::bad_value, "a body without joints"};
  if (body.joints.size() > static_cast<std::size_t>(kMaxBodyJoints))
    return Error{ErrorCode::limit, "a body of " + std::to_string(body.joints.size()) +
                                       " joints; at most " + std::to_string(kMaxBodyJoints) +
                                       " can be simulated"};
  std::set<std::string> names;
  float weights = 0.0f;
  for (std::size_t i = 0; i < body.joints.size(); ++i) {
    const BodyJoint& joint = body.joints[i];
    if (auto tree = validate_tree(body, i); !tree) return tree;
    if (!names.insert(joint.name).second) return refuse(joint, "its name comes twice");
    if (auto link = validate_link(joint); !link) return link;
    if (auto gains = validate_drive(joint); !gains) return gains;
    weights += joint.reward_weight;
  }
  if (!(weights > 0.0f)) return Error{ErrorCode::bad_value, "all reward weights are 0"};
  return {};
}

int find_joint(const BodyDesc& body, std::string_view name) {
  for (std::size_t i = 0; i < body.joints.size(); ++i)
    if (body.joints[i].name == name) return static_cast<int>(i);
  return -1;
}

std::uint64_t body_hash(const BodyDesc& body) {
  std::string bytes;
  const auto add = [&](const auto& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  for (const BodyJoint& joint : body.joints) {
    bytes += joint.name;
    for (const int number :
         {static_cast<int>(joint.type), joint.parent, static_cast<int>(joint.shape)})
      add(number);
    for (const Vec3& v :
         {joint.attach, joint.limit_low, joint.limit_high, joint.half_size, joint.centre})
      add(v);
    add(joint.shape_rotation);
    for (const float number :
         {joint.mass_kg, joint.torque_limit_nm, joint.kp_nm_per_rad, joint.kd_nm_s_per_rad})
      add(number);
  }
  return hash_bytes(bytes.data(), bytes.size());
}

}  // namespace canter::physics
