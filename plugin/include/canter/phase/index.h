#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "canter/phase/track.h"

namespace canter::phase {

/// A clip's frames by the phase of its primary channel: finds the time at which a clip is where
/// another one is. Immutable, shared by threads; the track must outlive it.
class PhaseIndex {
 public:
  /// Slices of a cycle.
  static constexpr int kSlices = 64;

  PhaseIndex() = default;
  explicit PhaseIndex(const PhaseTrack& track);

  const PhaseTrack& track() const { return *track_; }
  /// Frames whose primary phase lies in the slice, ascending.
  std::span<const std::int32_t> slice(int slice) const;

 private:
  const PhaseTrack* track_ = nullptr;
  std::array<std::int32_t, kSlices + 1> begins_{};
  std::vector<std::int32_t> frames_;
};

/// What a match is judged by.
struct MatchSettings {
  /// Only the primary channel's phase counts (clips of different kinds: a walk and a run), or the
  /// whole manifold.
  bool primary_only = false;
  /// Frames this near the end of a clip that does not loop are not offered: there would be nothing
  /// left to play.
  float tail_s = 0.5f;
  /// Cycles by which the primary phase may differ; more only where there is no frame within.
  float within = 1.0f / 16.0f;
};

/// A time in another clip.
struct PhaseMatch {
  bool found = false;  ///< false: the index is empty
  float time_s = 0.0f;
  float phase_error = 0.0f;  ///< cycles by which the primary phase still differs, in [-1/2, 1/2)
  float distance = 0.0f;     ///< of the manifolds, latent units
};

/// The time in `index`'s clip that fits phases best; between two frames, where the primary phase
/// is met exactly if it moves. Channels that hardly move count by their amplitude.
/// @param phases  [channels] e.g. of Tracker::phases or sample()
/// No allocation; O(frames of a few slices).
PhaseMatch find_match(const PhaseIndex& index, std::span<const ChannelPhase> phases,
                      const MatchSettings& settings = {});

/// Where to start clip `to` so that a transition from clip `from` at `from_s` keeps step: the match
/// of the phases there. The result's phase advances with the old clip's for as long as both have
/// the same frequency.
PhaseMatch align_transition(const PhaseTrack& from, float from_s, const PhaseIndex& to,
                            const MatchSettings& settings = {});

/// The speed at which a clip must play for its gait to keep step with a frequency: hz over the
/// clip's own, within [least, most]; 1 where the clip's is unknown.
float speed_in_step(const PhaseTrack& track, float time_s, float hz, float least = 0.5f,
                    float most = 2.0f);

}  // namespace canter::phase
