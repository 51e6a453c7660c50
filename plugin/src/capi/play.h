#pragma once

// What a canter_play_desc asks for. Private to the room.

#include "capi/context.h"

namespace canter::capi {

struct PlayOrder {
  Playback playback;
  Transition transition;
};

/// Reads a caller's description; refuses what is no description, and clips that are not there.
PlayOrder read_play(canter_context& context, WorldUse& use, const canter_play_desc* desc);

}  // namespace canter::capi
