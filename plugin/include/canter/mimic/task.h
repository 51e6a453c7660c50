#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "canter/mimic/interface.h"
#include "canter/mimic/reference_motion.h"
#include "canter/mimic/reward.h"
#include "canter/physics/simulate.h"

namespace canter::mimic {

/// Which parts of the body end an episode when they touch the ground.
enum class FallSet : std::uint8_t {
  all_but_feet,
  all_but_feet_and_hands,
  trunk,
  none,
};
/// As published: cartwheels may use hands, crawling limbs, rolls and get-ups everything.
FallSet fall_set_for(std::string_view clip_name);

enum class RewardKind : std::uint8_t { paper, code };

/// Phases from which no episode starts, [from, to) in cycles.
struct PhaseRange {
  float from = 0.0f, to = 0.0f;
};

struct TaskOptions {
  Interface interface;
  double control_rate_hz =
      30.0;  ///< actions per second; physics steps per action are a whole number
  physics::ModelOptions physics;
  RewardKind reward = RewardKind::paper;  ///< which of the two StepResult::reward is
  FallSet fall = FallSet::all_but_feet;
  /// Ends an episode when the root is further from the reference than this; 0: never.
  float max_root_turn_rad = 1.2f;
  float max_root_distance_m = 0.7f;
  double episode_s = 20.0;  ///< time limit
  double hold_s = 0.3;  ///< clips without a loop: time at the last frame before the episode ends
  /// Puts the reference's root over the body's (x, z) at every lap, as published.
  bool resync = true;
  std::vector<PhaseRange> skip_starts;
};

/// A clip to imitate on a body through an interface: everything an episode shares with others.
/// Immutable, shared by threads, cheap to copy.
class Task {
 public:
  Task() = default;

  const physics::Model& model() const;
  const ReferenceMotion& motion() const;
  const TaskOptions& options() const;

  int observation_size() const;
  int action_size() const;
  std::span<const TableRow> observation_table() const;
  std::span<const TableRow> action_table() const;
  /// [action_size]
  std::span<const ActionRange> action_ranges() const;
  int steps_per_action() const;
  double action_s() const;  ///< seconds between actions
  /// Bytes of an episode.
  std::size_t episode_bytes() const;

  struct Data;
  const Data& data() const { return *data_; }

 private:
  friend struct TaskAccess;
  std::shared_ptr<const Data> data_;
};

/// Errors: options out of range (each named); a control rate that does not divide the physics rate;
/// a clip that lacks a joint of the body; what make_model and make_reference_motion refuse.
Result<Task> make_task(const physics::BodyDesc& body, const Skeleton& skeleton, const RawClip& clip,
                       const TaskOptions& options = {});

}  // namespace canter::mimic
