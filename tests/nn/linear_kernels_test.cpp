#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "canter/base/simd.h"
#include "canter/nn/half.h"
#include "nn/conv.h"
#include "nn/elementwise.h"
#include "nn/linear.h"
#include "nn/pool.h"
#include "nn/spectral.h"
#include "nn/winograd.h"

using namespace canter;
using namespace canter::nn;
using namespace canter::nn::detail;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

// Normal numbers with zeros of both signs, denormals and tiny ones among them.
std::vector<float> random_numbers(std::int64_t count, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> numbers;
  for (std::int64_t i = 0; i < count; ++i) {
    const float odd[] = {0.0f, -0.0f, 1e-40f, -3e-39f, 1e-20f};
    numbers.push_back(random() % 8 == 0 ? odd[random() % 5] : normal(random));
  }
  return numbers;
}

template <class Check>
void on_every_target(Check check) {
  struct Restore {
    ~Restore() { canter::detail::use_simd_target(0); }
  } restore;
  for (const auto& target : canter::detail::simd_targets()) {
    canter::detail::use_simd_target(target.id);
    CAPTURE(target.name);
    check(target.name);
  }
}

// Both sides round each of `terms` products and sums: relative to the sum of their sizes.
double tolerance(std::int64_t terms) {
  return 6e-8 * (2.0 + std::sqrt(static_cast<double>(terms))) * 4;
}

double compare_linear(std::int64_t in, std::int64_t out, std::int64_t rows, Precision precision,
                      bool accumulate, std::mt19937& random) {
  const auto weights = random_numbers(in * out, random);
  const auto bias = random_numbers(out, random);
  const PackedLinear layer = pack_linear({weights.data(), in, 1}, in, out, bias.data(), precision);
  const std::int64_t x_stride = in + 3;
  const std::int64_t y_stride = out + 5;
  const auto x = random_numbers(rows * x_stride, random);
  const auto start = random_numbers(rows * y_stride, random);
  Block scratch(linear_scratch_bytes(layer, rows));
  LinearCall call;
  call.x = x.data();
  call.rows = rows;
  call.x_stride = x_stride;
  call.y_stride = y_stride;
  call.accumulate = accumulate;
  call.scratch = scratch.bytes();
  std::vector<float> expected = start;
  std::vector<float> got = start;
  std::vector<float> backwards = start;
  call.y = expected.data();
  linear_reference(layer, call);
  call.y = got.data();
  linear_simd(layer, call);
  call.reverse = true;
  call.y = backwards.data();
  linear_simd(layer, call);
  CHECK(got == backwards);  // direction changes nothing
  double worst = 0.0;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t o = 0; o < y_stride; ++o) {
      const auto at = static_cast<std::size_t>(r * y_stride + o);
      if (o >= out) {
        CHECK(got[at] == start[at]);  // nothing is written beyond a row
        continue;
      }
      double size = 1.0;
      for (std::int64_t i = 0; i < in; ++i)
        size += std::abs(layer.weight(o, i) * x[static_cast<std::size_t>(r * x_stride + i)]);
      if (precision == Precision::i8) size = 1.0 + std::abs(expected[at]);
      worst = std::max(worst, std::abs(double{expected[at]} - got[at]) / size);
    }
  return worst;
}

}  // namespace

TEST_CASE("a layer in vectors is its scalar reference, over odd sizes and all precisions") {
  on_every_target([](const std::string& name) {
    std::mt19937 random(5);
    double worst = 0.0;
    for (const std::int64_t out : {1, 2, 15, 16, 17, 33, 48, 63, 64, 65, 130})
      for (const std::int64_t in : {1, 2, 3, 7, 8, 31, 100})
        for (const std::int64_t rows : {1, 2, 3, 5, 13, 16, 23})
          for (const Precision precision :
               {Precision::f32, Precision::f16, Precision::bf16, Precision::i8}) {
            const double d = compare_linear(in, out, rows, precision, (in + out) % 2 == 0, random);
            CHECK_MESSAGE(d <= tolerance(in), precision_name(precision) << " " << rows << "x" << in
                                                                        << "x" << out << ": " << d);
            worst = std::max(worst, d);
          }
    MESSAGE("layers, " << name << ": largest difference " << worst);
  });
}

