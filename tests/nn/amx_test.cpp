// The tile kernel of AMX through an emulation of tiles: packing, indices, edges. The hardware's own
// way is taken by the tests of linear layers where there is one.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "canter/base/simd.h"
#include "canter/nn/half.h"
#include "nn/amx_kernel.h"
#include "nn/linear.h"

using namespace canter;
using namespace canter::nn;
using namespace canter::nn::detail;

namespace {

// Eight tiles of 16 rows of 64 bytes, as the manual describes TDPBF16PS. The sums are not rounded
// in its order, which no test relies on.
class EmulatedTiles {
 public:
  template <int kTile>
  void zero() {
    tiles_[kTile] = {};
  }
  template <int kTile>
  void load(const void* address, std::int64_t stride_bytes) {
    for (std::int64_t r = 0; r < 16; ++r)
      std::memcpy(&tiles_[kTile][static_cast<std::size_t>(16 * r)],
                  static_cast<const char*>(address) + r * stride_bytes, 64);
  }
  template <int kTile>
  void store(void* address, std::int64_t stride_bytes) {
    for (std::int64_t r = 0; r < 16; ++r)
      std::memcpy(static_cast<char*>(address) + r * stride_bytes,
                  &tiles_[kTile][static_cast<std::size_t>(16 * r)], 64);
  }
  template <int kSum, int kA, int kB>
  void multiply() {
    for (std::size_t m = 0; m < 16; ++m)
      for (std::size_t n = 0; n < 16; ++n) {
        float sum = std::bit_cast<float>(tiles_[kSum][16 * m + n]);
        for (std::size_t k = 0; k < 16; ++k)
          for (const int half : {0, 1})
            sum += part(tiles_[kA][16 * m + k], half) * part(tiles_[kB][16 * k + n], half);
        tiles_[kSum][16 * m + n] = std::bit_cast<std::uint32_t>(sum);
      }
  }

 private:
  static float part(std::uint32_t pair, int half) {
    return std::bit_cast<float>(half == 0 ? pair << 16 : pair & 0xffff0000u);
  }
  std::array<std::array<std::uint32_t, 256>, 8> tiles_{};
};

std::vector<float> numbers(std::int64_t count, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> list(static_cast<std::size_t>(count));
  for (float& x : list) x = random() % 8 == 0 ? 0.0f : normal(random);
  return list;
}

// Inputs rounded into whole tiles, as bfloat16_linear does.
std::vector<BFloat16> padded_inputs(const PackedLinear& layer, const LinearCall& call) {
  const std::int64_t stride = bfloat16_stride(layer);
  std::vector<BFloat16> x(static_cast<std::size_t>(bfloat16_rows(call.rows) * stride));
  for (std::int64_t r = 0; r < call.rows; ++r)
    for (std::int64_t i = 0; i < layer.in; ++i)
      x[static_cast<std::size_t>(r * stride + i)] = to_bfloat16(call.x[r * call.x_stride + i]);
  return x;
}

double worst_difference(std::int64_t in, std::int64_t out, std::int64_t rows, bool accumulate,
                        std::mt19937& random) {
  auto weights = numbers(in * out, random);
  const auto bias = numbers(out, random);
  const auto x = numbers(rows * (in + 3), random);
  // What is not finite in one output must not reach another through a tile's padding.
  weights[static_cast<std::size_t>(in * out - 1)] = std::numeric_limits<float>::quiet_NaN();
  const PackedLinear layer =
      pack_linear({weights.data(), in, 1}, in, out, bias.data(), Precision::bf16);
  std::vector<float> expected = numbers(rows * (out + 5), random);
  std::vector<float> got = expected;
  Block scratch(linear_scratch_bytes(layer, rows));
  LinearCall call;
  call.x = x.data();
  call.rows = rows;
  call.x_stride = in + 3;
  call.y = expected.data();
  call.y_stride = out + 5;
  call.accumulate = accumulate;
  call.scratch = scratch.bytes();
  linear_reference(layer, call);
  const auto inputs = padded_inputs(layer, call);
  call.y = got.data();
  AmxKernel<EmulatedTiles>(layer, call, inputs.data()).run();
  double worst = 0.0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool same_kind = std::isnan(got[i]) == std::isnan(expected[i]);
    if (!same_kind) return std::numeric_limits<double>::infinity();
    if (!std::isnan(got[i]))
      worst = std::max(worst, std::abs(double{got[i]} - expected[i]) / static_cast<double>(in));
  }
  return worst;
}

}  // namespace

TEST_CASE("tiles of AMX, emulated, are the scalar reference") {
  std::mt19937 random(21);
  double worst = 0.0;
  for (const std::int64_t in : {1, 2, 31, 32, 33, 63, 100})
    for (const std::int64_t out : {1, 15, 16, 17, 33, 48, 64, 65, 130})
      for (const std::int64_t rows : {16, 17, 32, 33, 50})
        for (const bool accumulate : {false, true}) {
          const double difference = worst_difference(in, out, rows, accumulate, random);
          CAPTURE(in);
          CAPTURE(out);
          CAPTURE(rows);
          CHECK(difference <= 2e-6);
          worst = std::max(worst, difference);
        }
  MESSAGE("largest difference " << worst);
}

TEST_CASE("AMX is used where processor and operating system have it, and nowhere else") {
  MESSAGE("bf16 products here: AVX-512 " << canter::detail::has_avx512_bfloat16() << ", AMX "
                                         << amx_available());
  if (!canter::detail::has_amx_bfloat16()) CHECK_FALSE(amx_available());
  // A test that chooses an older instruction set gets neither.
  const auto targets = canter::detail::simd_targets();
  canter::detail::use_simd_target(targets.back().id);
  CHECK_FALSE(canter::detail::has_avx512_bfloat16());
  CHECK_FALSE(canter::detail::has_amx_bfloat16());
  canter::detail::use_simd_target(0);
}

TEST_CASE("rounding to bf16 in a register is the rounding of files") {
  std::mt19937 random(22);
  for (int i = 0; i < 100000; ++i) {
    const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    const float expected = to_float(to_bfloat16(x));
    if (std::isnan(x))
      CHECK(std::isnan(rounded_to_bfloat16(x)));
    else
      CHECK(rounded_to_bfloat16(x) == expected);
  }
}
