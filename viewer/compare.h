#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "viewer/phase.h"
#include "viewer/phase_map.h"
#include "viewer/poser.h"

namespace canter::viewer {

/// What stands beside the clip that plays.
enum class Comparison {
  none,
  source,    ///< of a clip that was carried over: the clip on its own skeleton
  original,  ///< of a compressed clip: the frames it was made from
  sibling,   ///< the next clip of the same file, such as the other transition of a blend
  mirror,    ///< the clip with left and right exchanged; a looping one half a lap later
  partner,   ///< another clip, of any file
};

/// What people and scripts call a comparison.
struct ComparisonName {
  Comparison kind = Comparison::none;
  const char* id = "";     ///< one word: "source"
  const char* title = "";  ///< "Source skeleton"
  const char* effect = "";
};
std::span<const ComparisonName> comparison_names();

/// How the joints of two characters that do the same differ in place, per frame of the shown clip.
struct Difference {
  int num_joints = 0;          ///< of the shown skeleton
  std::vector<float> joint_m;  ///< [frames, num_joints] distance; -1: no counterpart
  std::vector<float> mean_m;   ///< [frames] over the joints that have a counterpart
  std::vector<float> max_m;    ///< [frames]
  std::vector<int> worst;      ///< [frames] the joint of max_m; -1: none

  int num_frames() const { return static_cast<int>(mean_m.size()); }
  /// [num_joints] at the frame nearest to a time; empty without frames.
  std::span<const float> at(double time_s, float rate_hz) const;
};

/// A joint of the shown skeleton and the one of the other that does the same.
struct JointPair {
  int shown = 0;
  int other = 0;
};

/// Joints of equal roles (hips, left forearm, …), or of equal names where the skeleton is the same
/// or has no roles.
std::vector<JointPair> match_joints(const Document& shown, const Document& other);

/// How the other character's joints are laid over the shown one's before they are measured.
struct Alignment {
  /// Measured from the joint that travels, so that neither place nor size of the bodies counts.
  bool relative = false;
  float scale = 1.0f;    ///< of the other character
  double shift_s = 0.0;  ///< the other character's time ahead
  PhaseMapPtr in_phase;  ///< instead of that: both keep step by their phases

  /// Time and laps of the other clip.
  struct Time {
    double time_s = 0.0;
    std::int64_t laps = 0;
  };
  Time other(double time_s, std::int64_t laps) const {
    return in_phase != nullptr ? Time{in_phase->at(time_s, laps), 0} : Time{time_s + shift_s, laps};
  }
};

Difference measure_difference(Poser shown, Poser other, std::span<const JointPair> pairs,
                              const Alignment& alignment, int num_frames, float rate_hz);

/// A character to stand beside, and how it differs. Immutable, shared by threads.
struct Compared {
  Comparison kind = Comparison::none;
  DocumentPtr motion;
  int clip = 0;
  RetargetedPtr retargeted;
  std::string title;  ///< "as recorded", "mirrored, half a lap later", …
  Poser other;
  bool wears_body = false;  ///< the other has the shown character's skeleton and can wear its mesh
  bool abreast = false;     ///< the other stays beside the shown character wherever that goes
  Alignment alignment;
  Difference difference;
};
using ComparedPtr = std::shared_ptr<const Compared>;

/// Whose phases are those of what stands beside a clip.
PhaseSubject other_subject(Comparison kind, const DocumentPtr& motion, int clip,
                           const ClipRef& partner);

/// Prepares a comparison. Any thread; takes about a millisecond per hundred frames.
/// @param retargeted  the clip as shown, if it was carried over; else null
/// @param partner     the clip of `partner`
/// @param in_phase    keeps both in step; null: each plays by its own time
/// Errors: `source` of a clip that was not carried over; no partner.
Result<ComparedPtr> compare(Comparison kind, const DocumentPtr& motion, int clip,
                            const RetargetedPtr& retargeted, const ClipRef& partner = {},
                            const PhaseMapPtr& in_phase = nullptr);

}  // namespace canter::viewer
