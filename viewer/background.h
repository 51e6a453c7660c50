#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <utility>
#include <vector>

namespace canter::viewer {

/// Work that runs aside so that the window never waits: started under a ticket that says what it is
/// for, collected once a frame. Main thread; destruction waits for what still runs.
template <class Ticket, class Value>
class Background {
 public:
  /// `work` runs on another thread and must own or share all it reads.
  void start(Ticket ticket, std::function<Value()> work) {
    jobs_.push_back({std::move(ticket), std::async(std::launch::async, std::move(work))});
  }

  bool empty() const { return jobs_.empty(); }

  /// Whether work under such a ticket still runs.
  template <class Predicate>
  bool contains(Predicate&& predicate) const {
    for (const Job& job : jobs_)
      if (predicate(job.ticket)) return true;
    return false;
  }

  /// What is done, in the order it was started.
  std::vector<std::pair<Ticket, Value>> take_finished() {
    std::vector<std::pair<Ticket, Value>> finished;
    for (std::size_t i = 0; i < jobs_.size();) {
      if (jobs_[i].value.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        ++i;
        continue;
      }
      finished.emplace_back(std::move(jobs_[i].ticket), jobs_[i].value.get());
      jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return finished;
  }

 private:
  struct Job {
    Ticket ticket;
    std::future<Value> value;
  };
  std::vector<Job> jobs_;
};

}  // namespace canter::viewer
