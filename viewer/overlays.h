#pragma once

namespace canter::viewer {

/// What the 3-D view shows beside the character, each on its own. Keys and settings toggle these;
/// Stage draws them.
struct Overlays {
  bool bones = false;        ///< bare bones instead of the mesh
  bool skeleton = false;     ///< thin bones seen through the mesh
  bool axes = false;         ///< every joint's x, y, z in red, green, blue
  bool names = false;        ///< joint names beside the joints
  bool trails = false;       ///< where hands, feet, hips and head were and will be
  bool ghost = false;        ///< the source skeleton where a clip was carried over
  bool later = false;        ///< the same character `later_s` ahead, translucent
  bool contacts = false;     ///< mark feet that stand
  bool velocities = false;   ///< arrows: where joints go within `velocity_s`
  bool reference = true;     ///< what a simulated body imitates
  bool beside = true;        ///< … stands beside it; else it is a ghost in its place
  bool phase_rings = false;  ///< phase, frequency and strikes on the floor around each character
  bool difference = false;   ///< colour bones by how far they lie from the compared character's

  float trail_s = 0.5f;       ///< before and after now; 0.05 to 5
  float later_s = 0.25f;      ///< negative shows the past; -5 to 5
  float velocity_s = 0.1f;    ///< length of an arrow: the way made in this time; 0.01 to 1
  float difference_m = 0.1f;  ///< distance that gets the full colour; 0.001 to 1

  bool operator==(const Overlays&) const = default;
};

}  // namespace canter::viewer
