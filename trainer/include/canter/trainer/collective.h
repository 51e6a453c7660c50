#pragma once

#include <memory>
#include <span>

namespace canter::trainer {

/// Processes that learn one policy together, each with its own environments. Called from the
/// thread that calls the trainer, by every process in the same order.
class Collective {
 public:
  virtual ~Collective() = default;
  virtual int rank() const { return 0; }
  virtual int size() const { return 1; }
  /// Replaces `values` by their sums over all processes; the same bits everywhere.
  virtual void sum(std::span<float> values) { static_cast<void>(values); }
  virtual void sum(std::span<double> values) { static_cast<void>(values); }
  /// Ends all processes, this one included, because this one cannot go on; does nothing alone.
  virtual void give_up() {}
};

/// One process on its own.
Collective& alone();

/// The processes that mpirun started this one with; null where it did not, or where Canter was
/// built without MPI. MPI lives as long as the object: make one, once.
std::unique_ptr<Collective> mpi_collective();

}  // namespace canter::trainer
