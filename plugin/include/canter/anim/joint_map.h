#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "canter/anim/skeleton.h"

namespace canter {

enum class Side : std::uint8_t { center, left, right };

/// What a joint moves. A joint is named after the bone that starts at it: the thigh turns in the
/// hip joint, the forearm in the elbow, the hand in the wrist.
enum class BodyPart : std::uint8_t {
  none,
  hips,
  spine,
  neck,
  head,
  clavicle,
  upper_arm,
  forearm,
  hand,
  thumb,
  index_finger,
  middle_finger,
  ring_finger,
  pinky,
  thigh,
  shin,
  foot,
  toes,
};

inline constexpr int kNumFingers = 5;

/// "left forearm", "spine 2": for people.
std::string_view to_string(BodyPart part);
std::string_view to_string(Side side);

/// The role of one joint.
struct JointRole {
  BodyPart part = BodyPart::none;
  Side side = Side::center;
  int index = 0;            ///< place in its chain (spine, neck, finger), from the hips outwards
  float confidence = 0.0f;  ///< 1: its name says so; below 0.5: told from structure or geometry
};

/// Which joint plays which part of a humanoid. Joint indices; -1 where there is none.
struct JointMap {
  struct Arm {
    int clavicle = -1, upper_arm = -1, forearm = -1, hand = -1;
    /// Thumb to pinky, each from the palm outwards.
    std::array<std::vector<int>, kNumFingers> fingers;
  };
  struct Leg {
    int thigh = -1, shin = -1, foot = -1, toes = -1;
  };

  int hips = -1;           ///< carries both the legs and the spine
  std::vector<int> spine;  ///< from above the hips to where the arms branch off
  std::vector<int> neck;   ///< between the spine and the head
  int head = -1;
  std::array<Arm, 2> arms;  ///< left, right
  std::array<Leg, 2> legs;  ///< left, right

  std::vector<JointRole> roles;      ///< [num_joints] the same, seen from the joint
  std::vector<std::string> missing;  ///< parts of a humanoid that were not found, in words
  /// Whose names these are: "cmu", "daz", "mixamo", "makehuman", "biovision", "unreal",
  /// "deepmimic", "biped", "motionbuilder" (also Rokoko, Xsens), "acclaim", or "unknown".
  std::string convention;

  /// Hips, both thighs, shins and feet, both upper arms and forearms, and the head.
  bool is_humanoid() const;
};

/// Finds the parts of a humanoid. Names come first: sides and words of the common conventions in
/// any spelling, with ambiguous words ("hip", "leg", "shoulder", "arm") settled by the order along
/// the limb. Limbs the names do not tell are found in the tree and the rest pose: a mirrored pair
/// of chains going down is the legs, the widest other pair the arms; sides from the toes, or facing
/// +Z where there are none. Never fails: what is not there is listed in `missing`. Any thread.
JointMap map_joints(const Skeleton& skeleton);

}  // namespace canter
