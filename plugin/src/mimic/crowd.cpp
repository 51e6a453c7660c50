#include "mimic/crowd.h"

#include <algorithm>

namespace canter::mimic::detail {

Crowd::Crowd(const Policy& policy, int size)
    : task_(policy.task()),
      scratch_(task_),
      workspace_(PolicyWorkspace::make(policy, size).value()),
      episodes_(static_cast<std::size_t>(size), Episode(task_)),
      results_(static_cast<std::size_t>(size)),
      observations_(static_cast<std::size_t>(size * task_.observation_size())),
      actions_(static_cast<std::size_t>(size * task_.action_size())) {}

EpisodeView Crowd::episode(int i) {
  return episode_over(task_, episodes_[static_cast<std::size_t>(i)].bytes());
}

void Crowd::reset(int i, double phase) {
  mimic::reset(task_, phase, episode(i), scratch_);
  results_[static_cast<std::size_t>(i)] = {};
}

void Crowd::step() {
  const auto seen = static_cast<std::size_t>(task_.observation_size());
  const auto said = static_cast<std::size_t>(task_.action_size());
  for (int i = 0; i < size(); ++i)
    observe(task_, episode(i), scratch_,
            std::span(observations_).subspan(static_cast<std::size_t>(i) * seen, seen));
  infer(workspace_, observations_, actions_, size());
  for (int i = 0; i < size(); ++i)
    results_[static_cast<std::size_t>(i)] =
        mimic::step(task_, std::span(actions_).subspan(static_cast<std::size_t>(i) * said, said),
                    episode(i), scratch_);
}

bool Crowd::any_running() const {
  return std::ranges::any_of(results_, [](const StepResult& r) { return r.end == End::running; });
}

void Crowd::restore(const std::vector<Episode>& saved) {
  episodes_ = saved;
  for (StepResult& result : results_) result = {};
}

}  // namespace canter::mimic::detail
