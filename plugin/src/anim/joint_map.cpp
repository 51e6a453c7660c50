#include "canter/anim/joint_map.h"

#include <algorithm>
#include <initializer_list>
#include <span>

#include "anim/joint_names.h"
#include "anim/joint_topology.h"
#include "canter/anim/model_space.h"

namespace canter {
namespace {

using detail::JointName;

constexpr Side kSides[2] = {Side::left, Side::right};
constexpr float kByStructure = 0.6f;  // confidence of what hangs between named joints
constexpr float kByGeometry = 0.4f;   // confidence of what only the rest pose tells
constexpr int kMaxParts = 4;

// The joints of one limb by name, in the order of its parts; -1 where there is none.
struct NamedLimb {
  std::array<int, kMaxParts> joints{-1, -1, -1, -1};
  float score = 0.0f;
};

// Best way to give the parts of a limb to joints of a chain in order; both may skip.
class ChainAssignment {
 public:
  ChainAssignment(const std::vector<JointName>& names, std::span<const BodyPart> parts,
                  std::span<const int> chain)
      : names_(names), parts_(parts), chain_(chain) {}

  NamedLimb solve() {
    place(0, 0);
    return best_;
  }

 private:
  void place(std::size_t part, std::size_t from) {
    if (part == parts_.size()) {
      // Strictly better only: of equals, the joint nearest to the body stands.
      if (current_.score > best_.score + 1e-5f) best_ = current_;
      return;
    }
    for (std::size_t i = from; i < chain_.size(); ++i) {
      const float score =
          detail::name_score(names_[static_cast<std::size_t>(chain_[i])], parts_[part]);
      if (score <= 0.0f) continue;
      current_.joints[part] = chain_[i];
      current_.score += score;
      place(part + 1, i + 1);
      current_.score -= score;
      current_.joints[part] = -1;
    }
    place(part + 1, from);
  }

  const std::vector<JointName>& names_;
  std::span<const BodyPart> parts_;
  std::span<const int> chain_;
  NamedLimb current_, best_;
};

class Mapper {
 public:
  explicit Mapper(const Skeleton& skeleton)
      : skeleton_(skeleton), names_(detail::parse_joint_names(skeleton)) {}

  JointMap run() {
    map_.roles.resize(static_cast<std::size_t>(skeleton_.num_joints()));
    map_.convention = detail::name_convention(skeleton_);
    if (skeleton_.num_joints() == 0) return map_;
    limbs_by_name();
    limbs_by_topology();
    find_head();
    find_hips();
    find_spine_and_neck();
    for (std::size_t s = 0; s < 2; ++s) find_fingers(s);
    list_missing();
    return map_;
  }

 private:
  const JointName& name(int j) const { return names_[static_cast<std::size_t>(j)]; }

  void give(int joint, BodyPart part, Side side, int index, float confidence) {
    if (joint >= 0)
      map_.roles[static_cast<std::size_t>(joint)] = {part, side, index, std::min(confidence, 1.0f)};
  }

  // The best assignment over all chains of joints of this side whose names fit the limb at all.
  NamedLimb best_limb(Side side, std::span<const BodyPart> parts) const {
    const auto fits = [&](int j) {
      return name(j).side == side && std::any_of(parts.begin(), parts.end(), [&](BodyPart p) {
               return detail::name_score(name(j), p) > 0.0f;
             });
    };
    constexpr std::size_t kLongestChain = 12;  // bounds the search; real limbs have up to 8
    NamedLimb best;
    for (int tip = 0; tip < skeleton_.num_joints(); ++tip) {
      if (!fits(tip)) continue;
      std::vector<int> chain;
      for (int j = tip; j >= 0 && chain.size() < kLongestChain; j = skeleton_.parent(j))
        if (fits(j)) chain.insert(chain.begin(), j);
      const NamedLimb limb = ChainAssignment(names_, parts, chain).solve();
      if (limb.score > best.score + 1e-5f) best = limb;
    }
    return best;
  }

