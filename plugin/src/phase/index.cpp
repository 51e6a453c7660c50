#include "canter/phase/index.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace canter::phase {
namespace {

constexpr std::size_t kMostChannels = 64;

int slice_of(float phase) {
  return std::min(static_cast<int>(phase * PhaseIndex::kSlices), PhaseIndex::kSlices - 1);
}

// Squared distance of two manifold points over all channels, or the primary alone.
float squared_distance(const PhaseTrack& track, int frame, std::span<const ChannelPhase> phases,
                       bool primary_only) {
  float sum = 0.0f;
  for (int c = 0; c < track.channels; ++c) {
    if (primary_only && c != track.primary) continue;
    const ManifoldPoint a = manifold_point(track.at(frame, c));
    const ManifoldPoint b = manifold_point(phases[static_cast<std::size_t>(c)]);
    sum += (a.sine - b.sine) * (a.sine - b.sine) + (a.cosine - b.cosine) * (a.cosine - b.cosine);
  }
  return sum;
}

// The best frame among some slices.
struct Best {
  int frame = -1;
  float distance = std::numeric_limits<float>::infinity();
};
void search_slice(const PhaseIndex& index, int slice, std::span<const ChannelPhase> phases,
                  const MatchSettings& settings, int last_frame, Best& best) {
  const PhaseTrack& track = index.track();
  const auto primary = static_cast<std::size_t>(track.primary);
  for (const std::int32_t frame : index.slice(slice)) {
    if (frame > last_frame) continue;
    const float distance = settings.primary_only
                               ? std::abs(cycle_difference(track.at(frame, track.primary).phase,
                                                           phases[primary].phase))
                               : squared_distance(track, frame, phases, false);
    if (distance < best.distance) best = {frame, distance};
  }
}

// Moves from a frame to where the primary phase is met, at most a frame either way.
float refine(const PhaseTrack& track, int frame, float phase) {
  const int next = std::min(frame + 1, track.frames() - 1);
  const int before = std::max(frame - 1, 0);
  const float gain =
      cycle_difference(track.at(next, track.primary).phase, track.at(before, track.primary).phase);
  const float missing = cycle_difference(phase, track.at(frame, track.primary).phase);
  const float step = gain > 1e-4f ? missing * static_cast<float>(next - before) / gain : 0.0f;
  const float at = static_cast<float>(frame) + std::clamp(step, -1.0f, 1.0f);
  return std::clamp(at / track.rate_hz, 0.0f, track.duration_s);
}

}  // namespace

PhaseIndex::PhaseIndex(const PhaseTrack& track) : track_(&track) {
  std::array<std::int32_t, kSlices> counts{};
  for (int f = 0; f < track.frames(); ++f)
    ++counts[static_cast<std::size_t>(slice_of(track.at(f, track.primary).phase))];
  for (std::size_t s = 0; s < kSlices; ++s) begins_[s + 1] = begins_[s] + counts[s];
  frames_.resize(static_cast<std::size_t>(track.frames()));
  std::array<std::int32_t, kSlices> next{};
  std::copy_n(begins_.begin(), kSlices, next.begin());
  for (int f = 0; f < track.frames(); ++f) {
    auto& at = next[static_cast<std::size_t>(slice_of(track.at(f, track.primary).phase))];
    frames_[static_cast<std::size_t>(at++)] = f;
  }
}

std::span<const std::int32_t> PhaseIndex::slice(int slice) const {
  const auto s = static_cast<std::size_t>(slice);
  return std::span(frames_).subspan(static_cast<std::size_t>(begins_[s]),
                                    static_cast<std::size_t>(begins_[s + 1] - begins_[s]));
}

PhaseMatch find_match(const PhaseIndex& index, std::span<const ChannelPhase> phases,
                      const MatchSettings& settings) {
  const PhaseTrack& track = index.track();
  PhaseMatch match;
  if (track.frames() == 0 || phases.size() < static_cast<std::size_t>(track.channels)) return match;
  const float phase = wrap_cycle(phases[static_cast<std::size_t>(track.primary)].phase);
  const int tail = track.loop ? 0 : static_cast<int>(settings.tail_s * track.rate_hz);
  const int last_frame = std::max(0, track.frames() - 1 - tail);

  // Rings of slices around the phase, until one holds a frame and all within the limit are seen.
  Best best;
  const int reach = std::clamp(static_cast<int>(std::ceil(settings.within * PhaseIndex::kSlices)),
                               0, PhaseIndex::kSlices / 2);
  const int middle = slice_of(phase);
  for (int ring = 0; ring <= PhaseIndex::kSlices / 2; ++ring) {
    if (ring > reach && best.frame >= 0) break;
    for (const int side : {-ring, ring}) {
      const int slice = (middle + side + PhaseIndex::kSlices) % PhaseIndex::kSlices;
      search_slice(index, slice, phases, settings, last_frame, best);
      if (ring == 0) break;
    }
  }
  if (best.frame < 0) return match;
  match.found = true;
  match.time_s = refine(track, best.frame, phase);
  std::array<ChannelPhase, kMostChannels> there;
  sample(track, match.time_s, there);
  match.phase_error = cycle_difference(there[static_cast<std::size_t>(track.primary)].phase, phase);
  match.distance = std::sqrt(squared_distance(track, best.frame, phases, false));
  return match;
}

PhaseMatch align_transition(const PhaseTrack& from, float from_s, const PhaseIndex& to,
                            const MatchSettings& settings) {
  std::array<ChannelPhase, kMostChannels> phases;
  sample(from, from_s, phases);
  const auto count = std::min(kMostChannels, static_cast<std::size_t>(from.channels));
  return find_match(to, std::span(phases).first(count), settings);
}

float speed_in_step(const PhaseTrack& track, float time_s, float hz, float least, float most) {
  if (track.frames() < 2 || track.primary >= track.channels || !(hz > 0.0f)) return 1.0f;
  const float own_hz = phase_speed_hz(track, track.primary, time_s);
  return own_hz > 0.05f ? std::clamp(hz / own_hz, least, most) : 1.0f;
}

}  // namespace canter::phase
