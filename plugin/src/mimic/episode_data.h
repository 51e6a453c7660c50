#pragma once

// What a thread's Scratch of this room holds. Private to the room.

#include <vector>

#include "canter/mimic/episode.h"

namespace canter::mimic {

struct Scratch::Buffers {
  std::vector<physics::LinkState> links, reference_links;  ///< [num_joints]
  std::vector<double> positions, velocities;               ///< of the reference
};

namespace detail {

/// The reference at `ahead_s` from the episode's time, with its origin, and its links.
void sample_reference(const Task& task, const EpisodeHead& head, double ahead_s,
                      std::span<double> positions, std::span<double> velocities);

/// What the action asks for at the end of the next physics step.
/// @param positions, velocities  the reference at that time; overwritten with the targets
/// Returns the drive over these buffers.
physics::Drive drive_target(const Task& task, std::span<const float> action,
                            std::span<double> positions, std::span<double> velocities);

}  // namespace detail
}  // namespace canter::mimic