  void limbs_by_name() {
    constexpr std::array kLeg = {BodyPart::thigh, BodyPart::shin, BodyPart::foot, BodyPart::toes};
    constexpr std::array kArm = {BodyPart::clavicle, BodyPart::upper_arm, BodyPart::forearm,
                                 BodyPart::hand};
    for (std::size_t s = 0; s < 2; ++s) {
      const NamedLimb leg = best_limb(kSides[s], kLeg);
      map_.legs[s] = {leg.joints[0], leg.joints[1], leg.joints[2], leg.joints[3]};
      const NamedLimb arm = best_limb(kSides[s], kArm);
      map_.arms[s].clavicle = arm.joints[0];
      map_.arms[s].upper_arm = arm.joints[1];
      map_.arms[s].forearm = arm.joints[2];
      map_.arms[s].hand = arm.joints[3];
      for (std::size_t p = 0; p < kMaxParts; ++p) {
        if (leg.joints[p] >= 0)
          give(leg.joints[p], kLeg[p], kSides[s], 0,
               detail::name_score(name(leg.joints[p]), kLeg[p]));
        if (arm.joints[p] >= 0)
          give(arm.joints[p], kArm[p], kSides[s], 0,
               detail::name_score(name(arm.joints[p]), kArm[p]));
      }
    }
  }

  void limbs_by_topology() {
    const bool no_legs = map_.legs[0].thigh < 0 && map_.legs[1].thigh < 0;
    const bool no_arms = map_.arms[0].upper_arm < 0 && map_.arms[1].upper_arm < 0;
    if (!no_legs && !no_arms) return;
    const detail::TopologyLimbs limbs = detail::find_limbs(skeleton_);
    const std::vector<Transform> models = rest_models(skeleton_);
    const auto at = [](const std::vector<int>& chain, int i) {
      return i >= 0 && i < static_cast<int>(chain.size()) ? chain[static_cast<std::size_t>(i)] : -1;
    };
    for (std::size_t s = 0; s < 2; ++s) {
      if (no_legs && !limbs.legs[s].empty()) {
        const detail::LimbJoints j = detail::split_limb(limbs.legs[s], models);
        const int toes = j.tip < 0 ? -1 : at(limbs.legs[s], j.tip + 1);
        map_.legs[s] = {at(limbs.legs[s], j.upper), at(limbs.legs[s], j.lower),
                        at(limbs.legs[s], j.tip), toes};
        give(map_.legs[s].thigh, BodyPart::thigh, kSides[s], 0, kByGeometry);
        give(map_.legs[s].shin, BodyPart::shin, kSides[s], 0, kByGeometry);
        give(map_.legs[s].foot, BodyPart::foot, kSides[s], 0, kByGeometry);
        give(toes, BodyPart::toes, kSides[s], 0, kByGeometry);
      }
      if (no_arms && !limbs.arms[s].empty()) {
        const detail::LimbJoints j = detail::split_limb(limbs.arms[s], models);
        JointMap::Arm& arm = map_.arms[s];
        arm.clavicle = at(limbs.arms[s], j.upper - 1);
        arm.upper_arm = at(limbs.arms[s], j.upper);
        arm.forearm = at(limbs.arms[s], j.lower);
        arm.hand = at(limbs.arms[s], j.tip);
        give(arm.clavicle, BodyPart::clavicle, kSides[s], 0, kByGeometry);
        give(arm.upper_arm, BodyPart::upper_arm, kSides[s], 0, kByGeometry);
        give(arm.forearm, BodyPart::forearm, kSides[s], 0, kByGeometry);
        give(arm.hand, BodyPart::hand, kSides[s], 0, kByGeometry);
      }
    }
    if (no_arms) topology_head_ = limbs.head;
  }