TEST_CASE("a NaN or infinity of the input reaches every output of its row and no other") {
  on_every_target([](const std::string&) {
    std::mt19937 random(6);
    for (const float bad : {kNan, kInf})
      for (const Precision precision :
           {Precision::f32, Precision::f16, Precision::bf16, Precision::i8}) {
        std::vector<float> weights(40 * 70);
        for (float& w : weights) w = 1.0f + static_cast<float>(random() % 100);
        const PackedLinear layer = pack_linear({weights.data(), 40, 1}, 40, 70, nullptr, precision);
        std::vector<float> x = random_numbers(2 * 40, random);
        x[13] = bad;
        std::vector<float> y(2 * 70);
        Block scratch(linear_scratch_bytes(layer, 2));
        LinearCall call;
        call.x = x.data();
        call.rows = 2;
        call.x_stride = 40;
        call.y = y.data();
        call.y_stride = 70;
        call.scratch = scratch.bytes();
        linear_simd(layer, call);
        for (std::size_t o = 0; o < 70; ++o) {
          CHECK_FALSE(std::isfinite(y[o]));
          CHECK(std::isfinite(y[70 + o]));
        }
      }
  });
}

TEST_CASE("the integers of a row are the same in vectors") {
  // Checked through a layer whose weights are the identity.
  on_every_target([](const std::string&) {
    std::mt19937 random(7);
    constexpr std::int64_t kCount = 37;
    std::vector<float> identity(kCount * kCount, 0.0f);
    for (std::size_t i = 0; i < kCount; ++i) identity[i * kCount + i] = 127.0f;
    const PackedLinear layer =
        pack_linear({identity.data(), kCount, 1}, kCount, kCount, nullptr, Precision::i8);
    const auto x = random_numbers(kCount, random);
    std::vector<std::uint8_t> q(40);
    const float scale = quantise_row(x.data(), kCount, 40, 128, q.data());
    std::vector<float> y(kCount);
    Block scratch(linear_scratch_bytes(layer, 1));
    LinearCall call;
    call.x = x.data();
    call.rows = 1;
    call.x_stride = kCount;
    call.y = y.data();
    call.y_stride = kCount;
    call.scratch = scratch.bytes();
    linear_simd(layer, call);
    for (std::size_t i = 0; i < kCount; ++i)
      CHECK(y[i] == doctest::Approx(127.0f * static_cast<float>(q[i] - 128) * scale));
  });
}

TEST_CASE("matrix products in vectors are their scalar reference") {
  on_every_target([](const std::string& name) {
    std::mt19937 random(8);
    double worst = 0.0;
    for (const std::int64_t n : {1, 5, 16, 31, 32, 64, 100})
      for (const std::int64_t k : {1, 8, 33})
        for (const std::int64_t rows : {1, 2, 7, 12}) {
          const auto a = random_numbers(rows * k, random);
          const auto b = random_numbers(k * n, random);
          std::vector<float> expected(static_cast<std::size_t>(rows * n));
          std::vector<float> got = expected;
          Block scratch(matmul_scratch_bytes(k, n));
          MatmulCall call{a.data(), k,    b.data(), n, expected.data(),
                          n,        rows, k,        n, scratch.bytes()};
          matmul_reference(call);
          call.c = got.data();
          matmul_simd(call);
          for (std::size_t i = 0; i < got.size(); ++i)
            worst =
                std::max(worst, std::abs(double{expected[i]} - got[i]) / static_cast<double>(k));
        }
    CHECK(worst <= 2e-6);
    MESSAGE("products, " << name << ": largest difference " << worst);
  });
}

