#include "canter/phase/clip_phases.h"

#include "canter/phase/metrics.h"

namespace canter::phase {
namespace {

std::shared_ptr<ClipPhases> indexed(PhaseTrack track) {
  auto phases = std::make_shared<ClipPhases>();
  std::vector<float> speeds(track.values.size());
  const auto channels = static_cast<std::size_t>(track.channels);
  for (std::size_t i = 0; i < speeds.size(); ++i)
    speeds[i] = phase_speed_hz(track, static_cast<int>(i % channels),
                               static_cast<float>(i / channels) / track.rate_hz);
  for (std::size_t i = 0; i < speeds.size(); ++i) track.values[i].frequency_hz = speeds[i];
  phases->track = std::move(track);
  phases->index = PhaseIndex(phases->track);
  return phases;
}

// Strikes of a clip; a loop's as they are in a lap with others before and after it.
Result<Gait> gait_of(const Skeleton& skeleton, const RawClip& clip) {
  const float lap_s = clip.duration_s();
  if (!clip.loop || !(lap_s > 0.0f)) return find_gait(skeleton, clip, 0.0f, lap_s);
  Result<Gait> gait = find_gait(skeleton, unrolled(skeleton, clip, 3.0f * lap_s), 0.0f, 3 * lap_s);
  if (!gait) return gait;
  for (std::vector<float>& foot : gait->strikes_s) {
    std::erase_if(foot, [&](float t) { return t < lap_s || t >= 2.0f * lap_s; });
    for (float& t : foot) t -= lap_s;
  }
  return gait;
}

}  // namespace

Result<std::shared_ptr<const ClipPhases>> make_clip_phases(const Autoencoder& network,
                                                           const Skeleton& skeleton,
                                                           const RawClip& clip) {
  Result<PhaseTrack> track = phases_of(network, skeleton, make_body(skeleton), clip);
  if (!track) return track.error();
  const Result<Gait> gait = gait_of(skeleton, clip);
  if (!gait) return gait.error();
  const std::shared_ptr<ClipPhases> phases = indexed(std::move(track).value());
  for (std::size_t foot = 0; foot < 2; ++foot)
    for (const float time_s : gait->strikes_s[foot])
      phases->strikes[foot].push_back(
          {time_s, sample_channel(phases->track, phases->track.primary, time_s).phase});
  return std::shared_ptr<const ClipPhases>(phases);
}

std::shared_ptr<const ClipPhases> make_clip_phases(PhaseTrack track) {
  return indexed(std::move(track));
}

}  // namespace canter::phase
