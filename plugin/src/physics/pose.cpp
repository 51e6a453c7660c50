#include "canter/physics/pose.h"

#include <cassert>
#include <cmath>

#include "canter/physics/quat_order.h"
#include "physics/model_data.h"

namespace canter::physics {
namespace {

// Where the zero pose's root must be for the lowest link to touch y = 0.
float standing_height(const BodyDesc& body, const SkeletonDesc& desc) {
  float lowest = 0.0f;
  std::vector<Vec3> places(body.joints.size(), Vec3(0.0f));
  for (std::size_t j = 0; j < body.joints.size(); ++j) {
    const BodyJoint& joint = body.joints[j];
    if (joint.parent >= 0)
      places[j] = places[static_cast<std::size_t>(joint.parent)] + desc.joints[j].rest.translation;
    const float reach = joint.shape == Shape::capsule ? joint.half_size.x + joint.half_size.y
                        : joint.shape == Shape::box   ? joint.half_size.y
                                                      : joint.half_size.x;
    lowest = std::min(lowest, places[j].y + joint.centre.y - reach);
  }
  return -lowest;
}

Transform local_transform(const Model& model, std::size_t j, std::span<const double> positions) {
  const JointIndex& index = model.joints()[j];
  const double* p = positions.data() + index.position;
  Transform local;
  if (index.type == JointType::root) {
    local.translation = Vec3(load3(p));
    local.rotation = Quat(from_wxyz(p + 3));
    return local;
  }
  local.translation = model.body().joints[j].attach;
  if (index.type == JointType::ball) local.rotation = Quat(from_wxyz(p));
  if (index.type == JointType::hinge) {
    const auto half = static_cast<float>(0.5 * *p);
    local.rotation = Quat(std::cos(half), 0.0f, 0.0f, std::sin(half));
  }
  return local;
}

}  // namespace

Result<Skeleton> body_skeleton(const BodyDesc& body) {
  if (const Result<void> valid = validate(body); !valid) return valid.error();
  SkeletonDesc desc;
  std::vector<bool> has_child(body.joints.size(), false);
  for (const BodyJoint& joint : body.joints) {
    Transform rest;
    if (joint.parent >= 0) {
      rest.translation = joint.attach;
      has_child[static_cast<std::size_t>(joint.parent)] = true;
    }
    desc.joints.push_back({joint.name, joint.parent, rest});
  }
  for (std::size_t j = 0; j < body.joints.size(); ++j)
    if (!has_child[j])
      desc.end_sites.push_back({static_cast<int>(j), 2.0f * body.joints[j].centre});
  desc.joints[0].rest.translation.y = standing_height(body, desc);
  return make_skeleton(desc);
}

void write_pose(const Model& model, std::span<const double> positions, PoseView out) {
  assert(out.num_joints == model.num_joints());
  for (int j = 0; j < out.num_joints; ++j)
    out.set(j, local_transform(model, static_cast<std::size_t>(j), positions));
}

void write_pose(const Model& model, std::span<const double> positions, std::span<Transform> out) {
  assert(out.size() >= model.joints().size());
  for (std::size_t j = 0; j < model.joints().size(); ++j)
    out[j] = local_transform(model, j, positions);
}

}  // namespace canter::physics