TEST_CASE("convolution in vectors is its scalar reference") {
  on_every_target([](const std::string& name) {
    std::mt19937 random(9);
    double worst = 0.0;
    for (const std::int64_t channels : {1, 2, 3, 5, 8, 13, 16})
      for (const std::int64_t width : {1, 3, 15, 16, 17, 47, 49, 64, 100})
        for (const std::int64_t rows : {1, 2, 5}) {
          const std::int64_t taps = 11;
          const std::int64_t pitch = width + 2;
          const auto weights = random_numbers(channels * taps, random);
          const auto bias = random_numbers(channels, random);
          const PackedConv conv =
              pack_conv(weights.data(), 1, 1, channels, taps, bias.data(), Precision::f32);
          auto x = random_numbers(rows * pitch + taps + kReadSlack, random);
          std::vector<std::int32_t> offsets;
          for (std::int32_t r = 0; r < taps; ++r) offsets.push_back(taps - 1 - r);
          std::vector<float> expected(static_cast<std::size_t>(channels * rows * width));
          std::vector<float> got = expected;
          ConvCall call;
          call.weights = reinterpret_cast<const float*>(conv.weights.data());
          call.bias = bias.data();
          call.offsets = offsets.data();
          call.x = x.data();
          call.out = expected.data();
          call.channels = channels;
          call.taps = taps;
          call.rows = rows;
          call.width = width;
          call.pitch = pitch;
          call.relu = rows == 2;
          conv_reference(call);
          call.out = got.data();
          conv_simd(call);
          for (std::size_t i = 0; i < got.size(); ++i)
            worst = std::max(worst, std::abs(double{expected[i]} - got[i]));
        }
    CHECK(worst <= 1e-5);
    MESSAGE("convolution, " << name << ": largest difference " << worst);
  });
}

TEST_CASE("narrow weights of a convolution are widened exactly, and take less memory") {
  on_every_target([](const std::string&) {
    std::mt19937 random(17);
    for (const std::int64_t out : {1, 7, 8, 9, 20})
      for (const std::int64_t taps : {1, 2, 3, 9, 27})
        for (const Precision precision :
             {Precision::f32, Precision::f16, Precision::bf16, Precision::i8}) {
          constexpr std::int64_t kGroups = 2;
          const auto weights = random_numbers(kGroups * out * taps, random);
          const PackedConv conv =
              pack_conv(weights.data(), kGroups, 1, out, taps, nullptr, precision);
          const std::size_t bytes = precision == Precision::f32  ? 4
                                    : precision == Precision::i8 ? 1
                                                                 : 2;
          CHECK(conv.weights.size() ==
                static_cast<std::size_t>(kGroups * conv.tiles() * 8 * taps) * bytes);
          std::vector<float> scratch(static_cast<std::size_t>(widened_size(conv)));
          for (std::int64_t c = 0; c < kGroups * out; ++c) {
            const float* tile = widen_tile(conv, c / out, c % out / kChannelTile, scratch.data());
            const float* row = weights.data() + c * taps;
            const float largest = std::abs(*std::max_element(
                row, row + taps, [](float a, float b) { return std::abs(a) < std::abs(b); }));
            for (std::int64_t r = 0; r < taps; ++r) {
              const float w = row[r];
              const float got = tile[r * kChannelTile + c % out % kChannelTile];
              if (precision == Precision::f32) CHECK(got == w);
              if (precision == Precision::f16) CHECK(got == to_float(to_half(w)));
              if (precision == Precision::bf16) CHECK(got == to_float(to_bfloat16(w)));
              if (precision == Precision::i8) CHECK(std::abs(got - w) <= 0.501f * largest / 127.0f);
            }
          }
        }
  });
}

TEST_CASE("pooling in vectors is its scalar reference") {
  on_every_target([](const std::string&) {
    std::mt19937 random(13);
    for (const bool max : {false, true})
      for (const std::int64_t stride : {1, 2, 3})
        for (const std::int64_t count : {0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 28, 33})
          for (const std::int64_t taps : {1, 2, 3, 4})
            for (const std::int64_t dilation : {1, 2})
              for (const std::int64_t num : {1, 3}) {
                // Exactly the samples there are: a read beyond them is found by the sanitizers.
                const std::int64_t width =
                    count == 0 ? 0 : (count - 1) * stride + (taps - 1) * dilation + 1;
                auto x = random_numbers((num + 1) * width, random);
                if (x.size() > 5) x[5] = kNan;
                if (x.size() > 9) x[9] = kInf, x[2] = -kInf;
                std::vector<float> expected(static_cast<std::size_t>(num * (count + 1)), 7.0f);
                std::vector<float> got = expected;
                PoolRows call{max,   x.data(),        width, 2,   taps,  dilation, stride,
                              count, expected.data(), 3.0f,  num, width, count + 1};
                pool_reference(call);
                call.y = got.data();
                pool_simd(call);
                for (std::size_t i = 0; i < got.size(); ++i)
                  CHECK((got[i] == expected[i] || (std::isnan(got[i]) && std::isnan(expected[i]))));
              }
  });
}

