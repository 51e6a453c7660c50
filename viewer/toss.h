#pragma once

#include "canter/world/body.h"

/// Boxes that are thrown at a simulated body.
namespace canter::viewer {

/// Boxes that can lie about at once; the next one takes the place of the first.
inline constexpr int kTossedBoxes = 4;

struct Toss {
  Vec3 from;
  Vec3 velocity;  ///< m/s
};

/// From the direction of the eye, at most three metres away, so that it meets the chest of the body
/// where that will be if it moves on as now. Places are where the simulation has them
/// (Stage::body_shift).
Toss toss_at(const BodyView& body, const Vec3& eye, float speed_m_s);

}  // namespace canter::viewer
