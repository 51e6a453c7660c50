#pragma once

#include <array>
#include <optional>
#include <vector>

#include "viewer/document.h"

namespace canter::viewer {

/// How a transition is tried.
struct BlendSettings {
  float at_s = 0.5f;         ///< of the first clip, where the transition begins
  float duration_s = 0.25f;  ///< kMinBlend_s to kMaxBlend_s
  bool sync = true;          ///< the second clip starts where its feet do what the first's do
  float start_s = 0.0f;      ///< of the second clip, where it starts without sync

  bool operator==(const BlendSettings&) const = default;
};
inline constexpr float kMinBlend_s = 0.05f;
inline constexpr float kMaxBlend_s = 1.0f;

/// The two ways of getting from clip to clip that are compared, in the order of the clips made.
enum BlendKind { kCrossfade, kInertialize, kNumBlendKinds };
inline constexpr std::array<const char*, kNumBlendKinds> kBlendNames = {"crossfade",
                                                                        "inertialized"};

/// The format of the documents it makes.
inline constexpr const char* kBlendFormat = "blend";

/// What came of it: the motion each way, as clips that play like any other, and what it costs.
struct BlendResult {
  DocumentPtr document;  ///< its clips are the kinds, on the first clip's skeleton
  /// Mean speed over the floor, during the transition, of feet that stand in the clips: each point
  /// of a foot counts as much as the clips that hold it down weigh at that time. m/s.
  std::array<float, kNumBlendKinds> foot_slide_m_s{};
  float own_slide_m_s = 0.0f;  ///< the same of the two clips by themselves
  float begin_s = 0.0f;        ///< of the transition, in the made clips
  float end_s = 0.0f;
  float start_s = 0.0f;  ///< where the second clip starts
  /// Where in the stride each clip is when the transition begins, in cycles from one strike of the
  /// left foot to the next; nothing for clips without strides.
  std::array<std::optional<float>, 2> phase;
  std::array<std::optional<float>, 2> right_strike;  ///< of the right foot, in the same cycles
};

/// Plays both transitions in a World of its own, 60 steps per second, and measures them. Any
/// thread. Errors: clips of one frame, bodies with too little in common.
Result<BlendResult> bench_blend(const ClipRef& from, const ClipRef& to,
                                const BlendSettings& settings);

/// The time of the second clip at which its feet do best what the first's do from `at_s` on.
/// @param window_s  how long they are compared
float sync_by_contacts(const ContactTrack& from, float from_duration_s, bool from_loops, float at_s,
                       const ContactTrack& to, float to_duration_s, bool to_loops, float window_s);

/// Where in the stride a time is, in cycles from one strike of the left foot to the next; nothing
/// without two strikes around it.
std::optional<float> stride_phase(const ContactTrack& contacts, float duration_s, bool loops,
                                  float time_s);

}  // namespace canter::viewer
