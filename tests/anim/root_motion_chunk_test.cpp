#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "canter/anim/root_motion.h"

using namespace canter;

namespace {

RootMotion made() {
  return {{{0.0f, 0.0f, 0.0f}, {0.1f, 0.5f, 0.2f}, {0.3f, 1.1f, 7.0f}}, 30.0f, true};
}

}  // namespace

TEST_CASE("root motion survives saving and loading") {
  const RootMotion before = made();
  const std::vector<std::byte> bytes = save_root_motion(before);
  const RootMotion after = load_root_motion(bytes).value();
  REQUIRE(after.num_frames() == 3);
  CHECK(std::memcmp(after.keys().data(), before.keys().data(), before.keys().size_bytes()) == 0);
  CHECK(after.rate_hz() == 30.0f);
  CHECK(after.loop());
  CHECK(load_root_motion(save_root_motion(RootMotion())).value().num_frames() == 0);
}

TEST_CASE("damaged root motion is refused") {
  const std::vector<std::byte> good = save_root_motion(made());
  for (std::size_t n = 0; n < good.size(); ++n)
    CHECK_FALSE(load_root_motion(std::span(good).first(n)).ok());
  const auto with = [&](std::size_t at, auto value) {
    std::vector<std::byte> bytes = good;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return load_root_motion(bytes).ok();
  };
  CHECK_FALSE(with(0, std::uint32_t{2}));
  CHECK_FALSE(with(8, 0.0f));
  CHECK_FALSE(with(8, std::numeric_limits<float>::infinity()));
  CHECK_FALSE(with(12, std::uint32_t{4000000000u}));
  CHECK_FALSE(with(12, std::uint32_t{2}));
  CHECK_FALSE(with(20, std::numeric_limits<float>::quiet_NaN()));
}
