// Where in a clip a phase is, and how fast it moves there.

#include <algorithm>
#include <cmath>

#include "canter/phase/track.h"

namespace canter::phase {
namespace {

// A sway of twice a cycle of a second is gone over this long.
constexpr float kSpeedWindow_s = 0.5f;

bool wraps(const PhaseTrack& track) {
  return track.loop && track.duration_s > 0.0f;
}

float into_clip(const PhaseTrack& track, float time_s) {
  if (!wraps(track)) return std::clamp(time_s, 0.0f, track.duration_s);
  const float wrapped = time_s - track.duration_s * std::floor(time_s / track.duration_s);
  return wrapped < track.duration_s ? wrapped : 0.0f;
}

// A loop goes on beyond its ends, other clips stop at them.
float reachable(const PhaseTrack& track, float time_s) {
  return wraps(track) ? time_s : std::clamp(time_s, 0.0f, track.duration_s);
}

// A time between two at which a channel passes a phase, if it does.
std::optional<float> crossing(const PhaseTrack& track, int channel, float phase, float from_s,
                              float to_s) {
  const float before =
      cycle_difference(sample_channel(track, channel, from_s).phase, wrap_cycle(phase));
  const float after =
      cycle_difference(sample_channel(track, channel, to_s).phase, wrap_cycle(phase));
  // Signs that differ by a jump of half a cycle are the other side of the circle.
  if (before * after > 0.0f || std::abs(before - after) > 0.25f) return std::nullopt;
  const float share = before == after ? 0.0f : before / (before - after);
  return from_s + share * (to_s - from_s);
}

}  // namespace

float phase_speed_hz(const PhaseTrack& track, int channel, float time_s) {
  if (track.frames() < 2 || !(track.duration_s > 0.0f)) return 0.0f;
  const float step_s = 1.0f / track.rate_hz;
  const float from_s = reachable(track, time_s - 0.5f * kSpeedWindow_s);
  const float to_s = reachable(track, time_s + 0.5f * kSpeedWindow_s);
  if (!(to_s > from_s)) return 0.0f;
  const int steps = std::max(1, static_cast<int>(std::lround((to_s - from_s) / step_s)));
  float way = 0.0f;
  float before = sample_channel(track, channel, from_s).phase;
  for (int i = 1; i <= steps; ++i) {
    const float at_s = from_s + (to_s - from_s) * static_cast<float>(i) / static_cast<float>(steps);
    const float now = sample_channel(track, channel, at_s).phase;
    way += cycle_difference(now, before);
    before = now;
  }
  return way / (to_s - from_s);
}

std::optional<float> find_phase(const PhaseTrack& track, int channel, float phase, float near_s) {
  if (channel < 0 || channel >= track.channels || track.frames() == 0 || !std::isfinite(phase) ||
      !std::isfinite(near_s))
    return std::nullopt;
  const float step_s = 1.0f / track.rate_hz;
  const float middle_s = into_clip(track, near_s);
  const int steps = wraps(track) ? track.frames() / 2 + 1 : track.frames();
  for (int i = 0; i < steps; ++i) {
    const float near_step = static_cast<float>(i) * step_s, far_step = near_step + step_s;
    std::optional<float> best;
    for (const float side : {1.0f, -1.0f}) {
      const std::optional<float> found =
          crossing(track, channel, phase, reachable(track, middle_s + side * near_step),
                   reachable(track, middle_s + side * far_step));
      if (found && (!best || std::abs(*found - middle_s) < std::abs(*best - middle_s)))
        best = found;
    }
    if (best) return into_clip(track, *best);
  }
  return std::nullopt;
}

}  // namespace canter::phase