TEST_CASE("one large window in vectors is its scalar reference") {
  on_every_target([](const std::string&) {
    std::mt19937 random(14);
    for (const bool max : {false, true})
      for (const std::int64_t taps : {1, 4, 15, 16, 17, 31, 49, 64})
        for (const std::int64_t rows : {1, 7})
          for (const float odd : {0.0f, kNan, kInf, -kInf}) {
            auto x = random_numbers(rows * taps, random);
            x[static_cast<std::size_t>(rows * taps / 2)] = odd;
            if (max && taps == 17) std::ranges::fill(x, odd);
            float expected = 0.0f;
            float got = 0.0f;
            PoolRows call{max, x.data(), taps, rows, taps, 1, 1, 1, &expected, 5.0f};
            pool_reference(call);
            call.y = &got;
            pool_simd(call);
            // Sums are taken in another order.
            CHECK((got == expected || (std::isnan(got) && std::isnan(expected)) ||
                   (!max && std::abs(got - expected) <= 1e-5f)));
          }
  });
}

TEST_CASE("an input in its padded buffer has zeros around and nothing beyond the slack") {
  on_every_target([](const std::string&) {
    std::mt19937 random(16);
    constexpr std::int64_t kChannels = 2;
    for (const std::int64_t height : {1, 3})
      for (const std::int64_t width : {1, 5, 15, 16, 17, 40})
        for (const std::int64_t top : {-1, 0, 2})
          for (const std::int64_t left : {-50, -2, 0, 1, 17, 60})
            for (const std::int64_t pitch : {1, 3, 16, 50}) {
              const std::int64_t rows = 4;
              const auto x = random_numbers(kChannels * height * width, random);
              std::vector<float> got(
                  static_cast<std::size_t>(kChannels * rows * pitch + kReadSlack), kNan);
              copy_padded_simd(
                  {x.data(), kChannels, height, width, got.data(), rows, pitch, top, left});
              bool same = true;
              for (std::int64_t c = 0; c < kChannels; ++c)
                for (std::int64_t r = 0; r < rows; ++r)
                  for (std::int64_t i = 0; i < pitch; ++i) {
                    const bool inside =
                        r >= top && r < top + height && i >= left && i < left + width;
                    const float expected =
                        inside
                            ? x[static_cast<std::size_t>((c * height + r - top) * width + i - left)]
                            : 0.0f;
                    same = same &&
                           got[static_cast<std::size_t>((c * rows + r) * pitch + i)] == expected;
                  }
              CHECK_MESSAGE(same, width << " at " << left << " in " << pitch);
            }
  });
}

TEST_CASE("convolution by minimal filtering is the direct one") {
  on_every_target([](const std::string& name) {
    std::mt19937 random(15);
    double worst = 0.0;
    for (const auto& [in, out] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {3, 7}, {16, 9}})
      for (const std::int64_t height : {1, 2, 5, 16})
        for (const std::int64_t width : {1, 2, 7, 8, 15, 16, 17, 31, 66, 401}) {
          const auto weights = random_numbers(out * in * 9, random);
          const auto bias = random_numbers(out, random);
          const auto x = random_numbers(in * height * width, random);
          ConvLayout layout;
          Window& window = layout.window;
          window.height = {3, 1, 1, 1, 1, height, height};
          window.width = {3, 1, 1, 1, 1, width, width};
          window.channels = in;
          winograd_layout(layout);
          std::vector<float> buffer(static_cast<std::size_t>(in * layout.channel + kReadSlack),
                                    kNan);
          copy_padded(layout, x.data(), in, buffer.data());
          const WinogradConv conv = pack_winograd(weights.data(), in, out, bias.data());
          Block scratch(winograd_scratch_bytes(conv, height, width));
          // A few numbers more, to see that nothing is written behind.
          std::vector<float> y(static_cast<std::size_t>(out * height * width + 8), 77.0f);
          WinogradCall call{buffer.data(), layout.channel, layout.pitch, height,
                            width,         y.data(),       out == 7,     scratch.bytes()};
          winograd_simd(conv, call);
          for (std::size_t i = y.size() - 8; i < y.size(); ++i) CHECK(y[i] == 77.0f);
          std::vector<std::int32_t> offsets(static_cast<std::size_t>(9 * in));
          tap_offsets(layout, in, offsets);
          const PackedConv direct =
              pack_conv(weights.data(), 1, in, out, 9, bias.data(), Precision::f32);
          std::vector<float> expected(y.size());
          ConvCall plain;
          plain.weights = reinterpret_cast<const float*>(direct.weights.data());
          plain.bias = bias.data();
          plain.offsets = offsets.data();
          plain.x = buffer.data();
          plain.out = expected.data();
          plain.channels = out;
          plain.taps = 9 * in;
          plain.rows = height;
          plain.width = width;
          plain.pitch = layout.pitch;
          plain.relu = call.relu;
          conv_reference(plain);
          const double size = std::sqrt(static_cast<double>(9 * in));
          for (std::size_t i = 0; i < y.size() - 8; ++i)
            worst = std::max(worst, std::abs(double{expected[i]} - y[i]) / size);
        }
    // The transforms add up to 16 inputs and 9 products before anything cancels.
    CHECK(worst <= 4e-6);
    MESSAGE("minimal filtering, " << name << ": largest difference " << worst);
  });
}