  int best_center(BodyPart part) const {
    int best = -1;
    float best_score = 0.0f;
    for (int j = 0; j < skeleton_.num_joints(); ++j) {
      const float score = name(j).side == Side::center ? detail::name_score(name(j), part) : 0.0f;
      if (score > best_score + 1e-5f) {
        best_score = score;
        best = j;
      }
    }
    return best;
  }

  void find_head() {
    map_.head = best_center(BodyPart::head);
    float confidence = map_.head >= 0 ? detail::name_score(name(map_.head), BodyPart::head) : 0.0f;
    if (map_.head < 0 && topology_head_ >= 0) {
      map_.head = topology_head_;
      confidence = kByGeometry;
    }
    if (map_.head < 0) {
      // A skeleton with a neck and nothing on it turns its head there; the last one counts.
      for (int j = 0; j < skeleton_.num_joints(); ++j)
        if (name(j).side == Side::center && detail::name_score(name(j), BodyPart::neck) > 0.5f)
          map_.head = j;
      confidence = kByStructure;
    }
    give(map_.head, BodyPart::head, Side::center, 0, confidence);
  }

  int first_of(std::initializer_list<int> joints) const {
    for (const int j : joints)
      if (j >= 0) return j;
    return -1;
  }
  int arm_start(std::size_t s) const {
    return first_of({map_.arms[s].clavicle, map_.arms[s].upper_arm, map_.arms[s].forearm});
  }

  void find_hips() {
    const auto score = [&](int j) {
      return name(j).side == Side::center ? detail::name_score(name(j), BodyPart::hips) : 0.0f;
    };
    // Where the legs meet the upper body.
    int hips = detail::common_ancestor(skeleton_, map_.legs[0].thigh, map_.legs[1].thigh);
    const int above = first_of({map_.head, arm_start(0), arm_start(1)});
    if (hips >= 0 && above >= 0 && detail::common_ancestor(skeleton_, hips, above) >= 0)
      hips = detail::common_ancestor(skeleton_, hips, above);
    if (hips < 0) hips = best_center(BodyPart::hips);
    // Some rigs hang the thighs on the first spine joint, below the pelvis.
    if (hips >= 0 && score(hips) < 0.5f)
      for (int j = skeleton_.parent(hips); j >= 0; j = skeleton_.parent(j))
        if (score(j) > 0.9f) {
          hips = j;
          break;
        }
    if (hips < 0)
      for (hips = 0; skeleton_.parent(hips) >= 0;) ++hips;
    map_.hips = hips;
    give(hips, BodyPart::hips, Side::center, 0, std::max(score(hips), kByStructure));
  }

  // Joints strictly between two, or from below `top` to `bottom` included.
  std::vector<int> path(int top, int bottom, bool with_bottom) const {
    std::vector<int> joints;
    if (bottom < 0 || top < 0 || !is_ancestor_or_self(skeleton_, top, bottom)) return joints;
    for (int j = with_bottom || bottom == top ? bottom : skeleton_.parent(bottom); j != top;
         j = skeleton_.parent(j))
      joints.insert(joints.begin(), j);
    return joints;
  }

  void find_spine_and_neck() {
    const int chest = detail::common_ancestor(skeleton_, arm_start(0), arm_start(1));
    const auto score = [&](int j, BodyPart part) {
      return name(j).side == Side::center ? detail::name_score(name(j), part) : 0.0f;
    };
    // Below where the arms branch off it is spine, above it neck, unless the name says otherwise.
    std::vector<int> joints = path(map_.hips, map_.head, false);
    if (joints.empty()) joints = path(map_.hips, chest, true);
    for (const int j : joints) {
      if (map_.roles[static_cast<std::size_t>(j)].part != BodyPart::none) continue;
      const float spine = score(j, BodyPart::spine);
      const float neck = score(j, BodyPart::neck);
      const bool below_arms = chest < 0 ? spine >= neck : is_ancestor_or_self(skeleton_, j, chest);
      const bool is_neck = neck > 0.5f || (!below_arms && spine <= 0.5f);
      std::vector<int>& chain = is_neck ? map_.neck : map_.spine;
      give(j, is_neck ? BodyPart::neck : BodyPart::spine, Side::center,
           static_cast<int>(chain.size()), std::max(is_neck ? neck : spine, kByStructure));
      chain.push_back(j);
    }
  }

