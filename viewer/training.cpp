#include "viewer/training.h"

#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

#include "viewer/platform/thread.h"

#ifdef CANTER_HAS_TRAINER
#include "canter/trainer/mimic.h"
#include "canter/trainer/run.h"
#endif

namespace canter::viewer {

/// What the learning thread and the viewer's have in common.
struct Training::Shared {
  BodySetupPtr setup;
  std::thread thread;
  std::atomic<bool> paused{false}, stopping{false};
  mutable std::mutex mutex;  ///< of all below
  TrainingProgress progress;
  BodyPolicyPtr newest;
  std::vector<std::byte> best;
};

#ifdef CANTER_HAS_TRAINER
namespace {

using Status = TrainingProgress::Status;

void note(TrainingProgress& progress, const trainer::Iteration& i) {
  TrainingPoint point;
  point.seconds = i.seconds;
  point.samples = i.samples;
  point.noisy_reward = static_cast<float>(i.train_reward);
  point.reward = static_cast<float>(i.evaluation.reward);
  point.evaluated = i.evaluated;
  progress.curve.push_back(point);
  progress.seconds = i.seconds;
  progress.samples = i.samples;
  const double spent_s = i.seconds > 0.0 ? i.seconds : 1.0;
  progress.samples_per_s = static_cast<double>(i.samples) / spent_s;
  progress.best_reward = static_cast<float>(std::max(i.best_reward, 0.0));
  progress.life_s = static_cast<float>(i.evaluation.life_s);
  progress.survived = i.evaluation.survived;
  progress.starts = i.evaluation.starts;
}

/// A policy as the file that everyone else reads.
Result<std::vector<std::byte>> file_of(const mimic::Task& task, const trainer::Policy& policy) {
  return mimic::write_policy(task, trainer::actor_weights(policy), R"({"made_by": "canter view"})");
}

Result<BodyPolicyPtr> performable(const mimic::Task& task, const trainer::Policy& policy) {
  const auto file = file_of(task, policy);
  if (!file) return file.error();
  const auto loaded = mimic::load_policy(*file, "the policy in training");
  if (!loaded) return loaded.error();
  char words[64];
  std::snprintf(words, sizeof words, "in training, %.2f M samples",
                static_cast<double>(policy.samples) * 1e-6);
  return std::make_shared<const BodyPolicy>(BodyPolicy{loaded->network(), words});
}

}  // namespace
#endif

Training::Training(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

Result<std::unique_ptr<Training>> Training::start(BodySetupPtr setup, int threads) {
#ifdef CANTER_HAS_TRAINER
  auto shared = std::make_shared<Shared>();
  shared->setup = std::move(setup);
  shared->progress.status = Status::running;
  shared->progress.clip = shared->setup->name;
  shared->thread = std::thread([s = shared.get(), threads] {
    give_way_to_frames();
    const auto fail = [s](const Error& error) {
      const std::lock_guard lock(s->mutex);
      s->progress.status = Status::failed;
      s->progress.error = error.message;
    };
    const mimic::Task& task = s->setup->lesson;
    const auto environment = trainer::make_mimic_environment(task);
    trainer::Settings settings = trainer::mimic_settings(task);
    settings.threads = threads;
    auto made = trainer::Trainer::make(*environment, settings);
    if (!made) return fail(made.error());
    trainer::Callbacks callbacks;
    callbacks.iteration = [s](const trainer::Iteration& i) {
      const std::lock_guard lock(s->mutex);
      note(s->progress, i);
    };
    callbacks.newest = [s, &task](const trainer::Policy& policy) {
      const Result<BodyPolicyPtr> ready = performable(task, policy);
      const std::lock_guard lock(s->mutex);
      if (ready) s->newest = *ready;
    };
    callbacks.best = [s, &task](const trainer::Policy& policy, const trainer::Evaluation&) {
      auto file = file_of(task, policy);
      const std::lock_guard lock(s->mutex);
      if (file) s->best = std::move(file).value();
    };
    callbacks.command = [s] {
      return s->stopping ? trainer::Command::stop
             : s->paused ? trainer::Command::pause
                         : trainer::Command::go;
    };
    const auto report = trainer::run(*made, {}, callbacks);
    if (!report) return fail(report.error());
    const std::lock_guard lock(s->mutex);
    s->progress.status = Status::stopped;
  });
  return std::unique_ptr<Training>(new Training(std::move(shared)));
#else
  static_cast<void>(setup), static_cast<void>(threads);
  return Error{ErrorCode::unsupported,
               "this build has no trainer: libdnnl-dev was not there when it was configured"};
#endif
}

Training::~Training() {
  stop();
  if (shared_->thread.joinable()) shared_->thread.join();
}

void Training::pause(bool paused) {
  shared_->paused = paused;
}

void Training::stop() {
  shared_->stopping = true;
}

TrainingProgress Training::progress() const {
  const std::lock_guard lock(shared_->mutex);
  TrainingProgress progress = shared_->progress;
  if (progress.status == TrainingProgress::Status::running) {
    if (shared_->paused) progress.status = TrainingProgress::Status::paused;
    if (shared_->stopping) progress.status = TrainingProgress::Status::stopping;
  }
  return progress;
}

BodyPolicyPtr Training::take_newest() {
  const std::lock_guard lock(shared_->mutex);
  return std::exchange(shared_->newest, nullptr);
}

std::vector<std::byte> Training::best_file() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->best;
}

const BodySetupPtr& Training::setup() const {
  return shared_->setup;
}

}  // namespace canter::viewer
