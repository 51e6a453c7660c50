#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/phase/autoencoder.h"
#include "canter/phase/features.h"

namespace canter::phase {

/// The phases of a clip, frame by frame. Immutable once made; shared by threads.
struct PhaseTrack {
  float rate_hz = 60.0f;
  bool loop = false;  ///< goes on at its start after duration_s
  Mode mode = Mode::none;
  int channels = 0;
  int primary = 0;  ///< the channel that follows the gait
  float duration_s = 0.0f;
  std::vector<ChannelPhase> values;  ///< [frames, channels]

  int frames() const { return channels == 0 ? 0 : static_cast<int>(values.size()) / channels; }
  const ChannelPhase& at(int frame, int channel) const {
    return values[static_cast<std::size_t>(frame) * static_cast<std::size_t>(channels) +
                  static_cast<std::size_t>(channel)];
  }
};

/// Phases of every frame of a clip, window by window with the sliding update.
/// @param features  of the clip, filtered as network.info().causal says, with a margin of at least
///                  half a window (centre) or a whole one (newest; asserted)
/// Networks whose pivot is the centre give Mode::centred, others Mode::past_only.
PhaseTrack extract_phases(const Autoencoder& network, const Features& features, bool loop);

/// What a live character would have seen: windows of causal features that end at each frame.
/// Networks whose pivot is the centre give Mode::carried (see Carry).
/// @param features  causal, with a margin of at least a window (asserted)
PhaseTrack extract_live(const Autoencoder& network, const Features& features, bool loop);

/// The settings of the features a network wants, with the margin extract_* needs.
FeatureSettings settings_for(const Autoencoder& network, bool live);

/// Features and phases of a clip in one call. Errors: those of motion_features; bad_value (a body
/// of another number of points than the network was trained on).
Result<PhaseTrack> phases_of(const Autoencoder& network, const Skeleton& skeleton, const Body& body,
                             const RawClip& clip);

/// The phases at a time, between two frames along the shorter way round. Loops wrap, others clamp;
/// a time that is not finite counts as 0.
/// @param out  [channels]
/// No allocation. An empty track writes nothing.
void sample(const PhaseTrack& track, float time_s, std::span<ChannelPhase> out);

/// One channel at a time; see sample(). An empty track or no such channel: all 0.
ChannelPhase sample_channel(const PhaseTrack& track, int channel, float time_s);

/// How fast a channel's phase moves around a time: its way over half a second, cycles per second.
/// Loops go on over their seam. 0 for a track of fewer than two frames. O(frames of half a second).
float phase_speed_hz(const PhaseTrack& track, int channel, float time_s);

/// The time in the clip, nearest to `near_s`, at which a channel has a phase; loops are searched
/// both ways round. Nothing where it never has it, or there is no such channel. O(frames).
std::optional<float> find_phase(const PhaseTrack& track, int channel, float phase, float near_s);

/// Carries a centred phase to the newest frame: p(now) = p(middle) + f (half window + the filter's
/// delay), where f is the phase's own speed, smoothed; the spectrum's F would be off by tens of
/// percent (deepphase.md, 3.3).
struct CarryState {
  float phase = 0.0f;         ///< of the middle, at the last tick
  float frequency_hz = 0.0f;  ///< of the phase, smoothed twice
  float once_hz = 0.0f;       ///< … once
  float started = 0.0f;
};
class Carry {
 public:
  Carry() = default;
  explicit Carry(const AutoencoderInfo& info);
  /// @return the channel now: phase carried on, frequency the phase's own. No allocation.
  ChannelPhase next(const ChannelPhase& middle, CarryState& state) const;

 private:
  LowPass low_pass_;
  float rate_hz_ = 60.0f;
  float half_window_s_ = 1.0f;
  float share_ = 0.05f;
};

/// A `.phase` file (docs/phase.md): a safetensors of phase, frequency_hz, amplitude and offset,
/// each [frames, channels], with metadata.
std::vector<std::byte> save_phase_track(const PhaseTrack& track, const nn::TextMap& notes = {});
/// Errors: those of read_safetensors; bad_value (tensors missing, of another shape, not finite;
/// metadata out of range).
Result<PhaseTrack> load_phase_track(std::span<const std::byte> bytes, std::string_view source);

}  // namespace canter::phase
