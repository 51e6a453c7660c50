#include "viewer/phase_map.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace canter::viewer {
namespace {

/// The primary phase of a clip as it grows, at every 1 / rate_hz and at its end; cycles.
std::vector<double> grown(const phase::PhaseTrack& track) {
  std::vector<phase::ChannelPhase> now(static_cast<std::size_t>(track.channels));
  const auto phase_at = [&](float time_s) {
    phase::sample(track, time_s, now);
    return now[static_cast<std::size_t>(track.primary)].phase;
  };
  const auto steps = static_cast<int>(std::ceil(track.duration_s * track.rate_hz - 1e-3f));
  float before = phase_at(0.0f);
  std::vector<double> cycles = {static_cast<double>(before)};
  for (int i = 1; i <= steps; ++i) {
    const float phase = phase_at(std::min(static_cast<float>(i) / track.rate_hz, track.duration_s));
    const float way = phase::cycle_difference(phase, before);
    cycles.push_back(cycles.back() + static_cast<double>(std::max(way, 0.0f)));
    if (way > 0.0f) before = phase;
  }
  return cycles;
}

/// Time of the i-th entry.
double time_of(const phase::PhaseTrack& track, std::size_t i) {
  return std::min(static_cast<double>(i) / static_cast<double>(track.rate_hz),
                  static_cast<double>(track.duration_s));
}

/// When a clip has come to this many cycles; loops go on, others stay at their ends.
double time_at(const phase::PhaseTrack& track, const std::vector<double>& cycles, double wanted) {
  const double lap = cycles.back() - cycles.front();
  const double laps = track.loop ? std::floor((wanted - cycles.front()) / lap) : 0.0;
  wanted -= laps * lap;
  const auto after = std::upper_bound(cycles.begin(), cycles.end(), wanted);
  const auto i = static_cast<std::size_t>(after - cycles.begin());
  double time_s = time_of(track, std::min(i, cycles.size() - 1));
  if (i > 0 && i < cycles.size()) {
    const double share = (wanted - cycles[i - 1]) / (cycles[i] - cycles[i - 1]);
    time_s = std::lerp(time_of(track, i - 1), time_s, share);
  }
  return time_s + laps * static_cast<double>(track.duration_s);
}

}  // namespace

double PhaseMap::at(double time_s, std::int64_t laps) const {
  if (other_s.size() < 2) return 0.0;
  const double last = static_cast<double>(other_s.size() - 1);
  double at = std::clamp(time_s, 0.0, duration_s) * static_cast<double>(rate_hz);
  // The last entry is the clip's end, wherever between two frames that lies.
  const double whole = last - 1.0;
  const double tail = duration_s * static_cast<double>(rate_hz) - whole;
  if (at > whole && tail > 0.0) at = whole + (at - whole) / tail;
  const auto i = static_cast<std::size_t>(std::min(at, last - 1.0));
  return static_cast<double>(laps) * per_lap_s +
         std::lerp(other_s[i], other_s[i + 1], at - static_cast<double>(i));
}

Result<PhaseMapPtr> map_phases(const phase::PhaseTrack& leading, const phase::PhaseTrack& other) {
  std::vector<std::vector<double>> cycles;
  for (const phase::PhaseTrack* track : {&leading, &other}) {
    if (track->frames() < 2)
      return Error{ErrorCode::bad_value, "a clip of one frame has no phase to keep step with"};
    cycles.push_back(grown(*track));
    constexpr double kLeast = 0.5;
    if (cycles.back().back() - cycles.back().front() < kLeast)
      return Error{ErrorCode::bad_value, std::string("the phase of the ") +
                                             (track == &leading ? "clip" : "other clip") +
                                             " does not grow: there is nothing to keep step with"};
  }
  // From where the other is where this one begins, on by as much phase.
  const double start = static_cast<double>(
      phase::wrap_cycle(static_cast<float>(cycles[0].front() - cycles[1].front())));
  auto map = std::make_shared<PhaseMap>();
  map->rate_hz = leading.rate_hz;
  map->duration_s = static_cast<double>(leading.duration_s);
  for (const double c : cycles[0])
    map->other_s.push_back(
        time_at(other, cycles[1], cycles[1].front() + start + c - cycles[0].front()));
  if (leading.loop && other.loop) map->per_lap_s = map->other_s.back() - map->other_s.front();
  return PhaseMapPtr(std::move(map));
}

}  // namespace canter::viewer
