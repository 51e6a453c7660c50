#pragma once

#include <string>
#include <vector>

#include "canter/anim/joint_map.h"

namespace canter::detail {

/// A joint's name taken apart: "mixamorig:LeftHandIndex2" is {"handindex", {"2"}, left}.
struct JointName {
  std::string word;                  ///< letters in lower case, without prefix, side and digits
  std::vector<std::string> numbers;  ///< groups of digits, in order
  Side side = Side::center;
  bool auxiliary = false;  ///< an end marker, twist, IK target …: plays no part of its own
  bool shadow = false;     ///< "__Thumb1_L": a connecting joint before the real one
};

/// Takes all names apart; the skeleton decides what a leading "l" or "r" in lower case means
/// ("lfemur" beside "rfemur", but not "lowerback") and what prefix is shared by all.
std::vector<JointName> parse_joint_names(const Skeleton& skeleton);

/// How well a name fits a part: 0 not at all, 1 certainly.
float name_score(const JointName& name, BodyPart part);

/// Which finger a name means, 0 thumb to 4 pinky, or -1.
/// @param fingers_from_zero  whether "Finger0" is the thumb (3ds Max Biped) or "finger1"
int finger_of(const JointName& name, bool fingers_from_zero);

/// JointMap::convention.
std::string name_convention(const Skeleton& skeleton);

}  // namespace canter::detail
