#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "generate/character.h"

namespace canter::generate {

/// How a part of the body differs from the mannequin's: factors along its bone and across it.
struct PartScale {
  double length = 1.0;
  double width = 1.0;  ///< side to side, and up and down for a foot
  double depth = 1.0;  ///< front to back
  bool operator==(const PartScale&) const = default;
};

/// A body as the mannequin's, part by part.
struct Physique {
  std::string name;
  std::string description;
  std::array<PartScale, kNumJoints> parts;     ///< of both sides; only left ones are looked at
  Vec4 body_color{0.62f, 0.60f, 0.57f, 1.0f};  ///< linear
  Vec4 accent_color{0.10f, 0.125f, 0.16f, 1.0f};
};

/// Those that ship: "mannequin", as it is, and "titan": broad, long-armed, short-legged.
const std::vector<Physique>& physiques();
/// nullptr: no such name.
const Physique* find_physique(std::string_view name);

/// The character with another body: every bone is scaled along and across, the mesh follows its
/// weights, and the soles stay on the floor. Joints keep their names and their rest rotations
/// (identity). Made of the default proportions only. A physique without any scale gives the
/// character back.
Character reshape(const Character& character, const Physique& physique);

}  // namespace canter::generate
