// Processes of one mpirun, on one machine or many. Built where MPI was found.
#include <cstdlib>
#include <memory>

#include "canter/trainer/collective.h"

#ifdef CANTER_HAS_MPI
#include <mpi.h>
#endif

namespace canter::trainer {

#ifdef CANTER_HAS_MPI
namespace {

// Sums go to rank 0 and come back from it: an all-reduce may add in another order on every rank.
class MpiCollective : public Collective {
 public:
  MpiCollective() {
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  ~MpiCollective() override { MPI_Finalize(); }
  MpiCollective(const MpiCollective&) = delete;
  MpiCollective& operator=(const MpiCollective&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void sum(std::span<float> values) override {
    sum(values.data(), static_cast<int>(values.size()), MPI_FLOAT);
  }
  void sum(std::span<double> values) override {
    sum(values.data(), static_cast<int>(values.size()), MPI_DOUBLE);
  }
  void give_up() override {
    if (size_ > 1) MPI_Abort(MPI_COMM_WORLD, 1);
  }

 private:
  void sum(void* values, int count, MPI_Datatype type) const {
    if (rank_ == 0)
      MPI_Reduce(MPI_IN_PLACE, values, count, type, MPI_SUM, 0, MPI_COMM_WORLD);
    else
      MPI_Reduce(values, nullptr, count, type, MPI_SUM, 0, MPI_COMM_WORLD);
    MPI_Bcast(values, count, type, 0, MPI_COMM_WORLD);
  }

  int rank_ = 0, size_ = 1;
};

}  // namespace
#endif

std::unique_ptr<Collective> mpi_collective() {
#ifdef CANTER_HAS_MPI
  // Set by mpirun of Open MPI, and by that of MPICH and its relatives.
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})
    if (std::getenv(name) != nullptr) return std::make_unique<MpiCollective>();
#endif
  return nullptr;
}

}  // namespace canter::trainer
