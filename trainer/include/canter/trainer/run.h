#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "canter/base/result.h"
#include "canter/trainer/trainer.h"

namespace canter::trainer {

/// What a run does between two iterations.
enum class Command : std::uint8_t { go, pause, stop };

/// Called on the thread that runs, between iterations (one to a few seconds apart). Empty: nothing.
struct Callbacks {
  /// After each iteration.
  std::function<void(const Iteration&)> iteration;
  /// A policy better than all before, with its evaluation.
  std::function<void(const Policy&, const Evaluation&)> best;
  /// The policy as it is, after each iteration: to be watched.
  std::function<void(const Policy&)> newest;
  /// Asked before each iteration, and ten times a second while it says pause.
  std::function<Command()> command;
};

/// Where a run ends; 0 means no such limit. At least one must be given, or a command that stops it.
struct Limits {
  std::int64_t samples = 0;  ///< in all, of all runs this one continues
  double seconds = 0.0;      ///< likewise
  double reward = 0.0;       ///< an evaluation reaches it
};

/// Files of a run.
struct RunFiles {
  /// Holds log.csv, checkpoint, and TensorBoard's events.out.tfevents.…; made if absent. Empty: no
  /// files.
  std::string folder;
  /// Continue from the folder's checkpoint where there is one; otherwise begin anew and replace it.
  bool resume = false;
  double checkpoint_every_s = 30.0;  ///< a killed run loses at most this and one iteration
};

/// How a run ended.
struct RunReport {
  Iteration last;
  bool resumed = false;
  bool stopped = false;  ///< by command
};

/// Iterates until a limit. Ends with a checkpoint and an evaluation of the last policy.
/// Errors: io (a file, with its path); what Trainer::restore refuses.
Result<RunReport> run(Trainer& trainer, const Limits& limits, const Callbacks& callbacks = {},
                      const RunFiles& files = {});

/// Writes beside `path` and renames: the file is the old or the new one, never half of either.
/// Errors: io.
Result<void> write_file(const std::string& path, std::span<const std::byte> bytes);
/// Errors: io.
Result<std::vector<std::byte>> read_file(const std::string& path);

}  // namespace canter::trainer
