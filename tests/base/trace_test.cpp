#include "canter/base/trace.h"

#include <doctest/doctest.h>

#include <new>

#include "heap_probe.h"

using namespace canter;

namespace {
constexpr const char* kStages[] = {"sample", "model"};
}

TEST_CASE("trace keeps the last frames and their percentiles") {
  Trace trace(kStages, 4);
  CHECK(trace.stats(0).max_us == 0.0);
  for (int frame = 1; frame <= 6; ++frame) {
    trace.begin_frame();
    trace.add_ns(0, frame * 1000);
    trace.add_ns(0, 500);
    trace.add_ns(1, 250);
    trace.end_frame();
  }
  CHECK(trace.num_frames() == 6);
  CHECK(trace.num_kept() == 4);
  CHECK(trace.at_us(0, 0) == doctest::Approx(6.5));
  CHECK(trace.at_us(0, 3) == doctest::Approx(3.5));
  CHECK(trace.total_us(0) == doctest::Approx(6.75));
  CHECK(trace.stats(0).p50_us == doctest::Approx(4.5));
  CHECK(trace.stats(0).max_us == doctest::Approx(6.5));
  CHECK(trace.stats(-1).max_us == doctest::Approx(6.75));
}

TEST_CASE("recording and percentiles do not touch the heap") {
  Trace trace(kStages, 64);
  test::HeapProbe probe;
  for (int frame = 0; frame < 200; ++frame) {
    trace.begin_frame();
    { Trace::Scope scope(&trace, 0); }
    { Trace::Scope scope(nullptr, 1); }
    trace.end_frame();
    (void)trace.stats(-1);
  }
  CHECK(probe.count() == 0);
}

TEST_CASE("the heap probe sees an allocation") {
  test::HeapProbe probe;
  // Through the function: a new expression may be optimised away.
  void* volatile p = ::operator new(4);
  ::operator delete(p);
  CHECK(probe.count() == 1);
  // std::stable_sort takes its buffer this way.
  void* volatile q = ::operator new(4, std::nothrow);
  ::operator delete(q);
  CHECK(probe.count() == 2);
}