TEST_CASE("minimal filtering keeps what is not finite near its tile") {
  constexpr std::int64_t kSize = 12;
  std::vector<float> x(static_cast<std::size_t>(kSize * kSize), 1.0f);
  x[5 * kSize + 5] = kNan;
  ConvLayout layout;
  layout.window.height = layout.window.width = {3, 1, 1, 1, 1, kSize, kSize};
  layout.window.channels = 1;
  winograd_layout(layout);
  std::vector<float> buffer(static_cast<std::size_t>(layout.channel + kReadSlack), 0.0f);
  copy_padded(layout, x.data(), 1, buffer.data());
  const std::vector<float> weights(9, 1.0f);
  const WinogradConv conv = pack_winograd(weights.data(), 1, 1, nullptr);
  Block scratch(winograd_scratch_bytes(conv, kSize, kSize));
  std::vector<float> y(x.size());
  winograd_simd(conv, {buffer.data(), layout.channel, layout.pitch, kSize, kSize, y.data(), false,
                       scratch.bytes()});
  for (std::int64_t r = 0; r < kSize; ++r)
    for (std::int64_t c = 0; c < kSize; ++c) {
      const float value = y[static_cast<std::size_t>(r * kSize + c)];
      const bool reads = std::max(std::abs(r - 5), std::abs(c - 5)) <= 1;
      const bool shares = r >= 4 && r <= 7 && c >= 4 && c <= 7;
      if (reads) CHECK(std::isnan(value));
      if (!shares) CHECK(std::isfinite(value));
    }
}

TEST_CASE("convolution through the transform is the direct one") {
  on_every_target([](const std::string& name) {
    std::mt19937 random(12);
    double worst = 0.0;
    struct Size {
      std::int64_t in, out, kernel, samples, before;
    };
    for (const Size& s : {Size{1, 1, 12, 40, 0}, Size{3, 5, 33, 50, 16}, Size{33, 17, 25, 240, 0},
                          Size{16, 40, 15, 200, 7}, Size{78, 26, 121, 121, 60},
                          Size{4, 65, 70, 71, 69}, Size{5, 26, 64, 500, 3}}) {
      const auto weights = random_numbers(s.out * s.in * s.kernel, random);
      const auto bias = random_numbers(s.out, random);
      const auto x = random_numbers(s.in * s.samples, random);
      const SpectralConv conv = pack_spectral(weights.data(), s.in, s.out, s.kernel, bias.data());
      const std::int64_t outputs = s.samples + 2 * s.before - s.kernel + 1;
      REQUIRE(outputs > 0);
      std::vector<float> y(static_cast<std::size_t>(s.out * outputs), 1e9f);
      Block scratch(spectral_scratch_bytes(conv, outputs));
      spectral_conv_simd(conv, {x.data(), s.samples, s.before, y.data(), outputs, scratch.bytes()});
      for (std::int64_t o = 0; o < s.out; ++o)
        for (std::int64_t t = 0; t < outputs; ++t) {
          double expected = bias[static_cast<std::size_t>(o)];
          for (std::int64_t c = 0; c < s.in; ++c)
            for (std::int64_t k = 0; k < s.kernel; ++k) {
              const std::int64_t at = t + k - s.before;
              if (at >= 0 && at < s.samples)
                expected +=
                    double{weights[static_cast<std::size_t>((o * s.in + c) * s.kernel + k)]} *
                    x[static_cast<std::size_t>(c * s.samples + at)];
            }
          const double size = std::sqrt(static_cast<double>(s.in * s.kernel));
          const double d = std::abs(expected - y[static_cast<std::size_t>(o * outputs + t)]) / size;
          worst = std::max(worst, d);
        }
    }
    // Errors grow with the logarithm of the block and are relative to the size of a whole block.
    CHECK(worst <= 1e-6);
    MESSAGE("spectral convolution, " << name << ": largest difference " << worst);
  });
}

