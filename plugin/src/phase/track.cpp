#include "canter/phase/track.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace canter::phase {
namespace {

// Runs windows that end at row `last` of frame 0, then of every frame.
template <class Take>
void slide_over(const Autoencoder& network, const Features& features, int last, Take&& take) {
  const int frames = network.info().frames;
  const auto m = static_cast<std::size_t>(network.info().channels);
  assert(last - frames + 1 >= 0);
  SlidingEncoder sliding(network, 1);
  std::vector<float> state(sliding.state_size());
  sliding.start(state);
  std::vector<ChannelPhase> channels(m);
  for (int r = last - frames + 1; r < last + features.frames; ++r) {
    const SlideItem item{state, features.row(r).data(), r >= last ? channels.data() : nullptr};
    sliding.advance({&item, 1});
    if (r >= last) take(std::span<const ChannelPhase>(channels));
  }
}

PhaseTrack empty_track(const Autoencoder& network, const Features& features, bool loop, Mode mode) {
  PhaseTrack track;
  track.rate_hz = features.rate_hz;
  track.loop = loop;
  track.mode = mode;
  track.channels = network.info().channels;
  track.primary = network.info().primary;
  track.duration_s = features.duration_s;
  track.values.reserve(static_cast<std::size_t>(features.frames * track.channels));
  return track;
}

// The two frames around a time, and the second's share.
struct FramePair {
  int first = 0, second = 0;
  float share = 0.0f;
};

FramePair frames_at(const PhaseTrack& track, float time_s) {
  const int frames = track.frames();
  if (!std::isfinite(time_s)) time_s = 0.0f;
  const bool wraps = track.loop && track.duration_s > 0.0f;
  if (wraps) time_s -= track.duration_s * std::floor(time_s / track.duration_s);
  const float at = std::max(0.0f, time_s * track.rate_hz);
  FramePair pair;
  pair.first = std::min(static_cast<int>(std::min(at, 1e8f)), frames - 1);
  pair.second = std::min(pair.first + 1, frames - 1);
  pair.share = std::clamp(at - static_cast<float>(pair.first), 0.0f, 1.0f);
  if (wraps && pair.first == frames - 1) {
    // The last frame of a loop lies a part of a frame before its end, which is its start.
    const float left = track.duration_s * track.rate_hz - static_cast<float>(pair.first);
    pair.second = 0;
    pair.share = left > 1e-3f ? std::min(1.0f, pair.share / left) : 0.0f;
  }
  return pair;
}

ChannelPhase blend_at(const PhaseTrack& track, const FramePair& at, int channel) {
  return blend(track.at(at.first, channel), track.at(at.second, channel), at.share);
}

}  // namespace

FeatureSettings settings_for(const Autoencoder& network, bool live) {
  const AutoencoderInfo& info = network.info();
  FeatureSettings settings;
  settings.rate_hz = info.rate_hz;
  settings.cutoff_hz = info.cutoff_hz;
  settings.causal = live || info.causal;
  settings.margin = info.frames;
  return settings;
}

PhaseTrack extract_phases(const Autoencoder& network, const Features& features, bool loop) {
  const bool centred = network.info().pivot == Pivot::centre;
  PhaseTrack track =
      empty_track(network, features, loop, centred ? Mode::centred : Mode::past_only);
  const int ahead = centred ? network.info().frames / 2 : 0;
  slide_over(network, features, features.margin + ahead,
             [&](std::span<const ChannelPhase> channels) {
               track.values.insert(track.values.end(), channels.begin(), channels.end());
             });
  return track;
}

PhaseTrack extract_live(const Autoencoder& network, const Features& features, bool loop) {
  if (network.info().pivot == Pivot::newest) return extract_phases(network, features, loop);
  PhaseTrack track = empty_track(network, features, loop, Mode::carried);
  const Carry carry(network.info());
  std::vector<CarryState> states(static_cast<std::size_t>(track.channels));
  slide_over(network, features, features.margin, [&](std::span<const ChannelPhase> channels) {
    for (std::size_t c = 0; c < channels.size(); ++c)
      track.values.push_back(carry.next(channels[c], states[c]));
  });
  return track;
}

Result<PhaseTrack> phases_of(const Autoencoder& network, const Skeleton& skeleton, const Body& body,
                             const RawClip& clip) {
  if (3 * body.num_points() != network.info().dims)
    return Error{ErrorCode::bad_value, "a body of " + std::to_string(body.num_points()) +
                                           " points; the network was trained on " +
                                           std::to_string(network.info().dims / 3)};
  const auto features = motion_features(skeleton, body, clip, settings_for(network, false));
  if (!features) return features.error();
  return extract_phases(network, *features, clip.loop);
}

void sample(const PhaseTrack& track, float time_s, std::span<ChannelPhase> out) {
  if (track.frames() == 0) return;
  const FramePair at = frames_at(track, time_s);
  const auto count = std::min(out.size(), static_cast<std::size_t>(track.channels));
  for (std::size_t c = 0; c < count; ++c) out[c] = blend_at(track, at, static_cast<int>(c));
}

ChannelPhase sample_channel(const PhaseTrack& track, int channel, float time_s) {
  if (track.frames() == 0 || channel < 0 || channel >= track.channels) return {};
  return blend_at(track, frames_at(track, time_s), channel);
}

Carry::Carry(const AutoencoderInfo& info)
    : low_pass_(butterworth(info.cutoff_hz, info.rate_hz)),
      rate_hz_(info.rate_hz),
      half_window_s_(static_cast<float>(info.frames / 2) / info.rate_hz) {
  // Phases sway within a cycle, mostly twice: of a sway at 2 Hz two such memories leave 4 %.
  constexpr float kMemory_s = 0.4f;
  share_ = 1.0f - std::exp(-1.0f / (kMemory_s * info.rate_hz));
}

ChannelPhase Carry::next(const ChannelPhase& middle, CarryState& state) const {
  const float speed_hz = cycle_difference(middle.phase, state.phase) * rate_hz_;
  if (state.started == 0.0f) {
    state.frequency_hz = state.once_hz = middle.frequency_hz;
  } else if (std::abs(speed_hz) < 0.1f * rate_hz_) {  // else a jump, which is no speed
    state.once_hz += share_ * (speed_hz - state.once_hz);
    state.frequency_hz += share_ * (state.once_hz - state.frequency_hz);
  }
  state.phase = middle.phase;
  state.started = 1.0f;
  ChannelPhase now = middle;
  now.frequency_hz = state.frequency_hz;
  const float ahead_s = half_window_s_ + delay_s(low_pass_, state.frequency_hz, rate_hz_);
  now.phase = wrap_cycle(middle.phase + state.frequency_hz * ahead_s);
  return now;
}

}  // namespace canter::phase
