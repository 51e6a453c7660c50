#pragma once

#include <span>
#include <vector>

#include "canter/anim/clip.h"
#include "canter/anim/joint_map.h"
#include "canter/anim/raw_clip.h"

namespace canter {

/// Seconds during which something touches the ground, ends included.
struct ContactInterval {
  float start_s = 0.0f;
  float end_s = 0.0f;
};

/// The points of a foot that touch the ground: the ankle stands for the heel, the toe joint (or the
/// foot's end site) for the ball.
struct FootPoints {
  Side side = Side::center;
  int foot = -1;          ///< the ankle joint; the heel point is its origin
  int toe_joint = -1;     ///< the joint that carries the ball point; -1: the foot has none
  Vec3 toe_offset{0.0f};  ///< the ball point in that joint's frame, metres
};

/// Feet of a skeleton by its joint map, left before right.
std::vector<FootPoints> find_feet(const Skeleton& skeleton, const JointMap& map);

/// When a foot is still on the ground. Heights are above the height at which the point itself
/// stands; lengths and speeds are for legs of 0.85 m and scale with the character.
struct ContactSettings {
  float height_m = 0.04f;            ///< below this and
  float speed_mps = 0.3f;            ///< slower than this a contact begins
  float release_height_m = 0.08f;    ///< above this or
  float release_speed_mps = 0.6f;    ///< faster than this it is over, since it last met the above
  float shortest_contact_s = 0.05f;  ///< shorter ones are dropped
  float shortest_gap_s = 0.05f;      ///< shorter gaps are closed
};

struct FootContacts {
  FootPoints points;
  std::vector<ContactInterval> heel;  ///< ascending, disjoint
  std::vector<ContactInterval> ball;
  std::vector<ContactInterval> any;  ///< either
};

/// Contacts of a clip with the ground.
struct ContactTrack {
  std::vector<FootContacts> feet;
  float ground_m = 0.0f;  ///< estimated height of the ground in the clip's model space
};

/// Finds contacts by height and speed with hysteresis. One level ground is assumed: the height the
/// feet stand at when lowest; steps above it are missed. A character without feet gets none.
/// Errors: what validate() refuses.
/// @param map  of the skeleton, or nullptr to make one
Result<ContactTrack> detect_contacts(const Skeleton& skeleton, const RawClip& clip,
                                     const ContactSettings& settings = {},
                                     const JointMap* map = nullptr);
Result<ContactTrack> detect_contacts(const Skeleton& skeleton, const Clip& clip,
                                     const ContactSettings& settings = {},
                                     const JointMap* map = nullptr);

/// Whether a time lies in one of the intervals. O(log n); no allocation. Time of looping clips must
/// be wrapped by the caller.
bool in_contact(std::span<const ContactInterval> intervals, float time_s);

/// 1 within an interval, falling smoothly to 0 over `fade_s` before and after: the weight of a pin.
float contact_weight(std::span<const ContactInterval> intervals, float time_s, float fade_s);

/// Mean horizontal speed of the heel and ball points while each is in contact, m/s: foot slide.
/// 0 without contacts.
float foot_slide_mps(const Skeleton& skeleton, const RawClip& clip, const ContactTrack& contacts);

}  // namespace canter
