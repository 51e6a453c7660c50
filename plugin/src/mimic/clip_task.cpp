#include "canter/mimic/clip_task.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "canter/anim/joint_map.h"
#include "canter/anim/model_space.h"
#include "canter/anim/retarget.h"
#include "canter/physics/pose.h"

namespace canter::mimic {
namespace {

using physics::BodyDesc;
using physics::BodyJoint;
using physics::JointType;

// Limbs bent by less than the sine of this keep the plane they have; above, by twice as much, the
// plane of the bend decides alone.
constexpr float kStraight = 0.03f;

std::vector<std::string> missing_joints(const BodyDesc& body, const Skeleton& skeleton) {
  std::vector<std::string> missing;
  for (const BodyJoint& joint : body.joints)
    if (joint.type != JointType::fixed && skeleton.find(joint.name) < 0)
      missing.push_back(joint.name);
  return missing;
}

// Index of the first joint that hangs on `joint`, or -1.
int child_of(const BodyDesc& body, int joint) {
  for (std::size_t i = 0; i < body.joints.size(); ++i)
    if (body.joints[i].parent == joint) return static_cast<int>(i);
  return -1;
}

Vec3 unit_or(const Vec3& v, const Vec3& otherwise) {
  const float length = glm::length(v);
  return length > 1e-6f ? v / length : otherwise;
}

// Model rotation of the joint above a hinge and the angle of the hinge, from where the two bones
// point. In the zero pose both bones point along -Y.
struct Bend {
  Quat upper = kIdentityRotation;
  float angle = 0.0f;
};

Bend bend_limb(const Quat& upper, const Vec3& first, const Vec3& second, float sign) {
  const Vec3 across = second - glm::dot(second, first) * first;
  const Vec3 down = -first;
  // A positive angle brings the lower bone towards +X.
  const Vec3 own = unit_or(upper * Vec3(1, 0, 0) - glm::dot(upper * Vec3(1, 0, 0), down) * down,
                           glm::normalize(glm::cross(down, Vec3(0.6f, 0.0f, 0.8f))));
  const float decided = glm::smoothstep(kStraight, 2.0f * kStraight, glm::length(across));
  const Vec3 x = unit_or(glm::mix(own, sign * unit_or(across, sign * own), decided), own);
  const Mat3 axes(x, down, glm::cross(x, down));
  const float angle = std::atan2(glm::length(across), glm::dot(first, second));
  return {glm::normalize(glm::quat_cast(axes)), sign * angle};
}

// The first few of some names.
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMost) text += " and " + std::to_string(names.size() - kMost) + " more";
  return text.empty() ? "nothing" : text;
}

Error does_not_fit(const BodyDesc& body, const Skeleton& skeleton, const std::string& name) {
  return {ErrorCode::unsupported, name + ": does not fit the body " + body.name + ": its " +
                                      std::to_string(skeleton.num_joints()) + " joints lack " +
                                      listed(missing_joints(body, skeleton)) +
                                      "; and to be a person they lack " +
                                      listed(map_joints(skeleton).missing)};
}

Result<RawClip> carry_onto(const BodyDesc& body, const Skeleton& target, const Skeleton& skeleton,
                           const RawClip& clip) {
  auto carried = retarget(skeleton, clip, target);
  if (!carried) return carried;
  for (int i = 0; i < carried->num_frames(); ++i) bend_at_hinges(body, target, carried->frame(i));
  return carried;
}

}  // namespace

void bend_at_hinges(const BodyDesc& body, const Skeleton& skeleton, std::span<Transform> locals) {
  std::vector<Transform> models(locals.size());
  model_transforms(skeleton, locals, models);
  std::vector<Quat> turned(locals.size());
  for (std::size_t i = 0; i < locals.size(); ++i) turned[i] = models[i].rotation;

  for (std::size_t i = 0; i < body.joints.size(); ++i) {
    const BodyJoint& hinge = body.joints[i];
    const int end = child_of(body, static_cast<int>(i));
    if (hinge.type != JointType::hinge || hinge.parent < 0 || end < 0) continue;
    const auto above = static_cast<std::size_t>(hinge.parent);
    if (body.joints[above].type != JointType::ball) continue;
    const auto place = [&](std::size_t joint) { return models[joint].translation; };
    const Vec3 first = unit_or(place(i) - place(above), Vec3(0, -1, 0));
    const Vec3 second = unit_or(place(static_cast<std::size_t>(end)) - place(i), first);
    const float sign = hinge.limit_low.z + hinge.limit_high.z < 0.0f ? -1.0f : 1.0f;
    const Bend bend = bend_limb(turned[above], first, second, sign);
    turned[above] = bend.upper;
    turned[i] = bend.upper * glm::angleAxis(bend.angle, Vec3(0, 0, 1));
  }
  for (std::size_t i = 0; i < locals.size(); ++i) {
    const int parent = skeleton.parent(static_cast<int>(i));
    locals[i].rotation =
        parent < 0
            ? turned[i]
            : glm::normalize(glm::conjugate(turned[static_cast<std::size_t>(parent)]) * turned[i]);
  }
}

Result<BodyClip> fit_clip(const BodyDesc& body, const Skeleton& skeleton, const RawClip& clip,
                          const std::string& name) {
  if (missing_joints(body, skeleton).empty()) return BodyClip{body, skeleton, clip, false};
  Result<Skeleton> target = physics::body_skeleton(body);
  if (!target) return target.error();
  if (!map_joints(skeleton).is_humanoid() || !map_joints(*target).is_humanoid())
    return does_not_fit(body, skeleton, name);
  Result<RawClip> carried = carry_onto(body, *target, skeleton, clip);
  if (!carried) return Error{carried.error().code, name + ": " + carried.error().message};
  return BodyClip{body, std::move(*target), std::move(*carried), true};
}

Result<BodyClip> fit_clip(const Skeleton& skeleton, const RawClip& clip, const std::string& name) {
  const BodyDesc dog = physics::dog_body();
  return fit_clip(missing_joints(dog, skeleton).empty() ? dog : physics::humanoid_body(), skeleton,
                  clip, name);
}

Result<ClipTask> make_clip_task(const Skeleton& skeleton, const RawClip& clip,
                                const std::string& name, TaskOptions options) {
  Result<BodyClip> fitted = fit_clip(skeleton, clip, name);
  if (!fitted) return fitted.error();
  options.fall = fall_set_for(name);
  Result<Task> task = make_task(fitted->body, fitted->skeleton, fitted->clip, options);
  if (!task) return Error{task.error().code, name + ": " + task.error().message};
  return ClipTask{std::move(fitted->body), fitted->retargeted, std::move(*task)};
}

}  // namespace canter::mimic
