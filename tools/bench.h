#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// What `canter bench` measures. To add a row, add a Case to the list one of the functions at the
/// end returns, or write another such function and call it in tools/bench.cpp.
namespace canter::tools::bench {

/// One operation beside its reference. Both run in turn, batch by batch, in the same process.
struct Case {
  std::string name;       ///< area.operation.data
  std::string reference;  ///< what `run_reference` is; empty without one
  int calls = 64;         ///< operations per batch
  int batches = 301;      ///< of each side
  /// Restores the state a batch starts from; not timed.
  std::function<void()> reset;
  /// Performs that many operations.
  std::function<void(int calls)> run;
  std::function<void(int calls)> run_reference;
  /// Hash of what `run` left behind.
  std::function<std::uint64_t()> hash;
};

struct Row {
  std::string name;
  double ns = 0.0;  ///< median over the batches, per operation
  double best_ns = 0.0;
  double spread = 0.0;  ///< (90th - 10th percentile) / median
  std::string reference;
  double reference_ns = 0.0;
  double ratio = 0.0;  ///< ns / reference_ns
  std::uint64_t hash = 0;
};

/// A compressed clip's size.
struct Size {
  std::string name;
  int joints = 0;
  int frames = 0;
  std::size_t bytes = 0;
  std::size_t raw_bytes = 0;
  std::size_t resident_bytes = 0;
  double max_error_mm = 0.0;
  double compress_ms = 0.0;
};

Row measure(const Case& bench_case);

/// Keeps `value` and all memory as if they were used here.
void keep(const void* value);

/// Rows and sizes of the clip runtime; real motions too where `data_dir` has them.
struct Suite {
  std::vector<Case> cases;
  std::vector<Size> sizes;
};
void add_anim(Suite& suite, const std::string& data_dir);
void add_import(Suite& suite, const std::string& data_dir);
/// The Periodic Autoencoder.
void add_phase(Suite& suite);
/// Characters of a World, one and many.
void add_world(Suite& suite);
/// The phase stage of a World's frame.
void add_world_phase(Suite& suite);

}  // namespace canter::tools::bench
