#include "trainer/ppo/thread_pool.h"

namespace canter::trainer::detail {

ThreadPool::ThreadPool(int threads) {
  for (int worker = 1; worker < threads; ++worker)
    threads_.emplace_back([this, worker] { work(worker); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::run(int count, const std::function<void(int, int)>& task) {
  std::unique_lock lock(mutex_);
  task_ = &task;
  count_ = count;
  next_ = 0;
  ++list_;
  wake_.notify_all();
  take_tasks(lock, 0);
  done_.wait(lock, [this] { return running_ == 0; });
  task_ = nullptr;
}

void ThreadPool::work(int worker) {
  std::unique_lock lock(mutex_);
  for (std::uint64_t seen = 0;;) {
    wake_.wait(lock, [&] { return stop_ || list_ != seen; });
    if (stop_) return;
    seen = list_;
    take_tasks(lock, worker);
  }
}

void ThreadPool::take_tasks(std::unique_lock<std::mutex>& lock, int worker) {
  while (task_ != nullptr && next_ < count_) {
    const int index = next_++;
    ++running_;
    const auto& task = *task_;
    lock.unlock();
    task(index, worker);
    lock.lock();
    --running_;
  }
  if (running_ == 0) done_.notify_all();
}

}  // namespace canter::trainer::detail
