#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace canter::trainer::detail {

/// Threads that wait for lists of tasks. The caller works too, as worker 0.
class ThreadPool {
 public:
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }
  /// Calls task(index, worker) once for each index in [0, count) and returns when all are done.
  /// Which worker takes which index is open: results must not depend on it. Tasks do not throw.
  void run(int count, const std::function<void(int index, int worker)>& task);

 private:
  void work(int worker);
  void take_tasks(std::unique_lock<std::mutex>& lock, int worker);

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int, int)>* task_ = nullptr;
  int count_ = 0, next_ = 0, running_ = 0;
  std::uint64_t list_ = 0;  ///< tells lists apart
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace canter::trainer::detail
