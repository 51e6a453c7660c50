#include "canter/mimic/clip_task.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "canter/anim/joint_map.h"
#include "canter/anim/model_space.h"
#include "canter/anim/retarget.h"
#include "canter/mimic/clean.h"
#include "canter/physics/pose.h"

namespace canter::mimic {
namespace {

using physics::BodyDesc;
using physics::BodyJoint;
using physics::JointType;

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

// The shortest rotation between two unit vectors; none where they are opposite.
Quat arc(const Vec3& from, const Vec3& to) {
  const Quat twice(1.0f + glm::dot(from, to), glm::cross(from, to));
  return glm::length(twice) > 1e-4f ? glm::normalize(twice) : kIdentityRotation;
}

// A hinge between two bones.
struct Limb {
  std::size_t upper, hinge, end;
  float sign;        ///< of the hinge's range
  Vec2 plane{0.0f};  ///< where the clip's bends lead, in the upper joint's own X and Z
};

std::vector<Limb> limbs_of(const BodyDesc& body) {
  std::vector<Limb> limbs;
  for (std::size_t i = 0; i < body.joints.size(); ++i) {
    const BodyJoint& hinge = body.joints[i];
    const int end = child_of(body, static_cast<int>(i));
    if (hinge.type != JointType::hinge || hinge.parent < 0 || end < 0) continue;
    const auto above = static_cast<std::size_t>(hinge.parent);
    if (body.joints[above].type != JointType::ball) continue;
    const float sign = hinge.limit_low.z + hinge.limit_high.z < 0.0f ? -1.0f : 1.0f;
    limbs.push_back({above, i, static_cast<std::size_t>(end), sign});
  }
  return limbs;
}

// How a limb lies in a pose. In the zero pose both bones point along -Y.
struct Bend {
  Vec3 first, second;       ///< where the bones point
  float first_m, second_m;  ///< how long they are
  float angle;              ///< between them
  Vec3 across;              ///< where it leads, across the first bone; as long as its sine, or 1
                            ///< from a right angle on
  Vec3 x, z;                ///< of the upper joint, across the first bone
};

Bend bend_of(const Limb& limb, std::span<const Transform> models) {
  const Vec3 above = models[limb.hinge].translation - models[limb.upper].translation;
  const Vec3 below = models[limb.end].translation - models[limb.hinge].translation;
  Bend b;
  b.first_m = glm::length(above);
  b.second_m = glm::length(below);
  b.first = unit_or(above, Vec3(0, -1, 0));
  b.second = unit_or(below, b.first);
  b.across = b.second - glm::dot(b.second, b.first) * b.first;
  b.angle = std::atan2(glm::length(b.across), glm::dot(b.first, b.second));
  if (b.angle > glm::half_pi<float>()) b.across = unit_or(b.across, b.across);
  const Vec3 own = models[limb.upper].rotation * Vec3(1, 0, 0);
  b.x = unit_or(own - glm::dot(own, b.first) * b.first,
                glm::normalize(glm::cross(b.first, Vec3(0.6f, 0.0f, 0.8f))));
  b.z = glm::cross(b.first, b.x);
  return b;
}

// Model rotation of the joint above a hinge and the angle of the hinge.
struct Bent {
  Quat upper;
  float angle;
};

// The clip's plane holds where the limb is all but straight or bends the wrong way, for captured
// knees do both at every step and a plane of the moment would whirl; the moment's own holds where
// it bends clearly. The end stays where it is.
Bent bent(const Limb& limb, const Bend& b) {
  constexpr float kStraight = 0.15f, kClear = 0.5f, kDeep = 0.6f, kDeepest = 0.9f;
  const Vec3 usual =
      unit_or(limb.plane.x * b.x + limb.plane.y * b.z, b.x);  // a positive angle leads here
  const Vec3 now = limb.sign * b.across;
  const float decided = std::max(glm::smoothstep(kStraight, kClear, glm::dot(now, usual)),
                                 glm::smoothstep(kDeep, kDeepest, glm::length(b.across)));
  const Vec3 x = unit_or(glm::mix(usual, unit_or(now, usual), decided), usual);
  const float angle = limb.sign * b.angle;
  const Vec3 second = std::cos(angle) * b.first + std::sin(angle) * x;
  const Vec3 wanted = b.first_m * b.first + b.second_m * b.second;
  const Vec3 reached = b.first_m * b.first + b.second_m * second;
  const Quat onto_end = arc(unit_or(reached, b.first), unit_or(wanted, b.first));
  return {glm::normalize(onto_end * glm::quat_cast(Mat3(x, -b.first, glm::cross(b.first, x)))),
          angle};
}

void bend_pose(const Skeleton& skeleton, const std::vector<Limb>& limbs,
               std::span<Transform> locals, std::span<Transform> models) {
  model_transforms(skeleton, locals, models);
  std::vector<Quat> turned(locals.size());
  for (std::size_t i = 0; i < locals.size(); ++i) turned[i] = models[i].rotation;
  for (const Limb& limb : limbs) {
    const Bent to = bent(limb, bend_of(limb, models));
    turned[limb.upper] = to.upper;
    turned[limb.hinge] = to.upper * glm::angleAxis(to.angle, Vec3(0, 0, 1));
  }
  for (std::size_t i = 0; i < locals.size(); ++i) {
    const int parent = skeleton.parent(static_cast<int>(i));
    locals[i].rotation =
        parent < 0
            ? turned[i]
            : glm::normalize(glm::conjugate(turned[static_cast<std::size_t>(parent)]) * turned[i]);
  }
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
  bend_at_hinges(body, target, *carried);
  return carried;
}

Result<void> clean(BodyClip& fitted) {
  const Result<physics::Model> model = physics::make_model(fitted.body);
  if (!model) return model.error();
  Result<CleanedClip> cleaned = clean_clip(*model, fitted.skeleton, fitted.clip);
  if (!cleaned) return cleaned.error();
  fitted.skeleton = std::move(cleaned->skeleton);
  fitted.clip = std::move(cleaned->clip);
  return {};
}

}  // namespace

void bend_at_hinges(const BodyDesc& body, const Skeleton& skeleton, RawClip& clip) {
  std::vector<Limb> limbs = limbs_of(body);
  std::vector<Transform> models(static_cast<std::size_t>(skeleton.num_joints()));
  for (int f = 0; f < clip.num_frames(); ++f) {
    model_transforms(skeleton, clip.frame(f), models);
    for (Limb& limb : limbs) {
      const Bend b = bend_of(limb, models);
      const float weight = limb.sign * glm::length(b.across);  // deep bends know their plane
      limb.plane += weight * Vec2(glm::dot(b.across, b.x), glm::dot(b.across, b.z));
    }
  }
  for (int f = 0; f < clip.num_frames(); ++f) bend_pose(skeleton, limbs, clip.frame(f), models);
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
  if (fitted->retargeted)
    if (const Result<void> done = clean(*fitted); !done)
      return Error{done.error().code, name + ": " + done.error().message};
  options.fall = fall_set_for(name);
  Result<Task> task = make_task(fitted->body, fitted->skeleton, fitted->clip, options);
  if (!task) return Error{task.error().code, name + ": " + task.error().message};
  return ClipTask{std::move(fitted->body), fitted->retargeted, std::move(*task)};
}

}  // namespace canter::mimic
