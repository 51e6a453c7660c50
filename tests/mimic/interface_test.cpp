#include <doctest/doctest.h>

#include <map>

#include "canter/mimic/interface.h"

using namespace canter;
using namespace canter::mimic;

namespace {

const TableRow& row_of(const std::vector<TableRow>& table, const std::string& name) {
  for (const TableRow& row : table)
    if (row.name == name) return row;
  FAIL("no row " << name);
  return table.front();
}

// Every number belongs to one row, in order.
void check_dense(const std::vector<TableRow>& table) {
  int next = 0;
  for (const TableRow& row : table) {
    CHECK_MESSAGE(row.offset == next, row.name);
    CHECK(row.width > 0);
    next += row.width;
  }
  CHECK(table_size(table) == next);
}

}  // namespace

TEST_CASE("the original interface of the humanoid has 197 and 36 numbers") {
  const Interface original = interface_from("deepmimic").value();
  const physics::BodyDesc body = physics::humanoid_body();
  const auto seen = observation_table(body, original);
  const auto said = action_table(body, original);
  check_dense(seen);
  check_dense(said);
  CHECK(table_size(seen) == 197);
  CHECK(table_size(said) == 36);
  CHECK(row_of(seen, "root.position").offset == 2);
  CHECK(row_of(seen, "left_wrist.position").offset == 100);
  CHECK(row_of(seen, "root.velocity").offset == 107);
  CHECK(row_of(seen, "left_wrist.velocity").offset == 191);
  CHECK(std::string(row_of(seen, "root.rotation").frame) == "world");
  CHECK(std::string(row_of(seen, "neck.rotation").frame) == "heading");
  const TableRow& phase = row_of(seen, "phase");
  CHECK(phase.fixed);
  CHECK((0.0f - phase.mean) / phase.std == -1.0f);
  CHECK((1.0f - phase.mean) / phase.std == 1.0f);
}

TEST_CASE("the original interface's ranges are the published ones") {
  const auto ranges = action_ranges(physics::humanoid_body(), interface_from("deepmimic").value());
  REQUIRE(ranges.size() == 36);
  struct Row {
    std::size_t at;
    float mean, std, low, high;
  };
  const Row rows[] = {{0, 0, 4.8f, -4.8f, 4.8f},         {4, 0, 4, -4, 4},
                      {8, 0, 8.28f, -7.78f, 8.78f},      {12, -1.57f, 6.28f, -7.85f, 4.71f},
                      {13, 0, 6.28f, -6.28f, 6.28f},     {17, 0, 12.56f, -12.56f, 12.56f},
                      {21, 1.57f, 6.28f, -4.71f, 7.85f}, {22, 0, 8.28f, -7.78f, 8.78f},
                      {31, 0, 9.28f, -8.46f, 10.1f},     {35, 1.57f, 6.28f, -4.71f, 7.85f}};
  for (const Row& row : rows) {
    CAPTURE(row.at);
    CHECK(ranges[row.at].mean == doctest::Approx(row.mean));
    CHECK(ranges[row.at].std == doctest::Approx(row.std));
    CHECK(ranges[row.at].low == doctest::Approx(row.low));
    CHECK(ranges[row.at].high == doctest::Approx(row.high));
  }
  CHECK(ranges[3].mean == 0.2f);  // the axis' third component
  CHECK(ranges[3].std == 1.0f);
}

TEST_CASE("the tracking interface") {
  const physics::BodyDesc body = physics::humanoid_body();
  Interface tracking;
  const auto seen = observation_table(body, tracking);
  check_dense(seen);
  CHECK(table_size(seen) == 361);
  CHECK(row_of(seen, "reference.root_offset").offset == 226);
  CHECK(table_size(action_table(body, tracking)) == 28);
  check_dense(action_table(body, tracking));
  CHECK(table_size(action_table(physics::dog_body(), tracking)) == 18 * 3 + 4);
  tracking.residual_by_torque = true;
  const auto ranges = action_ranges(body, tracking);
  CHECK(ranges[0].std == doctest::Approx(0.2f));  // chest: 200 / 1000
  CHECK(ranges[9].std == doctest::Approx(0.3f));  // right knee: 150 / 500
}

TEST_CASE("interfaces by name") {
  CHECK(interface_name(interface_from("tracking").value()) == "tracking");
  CHECK(interface_name(interface_from("deepmimic").value()) == "deepmimic");
  CHECK_FALSE(interface_from("other").ok());
  CHECK(interface_from("other").error().message.find("'other'") != std::string::npos);
}
