#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "viewer/body.h"

namespace canter::viewer {

/// One iteration of training.
struct TrainingPoint {
  double seconds = 0.0;
  std::int64_t samples = 0;
  float noisy_reward = 0.0f;  ///< mean per step while it explores
  float reward = 0.0f;        ///< of the last evaluation: return over the best there is
  bool evaluated = false;     ///< that evaluation is this iteration's
};

/// How training is getting on. A plain value, copied to whoever shows it.
struct TrainingProgress {
  enum class Status { none, running, paused, stopping, stopped, failed };
  Status status = Status::none;
  std::string clip;
  std::string error;  ///< why it failed
  std::vector<TrainingPoint> curve;
  double seconds = 0.0;
  double samples_per_s = 0.0;
  std::int64_t samples = 0;
  float best_reward = 0.0f;
  float life_s = 0.0f;  ///< mean of the last evaluation, of at most 20 s
  int survived = 0, starts = 0;

  bool active() const {
    return status == Status::running || status == Status::paused || status == Status::stopping;
  }
};

/// A body learning its clip on threads of its own while the viewer goes on. Ends when told to, or
/// when destroyed, which waits for the iteration under way (a few seconds).
class Training {
 public:
  /// Begins at once. @param threads  that learn; leave one core to the viewer
  /// Errors: a build without the trainer.
  static Result<std::unique_ptr<Training>> start(BodySetupPtr setup, int threads);
  ~Training();
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;

  void pause(bool paused);
  void stop();
  TrainingProgress progress() const;
  /// The newest policy, if there is one that was not taken yet; otherwise null.
  BodyPolicyPtr take_newest();
  /// The best policy so far as a file (canter mimic eval reads it); empty before there is one.
  std::vector<std::byte> best_file() const;
  const BodySetupPtr& setup() const;

 private:
  struct Shared;
  explicit Training(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;
};

}  // namespace canter::viewer
