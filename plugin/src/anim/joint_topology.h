#pragma once

#include <vector>

#include "canter/anim/skeleton.h"

namespace canter::detail {

/// Limbs told from the tree and the rest pose alone. Each chain runs outwards; the last joint is
/// the leaf. Index 0 is left, 1 right. Empty where nothing fits.
struct TopologyLimbs {
  std::vector<int> legs[2];
  std::vector<int> arms[2];
  int head = -1;
};

TopologyLimbs find_limbs(const Skeleton& skeleton);

/// The three joints of a chain that make the longest pair of similar bones: hip, knee and ankle, or
/// shoulder, elbow and wrist. Indices into `chain`; -1 where it is too short.
struct LimbJoints {
  int upper = -1, lower = -1, tip = -1;
};
LimbJoints split_limb(const std::vector<int>& chain, const std::vector<Transform>& models);

/// Deepest joint that is above both; -1 if they share no root or one of them is -1.
int common_ancestor(const Skeleton& skeleton, int a, int b);

}  // namespace canter::detail
