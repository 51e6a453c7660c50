#pragma once

#include "viewer/state.h"

namespace canter::viewer {

/// Starts over with a clip of this length.
void start_clip(Timeline& timeline, const Clip& clip);
/// Moves the time by `dt_s` of the wall, at the chosen speed, within in and out point.
void advance(Timeline& timeline, double dt_s);
/// Play or pause; play at the end of a clip that does not loop starts it over.
void toggle_play(Timeline& timeline);
/// What plays: from in to out point, within the clip.
void set_range(Timeline& timeline, double in_s, double out_s);
/// Moves to a time, within the clip.
void seek(Timeline& timeline, double time_s);
/// Moves whole frames and lands on one.
void step_frames(Timeline& timeline, int frames);
/// The frame nearest to the current time.
int current_frame(const Timeline& timeline);

}  // namespace canter::viewer
