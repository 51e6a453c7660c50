#include "anim/joint_topology.h"

#include <algorithm>
#include <cmath>

#include "canter/anim/model_space.h"

namespace canter::detail {
namespace {

std::vector<int> leaves_of(const Skeleton& skeleton) {
  std::vector<char> has_child(static_cast<std::size_t>(skeleton.num_joints()), 0);
  for (int j = 0; j < skeleton.num_joints(); ++j)
    if (skeleton.parent(j) >= 0) has_child[static_cast<std::size_t>(skeleton.parent(j))] = 1;
  std::vector<int> leaves;
  for (int j = 0; j < skeleton.num_joints(); ++j)
    if (has_child[static_cast<std::size_t>(j)] == 0) leaves.push_back(j);
  return leaves;
}

// From below `top` down to `leaf`.
std::vector<int> chain_between(const Skeleton& skeleton, int top, int leaf) {
  std::vector<int> chain;
  for (int j = leaf; j != top && j >= 0; j = skeleton.parent(j)) chain.push_back(j);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

struct Geometry {
  const Skeleton& skeleton;
  std::vector<Transform> models;
  float size = 0.0f;  // largest extent of the rest pose, metres

  Vec3 at(int j) const { return models[static_cast<std::size_t>(j)].translation; }
  float length(const std::vector<int>& chain) const {
    float sum = 0.0f;
    for (std::size_t i = 1; i < chain.size(); ++i)
      sum += glm::distance(at(chain[i - 1]), at(chain[i]));
    return sum;
  }
};

struct Pair {
  int top = -1;
  std::vector<int> a, b;
};

// Two chains under one joint that could be mirror images: as long, as high, apart.
bool is_mirrored(const Geometry& g, const Pair& p) {
  if (p.a.size() < 2 || p.a.size() != p.b.size()) return false;
  const float la = g.length(p.a);
  const float lb = g.length(p.b);
  const Vec3 tip_a = g.at(p.a.back());
  const Vec3 tip_b = g.at(p.b.back());
  const Vec3 apart = tip_a - tip_b;
  const float across = std::sqrt(apart.x * apart.x + apart.z * apart.z);
  return std::abs(la - lb) < 0.15f * std::max(la, lb) && la > 0.1f * g.size &&
         across > 0.02f * g.size && std::abs(apart.y) < 0.1f * g.size;
}

// The best mirrored pair by `score`, over all pairs of leaves; none if every score is <= 0.
template <class Score>
Pair best_pair(const Geometry& g, const std::vector<int>& leaves, Score score) {
  Pair best;
  float best_score = 0.0f;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    for (std::size_t k = i + 1; k < leaves.size(); ++k) {
      Pair p;
      p.top = common_ancestor(g.skeleton, leaves[i], leaves[k]);
      if (p.top < 0) continue;
      p.a = chain_between(g.skeleton, p.top, leaves[i]);
      p.b = chain_between(g.skeleton, p.top, leaves[k]);
      if (!is_mirrored(g, p)) continue;
      const float s = score(p);
      if (s > best_score) {
        best_score = s;
        best = std::move(p);
      }
    }
  }
  return best;
}

// The way the toes point, level; +Z if they do not tell.
Vec3 forward_of(const Geometry& g, const Pair& legs) {
  Vec3 sum(0.0f);
  for (const auto* chain : {&legs.a, &legs.b}) {
    const LimbJoints joints = split_limb(*chain, g.models);
    if (joints.tip >= 0)
      sum += g.at(chain->back()) - g.at((*chain)[static_cast<std::size_t>(joints.tip)]);
  }
  sum.y = 0.0f;
  return glm::length(sum) > 0.03f * g.size ? glm::normalize(sum) : Vec3(0.0f, 0.0f, 1.0f);
}

void assign_sides(const Geometry& g, const Vec3& left, Pair& pair, std::vector<int> (&limbs)[2]) {
  if (pair.top < 0) return;
  const bool a_is_left = glm::dot(g.at(pair.a.back()) - g.at(pair.b.back()), left) > 0.0f;
  limbs[a_is_left ? 0 : 1] = std::move(pair.a);
  limbs[a_is_left ? 1 : 0] = std::move(pair.b);
}

}  // namespace

int common_ancestor(const Skeleton& skeleton, int a, int b) {
  // Parents have smaller indices: the larger of two unequal joints cannot be above the other.
  while (a != b && a >= 0 && b >= 0) (a > b ? a : b) = skeleton.parent(a > b ? a : b);
  return a == b ? a : -1;
}

LimbJoints split_limb(const std::vector<int>& chain, const std::vector<Transform>& models) {
  const auto at = [&](std::size_t i) {
    return models[static_cast<std::size_t>(chain[i])].translation;
  };
  LimbJoints best;
  float best_score = -1.0f;
  for (std::size_t i = 0; i + 2 < chain.size(); ++i) {
    for (std::size_t k = i + 1; k + 1 < chain.size(); ++k) {
      for (std::size_t m = k + 1; m < chain.size(); ++m) {
        const float upper = glm::distance(at(i), at(k));
        const float lower = glm::distance(at(k), at(m));
        // Thigh and shin, upper arm and forearm differ by little; what follows them is short.
        const float score = upper + lower - 2.0f * std::abs(upper - lower);
        if (score <= best_score) continue;
        best_score = score;
        best = {static_cast<int>(i), static_cast<int>(k), static_cast<int>(m)};
      }
    }
  }
  if (best.upper < 0 && chain.size() == 2) best = {0, 1, -1};
  return best;
}

TopologyLimbs find_limbs(const Skeleton& skeleton) {
  TopologyLimbs limbs;
  std::vector<int> leaves = leaves_of(skeleton);
  // A crowd of leaves (a face rig) would make pairs slow; such skeletons have names.
  constexpr std::size_t kMaxLeaves = 128;
  if (leaves.size() > kMaxLeaves) return limbs;

  Geometry g{skeleton, rest_models(skeleton), 0.0f};
  Vec3 low = g.at(0);
  Vec3 high = g.at(0);
  for (const Transform& t : g.models) {
    low = glm::min(low, t.translation);
    high = glm::max(high, t.translation);
  }
  g.size = glm::length(high - low);
  if (!(g.size > 0.0f) || !std::isfinite(g.size)) return limbs;

  // Legs: the mirrored pair that goes furthest down.
  Pair legs = best_pair(
      g, leaves, [&](const Pair& p) { return g.at(p.top).y - g.at(p.a.back()).y - 0.1f * g.size; });
  const Vec3 forward = legs.top >= 0 ? forward_of(g, legs) : Vec3(0.0f, 0.0f, 1.0f);
  const Vec3 left = glm::cross(Vec3(0.0f, 1.0f, 0.0f), forward);

  // Arms: the longest mirrored pair that shares no joint with the legs and starts above them.
  const auto is_leg = [&](int j) {
    return std::find(legs.a.begin(), legs.a.end(), j) != legs.a.end() ||
           std::find(legs.b.begin(), legs.b.end(), j) != legs.b.end();
  };
  Pair arms = best_pair(g, leaves, [&](const Pair& p) {
    if (is_leg(p.a.front()) || is_leg(p.b.front()) || p.a.size() < 3) return 0.0f;
    if (legs.top >= 0 && g.at(p.a.front()).y < g.at(legs.top).y) return 0.0f;
    return g.length(p.a);
  });

  // Head: the highest leaf that is part of no limb and hangs where the arms do.
  if (arms.top >= 0) {
    float highest = g.at(arms.top).y;
    for (const int leaf : leaves) {
      const bool under_arm = is_ancestor_or_self(skeleton, arms.a.front(), leaf) ||
                             is_ancestor_or_self(skeleton, arms.b.front(), leaf);
      if (under_arm || !is_ancestor_or_self(skeleton, arms.top, leaf) || g.at(leaf).y <= highest)
        continue;
      highest = g.at(leaf).y;
      limbs.head = leaf;
    }
  }
  assign_sides(g, left, legs, limbs.legs);
  assign_sides(g, left, arms, limbs.arms);
  return limbs;
}

}  // namespace canter::detail
