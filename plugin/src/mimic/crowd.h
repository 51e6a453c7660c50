#pragma once

#include <vector>

#include "canter/mimic/episode.h"
#include "canter/mimic/policy.h"

namespace canter::mimic::detail {

/// Episodes of one policy that act together: one network run for all.
class Crowd {
 public:
  Crowd(const Policy& policy, int size);

  int size() const { return static_cast<int>(episodes_.size()); }
  EpisodeView episode(int i);
  void reset(int i, double phase);
  /// One action for every episode that runs; results of others keep their end.
  void step();
  /// Of the last step; its end is `running` after a reset.
  const StepResult& result(int i) const { return results_[static_cast<std::size_t>(i)]; }
  bool any_running() const;
  /// All episodes as they are, to come back to.
  std::vector<Episode> save() const { return episodes_; }
  void restore(const std::vector<Episode>& saved);

  const Task& task() const { return task_; }
  Scratch& scratch() { return scratch_; }

 private:
  Task task_;
  Scratch scratch_;
  PolicyWorkspace workspace_;
  std::vector<Episode> episodes_;
  std::vector<StepResult> results_;
  std::vector<float> observations_, actions_;
};

}  // namespace canter::mimic::detail
