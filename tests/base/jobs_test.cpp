#include "canter/base/jobs.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace canter;

namespace {

void on_threads(void*, int count, void (*run)(void*, int), void* data) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(run, data, i);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("parallel_for runs every index once, with and without the host's threads") {
  for (const Jobs jobs : {Jobs{}, Jobs{&on_threads, nullptr}}) {
    for (const int count : {0, 1, 7}) {
      std::vector<std::atomic<int>> seen(8);
      parallel_for(jobs, count, [&](int i) { ++seen[static_cast<std::size_t>(i)]; });
      for (int i = 0; i < 8; ++i) CHECK(seen[static_cast<std::size_t>(i)] == (i < count ? 1 : 0));
    }
  }
}