TEST_CASE("functions in vectors are their scalar reference, corners included") {
  on_every_target([](const std::string& name) {
    std::mt19937 random(10);
    double worst = 0.0;
    for (int kind = 1; kind <= static_cast<int>(Unary::clip); ++kind) {
      const UnaryFunction f{static_cast<Unary>(kind), 0.7f, 1.1f};
      for (const std::int64_t count : {0, 1, 3, 16, 19, 70}) {
        auto x = random_numbers(count, random);
        for (float& v : x) v *= static_cast<float>(1 << (random() % 8)) * 0.25f;
        const float corners[] = {kNan, kInf, -kInf, 0.0f, -0.0f, 1e-40f, -90.0f, 90.0f, 3e38f};
        for (std::size_t i = 0; i < x.size() && i < std::size(corners); ++i)
          if (count > 16) x[i] = corners[i];
        std::vector<float> expected(x.size());
        std::vector<float> got = x;
        apply_unary_reference(f, x.data(), expected.data(), count);
        apply_unary_simd(f, got.data(), got.data(), count);  // in place
        for (std::size_t i = 0; i < got.size(); ++i) {
          if (std::isnan(expected[i])) {
            CHECK_MESSAGE(std::isnan(got[i]), "function " << kind << " of " << x[i]);
            continue;
          }
          const double d = expected[i] == got[i] ? 0.0
                                                 : std::abs(double{expected[i]} - got[i]) /
                                                       std::max(1.0, std::abs(double{expected[i]}));
          CHECK_MESSAGE(d <= 2e-6, "function " << kind << " of " << x[i] << ": " << got[i]
                                               << " for " << expected[i]);
          worst = std::max(worst, d);
        }
      }
    }
    MESSAGE("functions, " << name << ": largest difference " << worst);
  });
}

TEST_CASE("rows and recurrent units in vectors are their scalar reference") {
  on_every_target([](const std::string& name) {
    std::mt19937 random(11);
    double worst = 0.0;
    const auto compare = [&](const std::vector<float>& a, const std::vector<float>& b) {
      for (std::size_t i = 0; i < a.size(); ++i)
        worst = std::max(worst, std::abs(double{a[i]} - b[i]));
    };
    for (const std::int64_t width : {1, 3, 15, 16, 17, 50}) {
      const auto x = random_numbers(3 * width, random);
      const auto scale = random_numbers(width, random);
      std::vector<float> a(x.size());
      std::vector<float> b(x.size());
      for (const bool logarithm : {false, true}) {
        softmax_rows_reference(x.data(), a.data(), 3, width, logarithm);
        softmax_rows_simd(x.data(), b.data(), 3, width, logarithm);
        compare(a, b);
      }
      if (width > 1) {
        normalise_rows_reference(x.data(), scale.data(), scale.data(), 1e-2f, a.data(), 3, width);
        normalise_rows_simd(x.data(), scale.data(), scale.data(), 1e-2f, b.data(), 3, width);
        compare(a, b);
      }
      const auto gates = random_numbers(4 * width, random);
      auto c1 = random_numbers(width, random);
      auto c2 = c1;
      std::vector<float> h1(c1.size());
      std::vector<float> h2(c1.size());
      lstm_units_reference(gates.data(), width, c1.data(), h1.data(), width);
      lstm_units_simd(gates.data(), width, c2.data(), h2.data(), width);
      compare(c1, c2);
      compare(h1, h2);
    }
    CHECK(worst <= 5e-6);
    MESSAGE("rows, " << name << ": largest difference " << worst);
  });
}
