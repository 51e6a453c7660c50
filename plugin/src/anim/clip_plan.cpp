// First stage of compression: what moves, and how much a rotation of each joint is felt.

#include <algorithm>
#include <cmath>

#include "anim/clip_encode.h"
#include "anim/eigen3.h"

namespace canter::detail {
namespace {

// Motion smaller than this share of the error bound counts as stillness.
constexpr float kStillShare = 0.1f;
// Beyond this sine of half the angle to the centre, sqrt(1 - |v|^2) loses too many digits.
constexpr float kMaxHalfSine = 0.94f;
// How far a translation or scale may be from the rest pose and still be "the rest pose".
constexpr float kRestTolerance = 1e-6f;

struct Range {
  Vec3 low{0.0f}, high{0.0f};
  float extent() const { return glm::length(high - low); }
  Vec3 middle() const { return 0.5f * (low + high); }
};

template <class Get>
Range range_over(const RawClip& raw, Get get) {
  Range r{get(0), get(0)};
  for (int f = 1; f < raw.num_frames(); ++f) {
    r.low = glm::min(r.low, get(f));
    r.high = glm::max(r.high, get(f));
  }
  return r;
}

Quat toward(const Quat& reference, const Quat& q) {
  return glm::dot(reference, q) < 0.0f ? -q : q;
}

// Middle of the rotations: the normalised sum, repeated so that the first frame's hemisphere does
// not decide.
Quat middle_rotation(const RawClip& raw, std::size_t joint) {
  Quat middle = raw.frame(0)[joint].rotation;
  for (int pass = 0; pass < 3; ++pass) {
    Quat sum(0, 0, 0, 0);
    for (int f = 0; f < raw.num_frames(); ++f) sum += toward(middle, raw.frame(f)[joint].rotation);
    if (!(glm::length(sum) > 1e-3f)) break;
    middle = glm::normalize(sum);
  }
  return middle;
}

float largest_half_sine(const RawClip& raw, std::size_t joint, const Quat& centre) {
  float largest = 0.0f;
  for (int f = 0; f < raw.num_frames(); ++f) {
    const Quat d = glm::conjugate(centre) * raw.frame(f)[joint].rotation;
    largest = std::max(largest, glm::length(Vec3(d.x, d.y, d.z)));
  }
  return largest;
}

// Distance to the farthest thing a rotation of the joint moves directly.
float nearest_lever(const Skeleton& skeleton, int joint, float shell_m) {
  float lever = shell_m;
  for (int c = joint + 1; c < skeleton.num_joints(); ++c)
    if (skeleton.parent(c) == joint)
      lever = std::max(lever,
                       glm::length(skeleton.rest_pose()[static_cast<std::size_t>(c)].translation));
  return lever;
}

// --- reach

struct Points {
  std::vector<Vec3> at;
  std::vector<float> weights;
};

// What turns rigidly with `joint`: its shell, the origins of its children, and everything rigidly
// attached to those.
void collect(const std::vector<JointPlan>& plans, const Skeleton& skeleton,
             const std::vector<std::vector<int>>& children, int joint, const Transform& placement,
             float shell_m, Points& points) {
  for (int axis = 0; axis < 3; ++axis) {
    Vec3 tip(0.0f);
    tip[axis] = shell_m;
    points.at.push_back(transform_point(placement, tip));
    points.weights.push_back(1.0f);
  }
  for (const int child : children[static_cast<std::size_t>(joint)]) {
    const JointPlan& plan = plans[static_cast<std::size_t>(child)];
    const Transform at = placement * plan.still;
    if (!plan.rotates) {
      collect(plans, skeleton, children, child, at, shell_m, points);
    } else if (!plan.translates) {
      // An animated translation makes up for its parent by itself.
      points.at.push_back(at.translation);
      points.weights.push_back(3.0f);
    }
  }
}

Mat3 cross_matrix(const Vec3& v) {
  return {Vec3(0, v.z, -v.y), Vec3(-v.z, 0, v.x), Vec3(v.y, -v.x, 0)};
}

JointReach reach_of(const Points& points) {
  // sum w (|p|^2 I - p p^T): how strongly displacements answer to a rotation.
  Mat3 inertia(0.0f);
  Vec3 moment(0.0f);
  for (std::size_t i = 0; i < points.at.size(); ++i) {
    const Vec3& p = points.at[i];
    inertia += points.weights[i] * (Mat3(glm::dot(p, p)) - glm::outerProduct(p, p));
    moment += points.weights[i] * p;
  }
  JointReach reach;
  // Least squares over the points of |e + w x p|^2 gives inertia * w = -sum weight p x e.
  reach.make_up = -1.0f * (glm::inverse(inertia) * cross_matrix(moment));
  reach.axes = eigenvectors(inertia);
  reach.levers = Vec3(0.0f);
  for (const Vec3& p : points.at)
    for (int k = 0; k < 3; ++k)
      reach.levers[k] = std::max(reach.levers[k], glm::length(glm::cross(reach.axes[k], p)));
  return reach;
}

}  // namespace

std::vector<JointPlan> plan_joints(const RawClip& raw, const Skeleton& skeleton,
                                   const CompressionSettings& settings) {
  std::vector<JointPlan> plans(static_cast<std::size_t>(raw.num_joints));
  const float still_m = kStillShare * settings.max_error_m;
  for (int joint = 0; joint < raw.num_joints; ++joint) {
    const auto j = static_cast<std::size_t>(joint);
    JointPlan& plan = plans[j];
    const Transform& rest = skeleton.rest_pose()[j];

    const Range translation = range_over(raw, [&](int f) { return raw.frame(f)[j].translation; });
    plan.translates = translation.extent() > still_m;
    plan.still.translation = translation.middle();
    plan.translation_is_rest =
        !plan.translates && glm::length(plan.still.translation - rest.translation) < kRestTolerance;
    if (plan.translation_is_rest) plan.still.translation = rest.translation;

    const Range scale = range_over(raw, [&](int f) { return raw.frame(f)[j].scale; });
    plan.scales = scale.extent() > kRestTolerance;
    plan.still.scale = scale.middle();
    plan.scale_is_rest =
        !plan.scales && glm::length(plan.still.scale - rest.scale) < kRestTolerance;
    if (plan.scale_is_rest) plan.still.scale = rest.scale;

    const Quat centre = unpack_rotation(pack_rotation(middle_rotation(raw, j)));
    const float half_sine = largest_half_sine(raw, j, centre);
    const float lever = nearest_lever(skeleton, joint, settings.shell_m);
    plan.rotates = 2.0f * half_sine * lever > still_m;
    plan.wide = half_sine > kMaxHalfSine;
    plan.still.rotation = centre;
    plan.rotation_is_rest =
        !plan.rotates && 2.0f * largest_half_sine(raw, j, rest.rotation) * lever < 0.5f * still_m;
    if (plan.rotation_is_rest) plan.still.rotation = rest.rotation;
  }
  return plans;
}

std::vector<JointReach> measure_reach(const std::vector<JointPlan>& plans, const Skeleton& skeleton,
                                      float shell_m) {
  std::vector<std::vector<int>> children(plans.size());
  for (int j = 0; j < skeleton.num_joints(); ++j)
    if (skeleton.parent(j) >= 0)
      children[static_cast<std::size_t>(skeleton.parent(j))].push_back(j);
  std::vector<JointReach> reach(plans.size());
  for (std::size_t j = 0; j < plans.size(); ++j) {
    if (!plans[j].rotates) continue;
    Points points;
    collect(plans, skeleton, children, static_cast<int>(j), Transform{}, shell_m, points);
    reach[j] = reach_of(points);
  }
  return reach;
}

}  // namespace canter::detail
