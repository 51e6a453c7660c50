#pragma once

#include <array>
#include <string>
#include <vector>

#include "canter/anim/raw_clip.h"
#include "generate/rig.h"

namespace canter::generate {

/// Which parts of the feet stand on the ground in a frame.
struct FootContacts {
  std::array<bool, 2> heel{};  ///< by side
  std::array<bool, 2> ball{};
};

/// A generated motion of the humanoid.
struct MadeClip {
  RawClip clip;                        ///< on Rig::skeleton(), 60 Hz
  std::vector<FootContacts> contacts;  ///< per frame, what the generator held on the ground
  std::string description;             ///< one sentence for the list of clips
};

inline constexpr float kClipRate_hz = 60.0f;

/// A body pose and its contacts at every frame, made into a clip.
struct Performance {
  std::string name;
  std::string description;
  bool loop = false;
  std::vector<BodyPose> frames;
  std::vector<FootContacts> contacts;
};
MadeClip bake(const Rig& rig, const Performance& performance);

// Cycles: the body walks or runs along +Z, one stride per clip.
Performance walk(const Rig& rig);
Performance run(const Rig& rig);

// In place. All begin and end in the same stance, the first pose of idle, so that they join.
Performance idle(const Rig& rig);
Performance wave(const Rig& rig);
Performance jump(const Rig& rig);
/// @param angle_rad  positive turns left
Performance turn(const Rig& rig, const std::string& name, float angle_rad);

/// Every clip that ships, in the order of the list.
std::vector<MadeClip> make_clips(const Rig& rig);

}  // namespace canter::generate
