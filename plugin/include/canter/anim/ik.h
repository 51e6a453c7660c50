#pragma once

#include <span>

#include "canter/anim/pose.h"

namespace canter {

/// A limb of two bones that should reach a point: start (shoulder, hip), mid (elbow, knee), end
/// (wrist, ankle). Each must be below the one before; joints between them keep their place.
struct TwoBoneIk {
  int start = -1, mid = -1, end = -1;
  Vec3 target{0.0f};  ///< where the end joint should be, in the space of the matrices
  /// Where the mid joint should point to, as a direction in the same space; zero keeps the plane
  /// the limb bends in now.
  Vec3 pole{0.0f};
  /// Axis the mid joint bends about in its own frame; used only where the limb is straight and its
  /// plane cannot be seen. Zero: unknown.
  Vec3 mid_axis{0.0f};
  float weight = 1.0f;  ///< 0 leaves the pose alone, 1 reaches
  /// Share of the full length from which the limb straightens ever more slowly, so that it does
  /// not snap; 1 stops hard at the full length.
  float soften = 0.97f;
  /// How much the bones may be stretched to reach, as a factor; 1: not at all.
  float max_stretch = 1.0f;
  bool keep_end_rotation = true;  ///< keep the orientation of the end joint in model space
};

/// What came of it.
struct IkResult {
  bool reached = false;  ///< within 1e-4 of the limb's length, at weight 1
  float miss_m = 0.0f;   ///< distance left between end joint and target at weight 1
};

/// Bends the limb. Degenerate limbs (a bone without length) and targets that are not finite are
/// left alone; a target on the start joint keeps the direction the limb has. No allocation.
/// @param models  [num_joints] of `locals` by local_to_model, before the correction
/// @param locals  in and out: rotations of start, mid and end (translations below start too where
///                stretched); run local_to_model again for matrices
IkResult solve_two_bone(const Skeleton& skeleton, std::span<const Mat4> models,
                        const TwoBoneIk& params, PoseView locals);

/// The geometry of it: how start and mid turn in model space, before any weight.
struct TwoBoneRotations {
  Quat start = kIdentityRotation;  ///< new orientation = start * old
  Quat mid = kIdentityRotation;    ///< of mid, in total, not on top of start
  float stretch = 1.0f;            ///< factor on both bones
  float miss_m = 0.0f;
  bool solved = false;  ///< false: degenerate input, everything above is the identity
};

/// @param start,mid,end  joint positions, in any common space with params.target
/// @param mid_axis       params.mid_axis turned into that space
TwoBoneRotations two_bone_rotations(const Vec3& start, const Vec3& mid, const Vec3& end,
                                    const Vec3& mid_axis, const TwoBoneIk& params);

/// A joint that should look at a point.
struct LookAt {
  int joint = -1;
  Vec3 target{0.0f};               ///< in the space of the matrices
  Vec3 forward{0.0f, 0.0f, 1.0f};  ///< unit, in the joint's frame: where it looks
  Vec3 eye{0.0f};                  ///< in the joint's frame: where it looks from
  Vec3 up{0.0f, 1.0f, 0.0f};       ///< unit, in the joint's frame: kept near `pole`
  /// Direction in the space of the matrices that `up` turns to; zero: no roll is corrected.
  Vec3 pole{0.0f};
  float weight = 1.0f;
  /// Largest turn from the animated pose; reached softly from 80 % of it on.
  float max_angle_rad = 1.2f;
  /// Time in which half of a change of direction is made; 0: at once. Needs a LookAtState.
  float half_life_s = 0.0f;
};

/// What smoothing remembers: the turn shown last, in model space.
struct LookAtState {
  Quat correction = kIdentityRotation;
};

/// Turns the joint. For a chain (chest, neck, head) call it from the body outwards with growing
/// weights and matrices made anew between. A target on the joint itself or not finite lets the turn
/// go back to none. No allocation.
/// @param state  nullptr: no smoothing
/// @return angle in radians still missing to look straight at the target (weight and limit
/// included)
float solve_look_at(const Skeleton& skeleton, std::span<const Mat4> models, const LookAt& params,
                    LookAtState* state, float dt_s, PoseView locals);

}  // namespace canter