  void find_fingers(std::size_t s) {
    JointMap::Arm& arm = map_.arms[s];
    if (arm.hand < 0) return;
    const bool from_zero = std::any_of(names_.begin(), names_.end(), [](const JointName& n) {
      return n.word == "finger" && !n.numbers.empty() && n.numbers[0][0] == '0';
    });
    constexpr std::array kFingers = {BodyPart::thumb, BodyPart::index_finger,
                                     BodyPart::middle_finger, BodyPart::ring_finger,
                                     BodyPart::pinky};
    for (int j = arm.hand + 1; j < skeleton_.num_joints(); ++j) {
      if (name(j).side != kSides[s] || !is_ancestor_or_self(skeleton_, arm.hand, j)) continue;
      const int finger = detail::finger_of(name(j), from_zero);
      if (finger < 0) continue;
      auto& chain = arm.fingers[static_cast<std::size_t>(finger)];
      // A second chain of the same finger (a prop, a double rig) is left alone.
      if (!chain.empty() && !is_ancestor_or_self(skeleton_, chain.back(), j)) continue;
      give(j, kFingers[static_cast<std::size_t>(finger)], kSides[s], static_cast<int>(chain.size()),
           1.0f);
      chain.push_back(j);
    }
  }

  void list_missing() {
    const auto need = [&](int joint, std::string what) {
      if (joint < 0) map_.missing.push_back(std::move(what));
    };
    need(map_.spine.empty() ? -1 : map_.spine[0], "spine");
    need(map_.neck.empty() ? -1 : map_.neck[0], "neck");
    need(map_.head, "head");
    for (std::size_t s = 0; s < 2; ++s) {
      const std::string side = s == 0 ? "left " : "right ";
      need(map_.arms[s].clavicle, side + "clavicle");
      need(map_.arms[s].upper_arm, side + "upper arm");
      need(map_.arms[s].forearm, side + "forearm");
      need(map_.arms[s].hand, side + "hand");
      for (std::size_t f = 0; f < kNumFingers; ++f) {
        constexpr std::array kNames = {"thumb", "index finger", "middle finger", "ring finger",
                                       "pinky"};
        need(map_.arms[s].fingers[f].empty() ? -1 : 0, side + kNames[f]);
      }
      need(map_.legs[s].thigh, side + "thigh");
      need(map_.legs[s].shin, side + "shin");
      need(map_.legs[s].foot, side + "foot");
      need(map_.legs[s].toes, side + "toes");
    }
  }

  const Skeleton& skeleton_;
  std::vector<JointName> names_;
  JointMap map_;
  int topology_head_ = -1;
};

}  // namespace

std::string_view to_string(BodyPart part) {
  constexpr std::array<std::string_view, 18> kNames = {
      "none",        "hips",    "spine", "neck",  "head",         "clavicle",
      "upper arm",   "forearm", "hand",  "thumb", "index finger", "middle finger",
      "ring finger", "pinky",   "thigh", "shin",  "foot",         "toes"};
  return kNames[static_cast<std::size_t>(part)];
}

std::string_view to_string(Side side) {
  return side == Side::left ? "left" : side == Side::right ? "right" : "center";
}

bool JointMap::is_humanoid() const {
  bool all = hips >= 0 && head >= 0;
  for (std::size_t s = 0; s < 2; ++s)
    all = all && legs[s].thigh >= 0 && legs[s].shin >= 0 && legs[s].foot >= 0 &&
          arms[s].upper_arm >= 0 && arms[s].forearm >= 0;
  return all;
}

JointMap map_joints(const Skeleton& skeleton) {
  return Mapper(skeleton).run();
}

}  // namespace canter
