#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "canter/anim/joint_map.h"
#include "canter/anim/skeleton.h"

namespace canter::phase {

/// A point whose movement is a feature: on the way from joint `a` to joint `b` of a skeleton.
struct BodyPoint {
  int a = 0;
  int b = 0;
  float share = 0.0f;  ///< 0: at a, 1: at b
  Vec3 offset{0.0f};   ///< in the frame of joint a, metres; added
};

/// What a network of motion sees of a skeleton: the same points in the same order for every body.
/// Immutable, shared by threads.
struct Body {
  std::vector<BodyPoint> points;
  std::vector<std::string> names;  ///< of the points
  /// Pairs of joints, left and right, whose mean says where the body faces.
  std::vector<std::array<int, 2>> across;
  int hips = 0;           ///< the joint under which the root lies
  float scale = 1.0f;     ///< makes lengths those of a leg of 0.85 m
  bool has_feet = false;  ///< both feet were found
  /// Points the skeleton lacks, in words; they move with the nearest joint it has.
  std::vector<std::string> missing;

  int num_points() const { return static_cast<int>(points.size()); }
};

/// Points of a humanoid (the skeleton of 100STYLE has as many joints): hips, four along the spine,
/// neck, head; of each arm clavicle, shoulder, elbow, wrist; of each leg hip, knee, ankle, ball.
inline constexpr int kBodyPoints = 23;

/// The points of a humanoid by its joint map. Never fails: what a skeleton lacks is in `missing`.
/// @param map  of the skeleton, or nullptr to make one
Body make_body(const Skeleton& skeleton, const JointMap* map = nullptr);

/// A joint mask: these joints, in this order, as they are. Errors: no joint, one out of range.
Result<Body> make_body(const Skeleton& skeleton, std::span<const int> joints);

/// Where a body stands: a frame on the ground under the hips, turned about Y to where it faces.
struct Root {
  Vec3 position{0.0f};       ///< y is 0
  float heading_rad = 0.0f;  ///< 0 faces +Z
};

/// The root of a pose. Where no side can be told (a body that lies on one), the heading stays
/// `before.heading_rad`.
/// @param models  [num_joints] model or world space
Root root_of(const Body& body, std::span<const Mat4> models, const Root& before = {});

/// Positions of the points relative to the root, scaled: [3 num_points], x y z of each.
/// No allocation.
void root_local_points(const Body& body, std::span<const Mat4> models, const Root& root,
                       std::span<float> out);

}  // namespace canter::phase
