#pragma once

#include <type_traits>

namespace canter {

/// The host's way to run independent items on its own threads. Null function: run on the caller.
/// `parallel_for` calls `run(data, i)` once for each i in [0, count), in any order and on any
/// thread, and returns when all are done. Results never depend on the order.
struct Jobs {
  void (*parallel_for)(void* user, int count, void (*run)(void* data, int index),
                       void* data) = nullptr;
  void* user = nullptr;
};

/// Runs `body(i)` for i in [0, count) through `jobs`. No allocation of its own.
template <class Body>
void parallel_for(const Jobs& jobs, int count, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  if (jobs.parallel_for == nullptr || count <= 1) {
    for (int i = 0; i < count; ++i) body(i);
    return;
  }
  jobs.parallel_for(
      jobs.user, count, [](void* data, int index) { (*static_cast<Plain*>(data))(index); }, &body);
}

}  // namespace canter
