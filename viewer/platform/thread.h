#pragma once

namespace canter::viewer {

/// From now on the calling thread, and those it starts, leave the processor to the viewer's where
/// both want it. Frames stay even then where the processor draws them.
void give_way_to_frames();

}  // namespace canter::viewer
