#include "viewer/timeline.h"

#include <doctest/doctest.h>

#include <limits>

namespace canter::test {
namespace {

using viewer::Timeline;

/// Two seconds at 30 Hz.
Timeline two_seconds() {
  Timeline t;
  t.duration_s = t.out_s = 2.0;
  t.rate_hz = 30.0f;
  t.num_frames = 61;
  return t;
}

TEST_CASE("a looping timeline wraps both ways and counts laps") {
  Timeline t = two_seconds();
  viewer::advance(t, 1.5);
  CHECK(t.time_s == doctest::Approx(1.5));
  viewer::advance(t, 1.0);
  CHECK(t.time_s == doctest::Approx(0.5));
  CHECK(t.laps == 1);
  t.speed = -1.0f;
  viewer::advance(t, 1.0);
  CHECK(t.time_s == doctest::Approx(1.5));
  CHECK(t.laps == 0);
  t.speed = 5.0f;
  viewer::advance(t, 1.7);
  CHECK(t.time_s == doctest::Approx(0.0).epsilon(1e-9));
  CHECK(t.laps == 5);
}

TEST_CASE("between in and out point it stays inside, and those laps move nobody") {
  Timeline t = two_seconds();
  t.in_s = 0.5;
  t.out_s = 1.0;
  t.time_s = 0.9;
  viewer::advance(t, 0.3);
  CHECK(t.time_s == doctest::Approx(0.7));
  CHECK(t.laps == 0);
  // A cursor left outside by scrubbing comes back inside.
  viewer::seek(t, 1.8);
  viewer::advance(t, 0.01);
  CHECK(t.time_s >= t.in_s);
  CHECK(t.time_s <= t.out_s);
}

TEST_CASE("without loop it stops at the end it runs into") {
  Timeline t = two_seconds();
  t.loop = false;
  viewer::advance(t, 9.0);
  CHECK(t.time_s == 2.0);
  CHECK(!t.playing);
  t.playing = true;
  t.speed = -1.0f;
  viewer::advance(t, 9.0);
  CHECK(t.time_s == 0.0);
  CHECK(!t.playing);
}

TEST_CASE("steps land on frames and stop at the ends") {
  Timeline t = two_seconds();
  viewer::seek(t, 0.51);
  viewer::step_frames(t, 1);
  CHECK(t.time_s == doctest::Approx(16.0 / 30.0));
  CHECK(!t.playing);
  CHECK(viewer::current_frame(t) == 16);
  viewer::step_frames(t, -100);
  CHECK(t.time_s == 0.0);
  viewer::step_frames(t, 1000);
  CHECK(t.time_s == doctest::Approx(2.0));
  CHECK(viewer::current_frame(t) == 60);
}

TEST_CASE("seeking clamps and ignores what is no number") {
  Timeline t = two_seconds();
  viewer::seek(t, 7.0);
  CHECK(t.time_s == 2.0);
  viewer::seek(t, std::numeric_limits<double>::quiet_NaN());
  CHECK(t.time_s == 2.0);
  viewer::seek(t, -1.0);
  CHECK(t.time_s == 0.0);
}

TEST_CASE("a clip of one frame stands still") {
  Timeline t;
  t.num_frames = 1;
  viewer::advance(t, 1.0);
  viewer::step_frames(t, 1);
  CHECK(t.time_s == 0.0);
  CHECK(viewer::current_frame(t) == 0);
}

}  // namespace
}  // namespace canter::test
