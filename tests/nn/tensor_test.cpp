#include "canter/nn/tensor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

using namespace canter;
using namespace canter::nn;

TEST_CASE("half: every value survives the way through float") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Half h{static_cast<std::uint16_t>(bits)};
    const float f = to_float(h);
    if (std::isnan(f))
      CHECK(std::isnan(to_float(to_half(f))));
    else if (to_half(f) != h)
      FAIL("half " << bits);
    const BFloat16 b{static_cast<std::uint16_t>(bits)};
    const float g = to_float(b);
    if (!std::isnan(g) && to_bfloat16(g) != b) FAIL("bfloat16 " << bits);
  }
  CHECK(to_float(Half{0x3c00}) == 1.0f);
  CHECK(to_float(Half{0x0001}) == 0x1p-24f);
  CHECK(to_float(Half{0xfbff}) == -65504.0f);
}

TEST_CASE("half: rounding is to nearest, ties to even") {
  CHECK(to_half(1.0f + 0x1p-11f).bits == 0x3c00);      // tie, down to even
  CHECK(to_half(1.0f + 3 * 0x1p-11f).bits == 0x3c02);  // tie, up to even
  CHECK(to_half(1.0f + 0x1p-11f + 0x1p-20f).bits == 0x3c01);
  CHECK(to_half(65519.0f).bits == 0x7bff);
  CHECK(to_half(65520.0f).bits == 0x7c00);  // tie above the largest
  CHECK(to_half(0x1p-25f).bits == 0x0000);  // half of the least: tie to even
  CHECK(to_half(-0x1.8p-25f).bits == 0x8001);
  CHECK(to_half(-0.0f).bits == 0x8000);
  CHECK(to_bfloat16(1.0f + 0x1p-8f).bits == 0x3f80);
  CHECK(to_bfloat16(1.0f + 3 * 0x1p-8f).bits == 0x3f82);
  CHECK(to_bfloat16(std::numeric_limits<float>::max()).bits == 0x7f80);
}

TEST_CASE("shape: sizes are checked") {
  CHECK(Shape().num_elements() == 1);
  CHECK(Shape({3, 0, 1LL << 62}).num_elements() == 0);
  CHECK(Shape({1LL << 40, 1LL << 40}).num_elements() == std::numeric_limits<std::int64_t>::max());
  CHECK(Shape({2, 3}).text() == "[2, 3]");
  const std::int64_t negative[] = {2, -1};
  CHECK(Shape::make(negative).error().code == ErrorCode::bad_value);
  const std::int64_t many[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  CHECK(Shape::make(many).error().code == ErrorCode::limit);
  CHECK(Tensor::make(DType::f64, {1LL << 40, 1LL << 40}).error().code == ErrorCode::limit);
  CHECK(Tensor::make(DType::f32, {0, 3}).value().size_bytes() == 0);
}

TEST_CASE("convert: rounds, saturates, tests for zero") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor f = Tensor::of<float>({6}, {1.9f, -1.9f, 300.0f, nan, -0.0f, 1e30f});
  const Tensor i8 = convert(f.view(), DType::i8);
  const std::int8_t expected[] = {1, -1, 127, 0, 0, 127};
  CHECK(std::ranges::equal(i8.as<std::int8_t>(), expected));
  const std::uint8_t truth[] = {1, 1, 1, 1, 0, 1};
  CHECK(std::ranges::equal(convert(f.view(), DType::boolean).as<std::uint8_t>(), truth));
  CHECK(convert(f.view(), DType::i64).as<std::int64_t>()[5] ==
        std::numeric_limits<std::int64_t>::max());
  CHECK(convert(i8.view(), DType::f16).as<Half>()[0].bits == 0x3c00);
  CHECK(convert(i8.view(), DType::u8).as<std::uint8_t>()[1] == 0);
}
