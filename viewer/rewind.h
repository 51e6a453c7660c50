#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "canter/world/world.h"
#include "viewer/state.h"

namespace canter::viewer {

/// A frame that was shown and can be gone back to.
struct Moment {
  std::int64_t simulation_frame = -1;  ///< its number in either trace
  std::int64_t drawing_frame = -1;
  Timeline timeline;
  Selection selection;
  std::vector<CharacterId> characters;  ///< whose state `world` holds
  std::vector<std::byte> world;         ///< a snapshot (canter/world/snapshot.h)
};

/// The last frames, in a ring whose memory is used again: a recorded frame allocates only while the
/// world grows.
class Rewind {
 public:
  explicit Rewind(int capacity) : moments_(static_cast<std::size_t>(capacity)) {}

  void record(const State& state, const World& world);
  /// The moment in which this frame of a trace was made; nullptr if it is forgotten.
  const Moment* find(bool simulation, std::int64_t frame) const;

 private:
  std::vector<Moment> moments_;
  std::size_t next_ = 0;
};

/// Puts the world back, if its characters are still those of the moment; false if not.
bool restore_world(const Moment& moment, World& world);

}  // namespace canter::viewer
