#include "canter/trainer/run.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "canter/trainer/log.h"

namespace canter::trainer {
namespace {

using Clock = std::chrono::steady_clock;

double wall_time_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Error cannot(const std::string& path, const char* what) {
  return {ErrorCode::io, path + ": cannot " + what + ": " + std::strerror(errno)};
}

// The log in its two forms, and the checkpoint.
class Files {
 public:
  explicit Files(const RunFiles& options) : options_(options) {}

  /// Restores the trainer where a checkpoint is to be continued.
  Result<void> open(Trainer& trainer, bool& resumed) {
    if (options_.folder.empty()) return {};
    std::error_code error;
    std::filesystem::create_directories(options_.folder, error);
    if (error) return Error{ErrorCode::io, options_.folder + ": cannot create: " + error.message()};
    std::string kept = csv_header();
    if (options_.resume && std::filesystem::exists(checkpoint_path())) {
      const auto bytes = read_file(checkpoint_path());
      if (!bytes) return bytes.error();
      if (const auto done = trainer.restore(bytes.value(), checkpoint_path().c_str()); !done)
        return done;
      resumed = true;
      kept += rows_until(trainer.num_iterations());
    }
    if (const auto done = write_file(csv_path(), std::as_bytes(std::span(kept))); !done)
      return done;
    events_path_ = new_events_path();
    return append(events_path_, tensorboard_start(wall_time_s()));
  }

  Result<void> log(const Iteration& iteration) {
    if (options_.folder.empty()) return {};
    const std::string row = csv_row(iteration);
    if (const auto done = append(csv_path(), std::as_bytes(std::span(row))); !done) return done;
    return append(events_path_,
                  tensorboard_event(wall_time_s(), iteration.samples, scalars_of(iteration)));
  }

  Result<void> checkpoint(const Trainer& trainer) {
    if (options_.folder.empty()) return {};
    last_checkpoint_ = Clock::now();
    return write_file(checkpoint_path(), trainer.save());
  }
  bool checkpoint_due() const {
    return std::chrono::duration<double>(Clock::now() - last_checkpoint_).count() >=
           options_.checkpoint_every_s;
  }

 private:
  std::string path(const char* name) const { return options_.folder + "/" + name; }
  std::string csv_path() const { return path("log.csv"); }
  std::string checkpoint_path() const { return path("checkpoint"); }
  std::string new_events_path() const {
    const std::string stem =
        path("events.out.tfevents.") + std::to_string(static_cast<std::int64_t>(wall_time_s()));
    for (int i = 0;; ++i) {
      const std::string name = stem + ".canter." + std::to_string(i);
      if (!std::filesystem::exists(name)) return name;
    }
  }

  // What was logged after the checkpoint will be logged again.
  std::string rows_until(std::int64_t iteration) const {
    std::ifstream in(csv_path());
    std::string line, rows;
    std::getline(in, line);
    while (std::getline(in, line))
      if (!line.empty() && std::strtoll(line.c_str(), nullptr, 10) <= iteration)
        rows += line + "\n";
    return rows;
  }

  static Result<void> append(const std::string& path, std::span<const std::byte> bytes) {
    std::ofstream out(path, std::ios::binary | std::ios::app);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    out.flush();
    if (!out) return cannot(path, "write");
    return {};
  }

  RunFiles options_;
  std::string events_path_;
  Clock::time_point last_checkpoint_ = Clock::now();
};

bool reached(const Limits& limits, const Iteration& last) {
  return (limits.samples > 0 && last.samples >= limits.samples) ||
         (limits.seconds > 0.0 && last.seconds >= limits.seconds) ||
         (limits.reward > 0.0 && last.best_reward >= limits.reward);
}

// Whether any process says so: clocks and keyboards differ, and all must do the same.
bool any(Collective& collective, bool here) {
  double count = here ? 1.0 : 0.0;
  collective.sum(std::span(&count, 1));
  return count > 0.0;
}

// Waits while paused.
Command ask(const Callbacks& callbacks) {
  using namespace std::chrono_literals;
  if (!callbacks.command) return Command::go;
  for (;;) {
    const Command command = callbacks.command();
    if (command != Command::pause) return command;
    std::this_thread::sleep_for(100ms);
  }
}

}  // namespace

Result<RunReport> run(Trainer& trainer, const Limits& limits, const Callbacks& callbacks,
                      const RunFiles& options) {
  RunReport report;
  Files files(options);
  if (const auto opened = files.open(trainer, report.resumed); !opened) return opened.error();
  report.last = trainer.status();

  Collective& collective = trainer.collective();
  while (!any(collective, reached(limits, report.last))) {
    if (any(collective, ask(callbacks) == Command::stop)) {
      report.stopped = true;
      break;
    }
    report.last = trainer.iterate();
    // The last policy is evaluated in any case.
    if (any(collective, reached(limits, report.last)) && !report.last.evaluated)
      trainer.evaluate_now(report.last);
    if (const auto logged = files.log(report.last); !logged) return logged.error();
    if (callbacks.iteration) callbacks.iteration(report.last);
    if (callbacks.newest) callbacks.newest(trainer.policy());
    if (callbacks.best && report.last.improved)
      callbacks.best(trainer.best_policy(), trainer.best_evaluation());
    if (!any(collective, files.checkpoint_due())) continue;
    if (const auto saved = files.checkpoint(trainer); !saved) return saved.error();
  }
  if (const auto saved = files.checkpoint(trainer); !saved) return saved.error();
  return report;
}

Result<void> write_file(const std::string& path, std::span<const std::byte> bytes) {
  const std::string partial = path + ".partial";
  {
    std::ofstream out(partial, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    out.flush();
    if (!out) {
      const Error error = cannot(path, "write");
      std::remove(partial.c_str());
      return error;
    }
  }
  if (std::rename(partial.c_str(), path.c_str()) != 0) return cannot(path, "write");
  return {};
}

Result<std::vector<std::byte>> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return cannot(path, "open");
  const std::streamoff size = in.tellg();
  std::vector<std::byte> bytes(size > 0 ? static_cast<std::size_t>(size) : 0);
  in.seekg(0);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!in) return cannot(path, "read");
  return bytes;
}

}  // namespace canter::trainer
