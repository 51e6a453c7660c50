#include "viewer/rewind.h"

#include <algorithm>

#include "canter/world/snapshot.h"

namespace canter::viewer {
namespace {

void list_characters(const World& world, std::vector<CharacterId>& out) {
  out.clear();
  for (int i = 0; i < world.max_characters(); ++i)
    if (const CharacterId id = world.character_at(i)) out.push_back(id);
}

}  // namespace

void Rewind::record(const State& state, const World& world) {
  Moment& moment = moments_[next_];
  next_ = (next_ + 1) % moments_.size();
  moment.simulation_frame = world.trace().num_frames() - 1;
  moment.drawing_frame = state.drawing->num_frames();
  moment.timeline = state.timeline;
  moment.selection = state.selection;
  list_characters(world, moment.characters);
  moment.world.resize(snapshot_size(world));
  if (!save(world, moment.world)) moment.world.clear();
}

const Moment* Rewind::find(bool simulation, std::int64_t frame) const {
  const auto found = std::find_if(moments_.begin(), moments_.end(), [&](const Moment& m) {
    return (simulation ? m.simulation_frame : m.drawing_frame) == frame;
  });
  return found == moments_.end() || frame < 0 ? nullptr : &*found;
}

bool restore_world(const Moment& moment, World& world) {
  std::vector<CharacterId> present;
  list_characters(world, present);
  if (moment.world.empty() || present != moment.characters) return false;
  return restore(world, moment.world).ok();
}

}  // namespace canter::viewer
