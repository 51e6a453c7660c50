#include "viewer/timeline.h"

#include <algorithm>
#include <cmath>

namespace canter::viewer {

void start_clip(Timeline& timeline, const Clip& clip) {
  timeline.time_s = 0.0;
  timeline.laps = 0;
  timeline.duration_s = static_cast<double>(clip.duration_s());
  timeline.rate_hz = clip.rate_hz();
  timeline.num_frames = clip.num_frames();
  timeline.in_s = 0.0;
  timeline.out_s = timeline.duration_s;
  if (timeline.speed < 0.0f) timeline.time_s = timeline.duration_s;
}

void advance(Timeline& timeline, double dt_s) {
  const double length = timeline.out_s - timeline.in_s;
  if (!timeline.playing || length <= 0.0) return;
  double t = timeline.time_s - timeline.in_s + dt_s * static_cast<double>(timeline.speed);
  if (timeline.loop) {
    const double laps = std::floor(t / length);
    t = std::clamp(t - laps * length, 0.0, length);
    if (length == timeline.duration_s) timeline.laps += static_cast<std::int64_t>(laps);
  } else if (t < 0.0 || t > length) {
    t = std::clamp(t, 0.0, length);
    timeline.playing = false;
  }
  timeline.time_s = timeline.in_s + t;
}

void toggle_play(Timeline& timeline) {
  timeline.playing = !timeline.playing;
  const bool backwards = timeline.speed < 0.0f;
  const double end = backwards ? timeline.in_s : timeline.out_s;
  if (timeline.playing && !timeline.loop && timeline.time_s == end)
    timeline.time_s = backwards ? timeline.out_s : timeline.in_s;
}

void set_range(Timeline& timeline, double in_s, double out_s) {
  timeline.in_s = std::clamp(in_s, 0.0, timeline.duration_s);
  timeline.out_s = std::clamp(out_s, timeline.in_s, timeline.duration_s);
}

void seek(Timeline& timeline, double time_s) {
  if (!std::isfinite(time_s)) return;
  timeline.time_s = std::clamp(time_s, 0.0, timeline.duration_s);
}

int current_frame(const Timeline& timeline) {
  const double frame = timeline.time_s * static_cast<double>(timeline.rate_hz);
  return std::clamp(static_cast<int>(std::lround(frame)), 0, std::max(timeline.num_frames - 1, 0));
}

void step_frames(Timeline& timeline, int frames) {
  const int last = std::max(timeline.num_frames - 1, 0);
  const int frame = std::clamp(current_frame(timeline) + frames, 0, last);
  timeline.playing = false;
  seek(timeline, static_cast<double>(frame) / static_cast<double>(timeline.rate_hz));
}

}  // namespace canter::viewer
