#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "canter/base/result.h"
#include "canter/phase/clip_phases.h"

namespace canter::viewer {

/// Two clips in step: where the one is when the other is at a time, so that their primary phases
/// stay equal. Unlike World::lock_phase it knows both clips whole: the same at every time however
/// one gets there, so that it can be scrubbed and measured. Immutable.
struct PhaseMap {
  float rate_hz = 60.0f;
  double duration_s = 0.0;      ///< of the leading clip
  std::vector<double> other_s;  ///< at every 1 / rate_hz of it and at its end, growing
  double per_lap_s = 0.0;       ///< the way of the other clip in a lap of the leading one

  /// Time of the other clip, which may be laps beyond its end.
  double at(double time_s, std::int64_t laps) const;
};
using PhaseMapPtr = std::shared_ptr<const PhaseMap>;

/// A phase that goes back holds the other clip meanwhile; a clip that does not loop stays at its
/// end. Errors: a clip whose phase does not grow, by less than half a cycle in all.
Result<PhaseMapPtr> map_phases(const phase::PhaseTrack& leading, const phase::PhaseTrack& other);

}  // namespace canter::viewer
