#pragma once

// Poses of which most stands still. A stream of a pose is handled in lines of four joints, a cache
// line each; a clip knows which lines hold a track, and only those are worth copying.

#include <cstdint>
#include <vector>

#include "canter/anim/pose.h"

namespace canter::detail {

inline constexpr int kLineJoints = 4;
inline constexpr int kLineFloats = 4 * kLineJoints;
static_assert(kPosePadding % kLineJoints == 0);

/// Which lines of a stream hold a track.
struct MovingLines {
  std::vector<std::uint16_t> lines;  ///< their indices, ascending
  std::vector<std::int64_t> masks;   ///< [all lines] all bits set where a track is, otherwise 0
};

/// A stream of a pose in two places: line k lies in `moving` where masks[k] has all bits set, and
/// in `still` where it is 0. Both are indexed alike.
struct LineStream {
  const float* still = nullptr;
  const float* moving = nullptr;
  const std::int64_t* masks = nullptr;
};
struct LinePose {
  LineStream rotations;
  LineStream translations;
  LineStream scales;  ///< nullptrs when the skeleton has no scale
};

}  // namespace canter::detail
