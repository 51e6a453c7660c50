#include "canter/anim/ik.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "anim/rotations.h"
#include "canter/anim/model_space.h"

namespace canter {
namespace {

using detail::any_perpendicular;
using detail::is_finite;
using detail::nlerp;
using detail::normalize_or;
using detail::perpendicular_or;
using detail::shortest_arc;

const Mat4& matrix_of(std::span<const Mat4> models, int joint) {
  return models[static_cast<std::size_t>(joint)];
}
Vec3 position_of(std::span<const Mat4> models, int joint) {
  return Vec3(matrix_of(models, joint)[3]);
}

// Below this bend (sine of the angle at the mid joint) the plane of the limb fades into noise.
constexpr float kStraightSine = 0.02f;

// Normal of the plane through a limb. Where it is straight, `hint` (unit or zero) takes over.
Vec3 bend_normal(const Vec3& upper, const Vec3& lower, const Vec3& hint) {
  const Vec3 cross = glm::cross(upper, lower);
  return cross + hint * (kStraightSine * glm::length(upper) * glm::length(lower));
}

// Rotation that carries one pair of (direction, plane normal) to another.
Quat turn_between(const Vec3& direction, const Vec3& normal, const Vec3& new_direction,
                  const Vec3& new_normal) {
  const Vec3 from = normalize_or(direction, Vec3(1.0f, 0.0f, 0.0f));
  const Vec3 to = normalize_or(new_direction, from);
  const Vec3 y_from = perpendicular_or(normal, from, any_perpendicular(from));
  const Vec3 y_to = perpendicular_or(new_normal, to, shortest_arc(from, to) * y_from);
  return glm::normalize(detail::rotation_from_axes(to, y_to) *
                        glm::conjugate(detail::rotation_from_axes(from, y_from)));
}

// Angle about `axis` that brings `up` into the plane of `sight` and `pole`, on the pole's side: the
// side direction r = up x sight must become level, dot(R r, pole) = 0. 0 where nothing does.
float roll_to_level(const Vec3& axis, const Vec3& sight, const Vec3& up, const Vec3& pole) {
  const Vec3 r = glm::cross(up, sight);
  // dot(R(angle) r, pole) = constant + b cos(angle) + c sin(angle), by Rodrigues' formula.
  const float constant = glm::dot(axis, r) * glm::dot(axis, pole);
  const float b = glm::dot(r, pole) - constant;
  const float c = glm::dot(glm::cross(axis, r), pole);
  const float amplitude = std::sqrt(b * b + c * c);
  if (!(amplitude > 1e-4f)) return 0.0f;
  const float middle = std::atan2(c, b);
  const float spread = std::acos(std::clamp(-constant / amplitude, -1.0f, 1.0f));
  const auto uprightness = [&](float angle) {
    return glm::dot(exp_rotation(axis * angle) * up, pole);
  };
  const float angle = uprightness(middle + spread) > uprightness(middle - spread) ? middle + spread
                                                                                  : middle - spread;
  return std::remainder(angle, 2.0f * kPi);
}

}  // namespace

TwoBoneRotations two_bone_rotations(const Vec3& start, const Vec3& mid, const Vec3& end,
                                    const Vec3& mid_axis, const TwoBoneIk& params) {
  TwoBoneRotations out;
  const Vec3 upper = mid - start;
  const Vec3 lower = end - mid;
  float upper_m = glm::length(upper);
  float lower_m = glm::length(lower);
  const float full_m = upper_m + lower_m;
  const Vec3 to_target = params.target - start;
  if (!is_finite(params.target) || !is_finite(start + mid + end) || !is_finite(params.pole) ||
      !(std::min(upper_m, lower_m) > 1e-6f * full_m) || !(full_m > 1e-9f))
    return out;

  // How far the end joint goes towards the target.
  const float wanted_m = glm::length(to_target);
  float reach_m =
      detail::soft_limit(wanted_m, std::clamp(params.soften, 0.0f, 1.0f) * full_m, full_m);
  if (params.max_stretch > 1.0f) {
    out.stretch = std::clamp(wanted_m / std::max(reach_m, 1e-9f), 1.0f, params.max_stretch);
    upper_m *= out.stretch;
    lower_m *= out.stretch;
    reach_m *= out.stretch;
  }
  // A limb with unequal bones cannot fold to nothing.
  reach_m = std::max(reach_m, std::abs(upper_m - lower_m));

  // The line to the target, and the side of it the mid joint lies on.
  const Vec3 limb = normalize_or(end - start, normalize_or(upper, Vec3(1.0f, 0.0f, 0.0f)));
  const Vec3 line = wanted_m > 1e-6f * full_m ? to_target / wanted_m : limb;
  const Vec3 hint = normalize_or(mid_axis, Vec3(0.0f));
  const Vec3 plane_now = bend_normal(upper, lower, hint);
  const Vec3 carried =
      shortest_arc(limb, line) * perpendicular_or(plane_now, limb, any_perpendicular(limb));
  const Vec3 side_now = normalize_or(glm::cross(line, carried), any_perpendicular(line));
  const Vec3 side = perpendicular_or(params.pole, line, side_now);
  const Vec3 normal = glm::cross(side, line);

  // Law of cosines for the angle at the start.
  const float cosine =
      reach_m > 1e-9f * full_m
          ? std::clamp((upper_m * upper_m + reach_m * reach_m - lower_m * lower_m) /
                           (2.0f * upper_m * reach_m),
                       -1.0f, 1.0f)
          : 0.0f;
  const float sine = std::sqrt(std::max(0.0f, 1.0f - cosine * cosine));
  const Vec3 new_upper = upper_m * (cosine * line + sine * side);
  const Vec3 new_lower = reach_m * line - new_upper;

  // A straight limb shows no plane; then the new plane carried back keeps it from rolling.
  const Vec3 carried_back =
      shortest_arc(normalize_or(new_upper, line), normalize_or(upper, line)) * normal;
  const Vec3 old_normal =
      bend_normal(upper, lower, glm::dot(hint, hint) > 0.0f ? hint : carried_back);
  out.start = turn_between(upper, old_normal, new_upper, normal);
  out.mid = turn_between(lower, old_normal, new_lower, normal);
  out.miss_m = std::abs(wanted_m - reach_m);
  out.solved = true;
  return out;
}

IkResult solve_two_bone(const Skeleton& skeleton, std::span<const Mat4> models,
                        const TwoBoneIk& params, PoseView locals) {
  assert(params.start >= 0 && params.start < params.mid && params.mid < params.end);
  assert(is_ancestor_or_self(skeleton, params.start, params.mid) &&
         is_ancestor_or_self(skeleton, params.mid, params.end));
  const Vec3 start = position_of(models, params.start);
  const Vec3 mid = position_of(models, params.mid);
  const Vec3 end = position_of(models, params.end);
  const Quat old_start = to_transform(matrix_of(models, params.start)).rotation;
  const Quat old_mid = to_transform(matrix_of(models, params.mid)).rotation;
  const Quat old_end = to_transform(matrix_of(models, params.end)).rotation;
  const TwoBoneRotations turn =
      two_bone_rotations(start, mid, end, old_mid * params.mid_axis, params);
  const float weight = std::isfinite(params.weight) ? std::clamp(params.weight, 0.0f, 1.0f) : 0.0f;
  if (!turn.solved || !is_finite(old_start) || !is_finite(old_mid) || !is_finite(old_end))
    return {false, glm::distance(end, params.target)};
  const IkResult result{
      turn.miss_m <= 1e-4f * (glm::distance(start, mid) + glm::distance(mid, end)), turn.miss_m};
  if (weight == 0.0f) return result;

  // What a joint hangs on, turned as far as everything above it has turned.
  const Quat local_start = locals.rotations[params.start];
  const Quat local_mid = locals.rotations[params.mid];
  const Quat local_end = locals.rotations[params.end];
  const Quat above_start = old_start * glm::conjugate(local_start);
  const Quat above_mid = turn.start * old_mid * glm::conjugate(local_mid);
  const Quat above_end = turn.mid * old_end * glm::conjugate(local_end);
  const auto set = [&](int joint, const Quat& local, const Quat& wanted) {
    locals.rotations[joint] = nlerp(local, glm::normalize(wanted), weight);
  };
  set(params.start, local_start, glm::conjugate(above_start) * turn.start * old_start);
  set(params.mid, local_mid, glm::conjugate(above_mid) * turn.mid * old_mid);
  if (params.keep_end_rotation) {
    // Against the limb as it is after weighting: the end keeps its orientation at any weight.
    const Quat start_now = above_start * locals.rotations[params.start];
    const Quat mid_now = start_now * glm::conjugate(old_start) * old_mid *
                         glm::conjugate(local_mid) * locals.rotations[params.mid];
    const Quat above_end_now =
        mid_now * glm::conjugate(old_mid) * old_end * glm::conjugate(local_end);
    locals.rotations[params.end] = glm::normalize(glm::conjugate(above_end_now) * old_end);
  } else {
    set(params.end, local_end, glm::conjugate(above_end) * turn.mid * old_end);
  }
  if (turn.stretch > 1.0f) {
    const float factor = 1.0f + weight * (turn.stretch - 1.0f);
    for (int j = params.end; j != params.start; j = skeleton.parent(j)) {
      locals.translations[j].x *= factor;
      locals.translations[j].y *= factor;
      locals.translations[j].z *= factor;
    }
  }
  return result;
}

float solve_look_at(const Skeleton& skeleton, std::span<const Mat4> models, const LookAt& params,
                    LookAtState* state, float dt_s, PoseView locals) {
  assert(params.joint >= 0 && params.joint < skeleton.num_joints());
  static_cast<void>(skeleton);
  const Vec3 position = position_of(models, params.joint);
  const Quat old = to_transform(matrix_of(models, params.joint)).rotation;
  if (!is_finite(position) || !is_finite(old)) return 0.0f;
  const Vec3 to_target = params.target - position;
  const float distance = glm::length(to_target);
  const Vec3 forward = old * normalize_or(params.forward, Vec3(0.0f, 0.0f, 1.0f));

  Quat wanted = kIdentityRotation;
  float missing_rad = 0.0f;
  // The line of sight starts at the eye, beside the joint: its point as far from the joint as the
  // target is turned onto the target. A target nearer than that line comes is given up.
  const Vec3 eye = old * params.eye;
  const Vec3 beside = eye - forward * glm::dot(eye, forward);
  const float along2 = distance * distance - glm::dot(beside, beside);
  if (std::isfinite(distance) && distance > 1e-6f && along2 > 0.0f) {
    const Vec3 direction = to_target / distance;
    const Vec3 seen = normalize_or(beside + forward * std::sqrt(along2), forward);
    const float angle = std::acos(std::clamp(glm::dot(seen, direction), -1.0f, 1.0f));
    const float limit = std::max(params.max_angle_rad, 0.0f);
    const float allowed = detail::soft_limit(angle, 0.8f * limit, limit);
    wanted = exp_rotation(log_rotation(shortest_arc(seen, direction)) *
                          (angle > 1e-6f ? allowed / angle : 0.0f));
    missing_rad = angle - allowed;

    // Turning about the line from joint to target keeps the target in sight.
    const float roll = roll_to_level(
        wanted * seen, wanted * forward, wanted * old * normalize_or(params.up, Vec3(0.0f)),
        is_finite(params.pole) ? normalize_or(params.pole, Vec3(0.0f)) : Vec3(0.0f));
    wanted = exp_rotation(wanted * seen * std::clamp(roll, -limit, limit)) * wanted;
  }

  const float weight = std::isfinite(params.weight) ? std::clamp(params.weight, 0.0f, 1.0f) : 0.0f;
  missing_rad += (1.0f - weight) * glm::length(log_rotation(wanted));
  Quat turn = nlerp(kIdentityRotation, wanted, weight);
  if (state != nullptr) {
    if (!is_finite(state->correction)) state->correction = kIdentityRotation;
    if (params.half_life_s > 0.0f) {
      const float step = dt_s > 0.0f ? 1.0f - std::exp2(-dt_s / params.half_life_s) : 0.0f;
      turn = nlerp(state->correction, turn, step);
    }
    state->correction = turn;
  }
  const Quat above = old * glm::conjugate(locals.rotations[params.joint]);
  locals.rotations[params.joint] = glm::normalize(glm::conjugate(above) * turn * old);
  return missing_rad;
}

}  // namespace canter
