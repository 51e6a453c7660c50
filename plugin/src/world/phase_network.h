#pragma once

// What characters that use one phase network share. Private to the room.

#include <cstddef>
#include <memory_resource>
#include <span>
#include <variant>
#include <vector>

#include "canter/phase/frame_tracker.h"
#include "canter/phase/tracker.h"

namespace canter::detail {

/// Characters that a worker reads together.
inline constexpr int kPhaseBatch = 8;

/// A network of either kind, with the memory of one run for every worker.
class PhaseNetwork {
 public:
  PhaseNetwork(const phase::Autoencoder& network, int num_workers,
               std::pmr::memory_resource* memory);
  PhaseNetwork(const phase::FrameNetwork& network, int num_workers,
               std::pmr::memory_resource* memory);

  int num_channels() const;
  int primary() const { return primary_; }
  /// Floats of one character's state.
  std::size_t state_size() const;
  void start(std::span<float> state) const;
  /// Whether bytes of any origin and alignment hold a state. No allocation.
  bool is_sound(std::span<const std::byte> state);

  /// Takes newest poses, up to kPhaseBatch, with the memory of a worker. No allocation.
  void update(int worker, std::span<const phase::TrackItem> items);
  std::span<const phase::ChannelPhase> phases(std::span<const float> state) const;
  phase::PhaseReading reading(std::span<const float> state) const;

  /// Places of the characters that use it in this step.
  std::pmr::vector<int> members;

 private:
  // One of either kind per worker; never empty.
  std::variant<std::pmr::vector<phase::Tracker>, std::pmr::vector<phase::FrameTracker>> trackers_;
  int primary_ = 0;
  std::pmr::vector<float> checked_;  ///< [state_size] of is_sound
};

}  // namespace canter::detail
