#include "viewer/platform/thread.h"

#ifdef __linux__
#include <unistd.h>
#else
#include <SDL.h>
#endif

namespace canter::viewer {

void give_way_to_frames() {
#ifdef __linux__
  // Of this thread only, on Linux: a third of the time where another is always ready. The lowest
  // (SDL's) would leave learning half of what it has so, for frames that were fast enough.
  constexpr int kLower = 5;
  static_cast<void>(::nice(kLower));
#else
  SDL_SetThreadPriority(SDL_THREAD_PRIORITY_LOW);
#endif
}

}  // namespace canter::viewer
