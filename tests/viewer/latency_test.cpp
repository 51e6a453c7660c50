#include "viewer/latency.h"

#include <doctest/doctest.h>

#include "canter/world/world.h"
#include "synthetic.h"
#include "viewer/rewind.h"

namespace canter::test {
namespace {

constexpr const char* kStages[] = {"first", "second"};

Trace trace_of(std::initializer_list<int> us) {
  Trace trace(kStages, 16);
  for (const int t : us) {
    trace.begin_frame();
    trace.add_ns(0, t * 1000);
    trace.add_ns(1, 500);
    trace.end_frame();
  }
  return trace;
}

TEST_CASE("bars keep the slowest frame of a pixel") {
  const Trace trace = trace_of({1, 9, 2, 3, 7, 4});  // the newest is 4
  const viewer::Bars all = viewer::Bars::of(trace, 6, 100.0f);
  CHECK(all.per_bar == 1);
  CHECK(all.count() == 6);
  CHECK(all.worst_age(trace, 1) == 1);
  const viewer::Bars halves = viewer::Bars::of(trace, 6, 3.0f);
  CHECK(halves.per_bar == 2);
  CHECK(halves.count() == 3);
  CHECK(halves.worst_age(trace, 0) == 1);
  CHECK(halves.worst_age(trace, 2) == 4);
  CHECK(viewer::worst_age(trace, 6) == 4);
  CHECK(viewer::worst_age(trace, 3) == 1);
}

TEST_CASE("percentiles follow the trace, one row a frame") {
  viewer::Latency latency;
  latency.update(Trace(kStages, 4));
  CHECK(latency.rows().empty());
  Trace trace = trace_of({2});
  latency.update(trace);
  REQUIRE(latency.rows().size() == 3);
  CHECK(latency.rows()[0].stats.max_us == doctest::Approx(2.0));
  CHECK(latency.rows()[2].stats.max_us == doctest::Approx(2.5));
  trace = trace_of({2, 8});
  for (int i = 0; i < 3; ++i) latency.update(trace);
  CHECK(latency.rows()[0].stats.max_us == doctest::Approx(8.0));
  CHECK(latency.rows()[2].stats.max_us == doctest::Approx(8.5));
}

TEST_CASE("a remembered moment puts the world back, and only its own world") {
  World world;
  CharacterDesc desc;
  desc.skeleton = std::make_shared<const Skeleton>(synthetic_skeleton(5));
  const CharacterId character = world.create(desc).value();
  Trace drawing(kStages, 4);
  viewer::State state;
  state.simulation = &world.trace();
  state.drawing = &drawing;
  viewer::Rewind rewind(4);
  for (int i = 0; i < 6; ++i) {
    Transform placement;
    placement.translation.x = static_cast<float>(i);
    world.set_placement(character, placement);
    step(world, 0.01);
    state.timeline.time_s = i;
    rewind.record(state, world);
  }
  CHECK(rewind.find(true, 1) == nullptr);  // overwritten
  const viewer::Moment* moment = rewind.find(true, 3);
  REQUIRE(moment != nullptr);
  CHECK(moment->timeline.time_s == 3.0);
  REQUIRE(viewer::restore_world(*moment, world));
  CHECK(world.placement(character).translation.x == 3.0f);
  world.create(desc).value();
  CHECK(!viewer::restore_world(*moment, world));
}

}  // namespace
}  // namespace canter::test
