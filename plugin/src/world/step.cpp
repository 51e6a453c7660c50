// The frame. `step` is its list of stages; each stage is a function over a batch of characters.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "canter/anim/local_to_model.h"
#include "world/bodies.h"
#include "world/phases.h"

namespace canter {
namespace detail {
namespace {

// Characters on their way through the stages together, with one worker's scratch.
struct Batch {
  WorldData& world;
  Worker& worker;
  Arena& scratch;
  double dt_s;
  std::array<CharacterPlace*, kBatchSize> places{};
  std::array<PoseView, kBatchSize> poses{};  ///< null while there is none: the character is parked
  int count = 0;
};

void park(Batch& batch, int i, ParkReason reason) {
  const auto at = static_cast<std::size_t>(i);
  park(batch.world, batch.worker, *batch.places[at], reason);
  batch.poses[at] = {};
}

// sample: clip → reference pose, for those that clips move.
void sample_references(Batch& batch) {
  for (int i = 0; i < batch.count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    CharacterPlace& place = *batch.places[at];
    CharacterState& state = place.state();
    if (state.parked != ParkReason::none) continue;
    batch.poses[at] = pose_over(*place.skeleton, batch.scratch);
    ParkReason why = ParkReason::none;
    if (batch.poses[at].rotations == nullptr) {
      why = ParkReason::out_of_scratch;
    } else if (place.is_physical()) {
      advance_transition(batch.world, state, state.paused != 0 ? 0.0 : batch.dt_s);
    } else {
      advance(batch.world, state, state.paused != 0 ? 0.0 : batch.dt_s);
      why = evaluate(batch.world, state, *place.skeleton, batch.scratch, batch.poses[at]);
    }
    if (why != ParkReason::none) park(batch, i, why);
  }
}

// True if no float of the stream is NaN or infinite. On the bits, because that vectorises.
bool all_finite(const void* data, std::size_t num_floats) {
  const auto* bytes = static_cast<const std::byte*>(data);
  constexpr std::uint32_t kExponent = 0x7f800000u;
  std::uint32_t bad = 0;
  for (std::size_t i = 0; i < num_floats; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
    bad |= static_cast<std::uint32_t>((bits & kExponent) == kExponent);
  }
  return bad == 0;
}

bool all_finite(ConstPoseView pose) {
  const auto num_floats = static_cast<std::size_t>(pose.num_joints) * 4;
  return all_finite(pose.rotations, num_floats) && all_finite(pose.translations, num_floats) &&
         (pose.scales == nullptr || all_finite(pose.scales, num_floats));
}

// pose: body state → skeleton pose. Kinematic characters come straight here.
void settle_poses(Batch& batch) {
  for (int i = 0; i < batch.count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    CharacterPlace& place = *batch.places[at];
    const PoseView& pose = batch.poses[at];
    if (pose.rotations == nullptr) continue;
    if (place.is_physical()) {
      const ParkReason why = show_body(batch.world, place, batch.scratch, pose);
      if (why != ParkReason::none) {
        park(batch, i, why);
        continue;
      }
    }
    if (place.pose_hook.adjust != nullptr)
      place.pose_hook.adjust(place.pose_hook.user, batch.world.id_of(place), *place.skeleton, pose);
    if (!all_finite(pose)) park(batch, i, ParkReason::non_finite_pose);
  }
}

// model: local → model space.
void concatenate(Batch& batch) {
  for (int i = 0; i < batch.count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    CharacterPlace& place = *batch.places[at];
    if (batch.poses[at].rotations == nullptr) {
      ++batch.worker.num_parked;
      continue;
    }
    local_to_model(*place.skeleton, Mat4(1.0f), batch.poses[at], place.models());
    ++batch.worker.num_stepped;
  }
}

// Runs one stage over the batch and books its time.
void run(Stage stage, void (*work)(Batch&), Batch& batch) {
  const StageTimer timer(batch.worker, stage);
  work(batch);
}

// Hands the characters out in batches to worker loops on the host's threads. Which worker gets
// which batch is left to chance; no result depends on it.
template <class Frame>
void for_each_batch(WorldData& world, double dt_s, Frame&& frame) {
  const int num_batches = (world.used_places + kBatchSize - 1) / kBatchSize;
  const int num_workers = std::min(static_cast<int>(world.workers.size()), num_batches);
  std::atomic<int> next{0};
  parallel_for(world.desc.jobs, num_workers, [&](int worker_index) {
    Worker& worker = world.workers[static_cast<std::size_t>(worker_index)];
    for (int b = next.fetch_add(1); b < num_batches; b = next.fetch_add(1)) {
      Arena scratch(worker.scratch.bytes());
      Batch batch{world, worker, scratch, dt_s, {}, {}, 0};
      const int end = std::min((b + 1) * kBatchSize, world.used_places);
      for (int i = b * kBatchSize; i < end; ++i) {
        CharacterPlace& place = world.places[static_cast<std::size_t>(i)];
        if (place.live()) batch.places[static_cast<std::size_t>(batch.count++)] = &place;
      }
      frame(batch);
    }
  });
}

// Opens the frame: the fixed clock and the workers' tallies. `num_fixed_steps` is what the frame's
// physics has to do.
StepReport begin_frame(WorldData& world, double& dt_s, int& num_fixed_steps) {
  StepReport report;
  report.bad_dt = !(dt_s >= 0.0) || std::isinf(dt_s);
  if (report.bad_dt) dt_s = 0.0;
  const std::int64_t dropped = world.clock.dropped_steps;
  num_fixed_steps = world.clock.advance(dt_s);
  report.dropped_fixed_steps = static_cast<int>(world.clock.dropped_steps - dropped);
  for (Worker& worker : world.workers) {
    worker.stage_ns = {};
    worker.num_stepped = worker.num_parked = worker.newly_parked = worker.num_ended = 0;
  }
  world.trace.begin_frame();
  return report;
}

// Names the characters a worker parked, up to a handful.
void log_parked(const WorldData& world, const Worker& worker) {
  const auto named =
      std::min(static_cast<std::size_t>(worker.newly_parked), worker.parked_places.size());
  for (std::size_t i = 0; i < named; ++i) {
    const CharacterPlace& place = world.places[static_cast<std::size_t>(worker.parked_places[i])];
    std::array<char, 160> text;
    std::snprintf(text.data(), text.size(), "character %d is parked: %s",
                  worker.parked_places[i] + 1, describe(place.state().parked));
    world.desc.log(LogLevel::warning, text.data());
  }
}

// Closes the frame: the trace row and the report.
void end_frame(WorldData& world, StepReport& report) {
  for (const Worker& worker : world.workers) {
    for (std::size_t s = 0; s < worker.stage_ns.size(); ++s)
      world.trace.add_ns(static_cast<int>(s), worker.stage_ns[s]);
    report.num_stepped += worker.num_stepped;
    report.num_parked += worker.num_parked;
    report.newly_parked += worker.newly_parked;
    report.num_ended += worker.num_ended;
    log_parked(world, worker);
  }
  report.num_simulated = static_cast<int>(world.bodies.size());
  world.trace.end_frame();
}

}  // namespace

void park(WorldData& world, Worker& worker, CharacterPlace& place, ParkReason reason) {
  place.state().parked = reason;
  const auto n = static_cast<std::size_t>(worker.newly_parked++);
  if (n < worker.parked_places.size())
    worker.parked_places[n] = static_cast<int>(&place - world.places.data());
}

}  // namespace detail

StepReport step(World& world, double dt_s) {
  using namespace detail;
  WorldData& w = world.data();
  int num_fixed_steps = 0;
  StepReport report = begin_frame(w, dt_s, num_fixed_steps);
  begin_phases(w, dt_s);
  simulate_bodies(w, num_fixed_steps);
  for_each_batch(w, dt_s, [](Batch& batch) {
    run(Stage::sample, sample_references, batch);
    run(Stage::pose, settle_poses, batch);
    run(Stage::model, concatenate, batch);
  });
  read_phases(w, dt_s);
  end_frame(w, report);
  return report;
}

}  // namespace canter
