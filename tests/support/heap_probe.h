#pragma once

#include <cstdint>

namespace canter::test {

/// Counts the heap allocations (operator new in all its forms) of this thread during its lifetime.
class HeapProbe {
 public:
  HeapProbe();
  std::int64_t count() const;

 private:
  std::int64_t start_;
};

}  // namespace canter::test
