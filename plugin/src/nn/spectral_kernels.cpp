// Transforms of sixteen signals side by side, and the products of their spectra.

#include <algorithm>

#include "canter/base/simd.h"
#include "nn/spectral.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/spectral_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "nn/simd_inl.h"

HWY_BEFORE_NAMESPACE();
namespace canter::nn::detail::HWY_NAMESPACE {
namespace {

constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(Floats()));
static_assert(kSpectralLanes % kLanes == 0);

struct Complex {
  FloatVec re, im;
};
HWY_INLINE Complex load(const float* re, const float* im) {
  return {hn::LoadU(Floats(), re), hn::LoadU(Floats(), im)};
}
HWY_INLINE void store(Complex z, float* re, float* im) {
  hn::StoreU(z.re, Floats(), re);
  hn::StoreU(z.im, Floats(), im);
}
HWY_INLINE Complex add(Complex a, Complex b) {
  return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)};
}
HWY_INLINE Complex sub(Complex a, Complex b) {
  return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)};
}
HWY_INLINE Complex mul(Complex a, Complex b) {
  return {hn::NegMulAdd(a.im, b.im, hn::Mul(a.re, b.re)),
          hn::MulAdd(a.im, b.re, hn::Mul(a.re, b.im))};
}
// -i z
HWY_INLINE Complex turned(Complex z) {
  return {z.im, hn::Neg(z.re)};
}

HWY_INLINE Complex twiddle(const float* table, std::int64_t k) {
  return {hn::Set(Floats(), table[2 * k]), hn::Set(Floats(), table[2 * k + 1])};
}

// Four sub-transforms of `quarter` points into one, decimation in time.
HWY_INLINE void Radix4(float* re, float* im, std::int64_t at, std::int64_t quarter, Complex w1,
                       Complex w2, Complex w3) {
  const std::int64_t stride = quarter * kSpectralLanes;
  for (std::int64_t v = 0; v < kSpectralLanes; v += kLanes) {
    float* r = re + at * kSpectralLanes + v;
    float* i = im + at * kSpectralLanes + v;
    const Complex a = load(r, i);
    // Bit reversal leaves the sub-transforms in the order 0, 2, 1, 3 of their residues.
    const Complex c = mul(load(r + stride, i + stride), w2);
    const Complex b = mul(load(r + 2 * stride, i + 2 * stride), w1);
    const Complex d = mul(load(r + 3 * stride, i + 3 * stride), w3);
    const Complex even = add(a, c);
    const Complex odd = sub(a, c);
    const Complex sum = add(b, d);
    const Complex turn = turned(sub(b, d));
    store(add(even, sum), r, i);
    store(add(odd, turn), r + stride, i + stride);
    store(sub(even, sum), r + 2 * stride, i + 2 * stride);
    store(sub(odd, turn), r + 3 * stride, i + 3 * stride);
  }
}

HWY_INLINE void Radix2(float* re, float* im, std::int64_t at) {
  for (std::int64_t v = 0; v < kSpectralLanes; v += kLanes) {
    float* r = re + at * kSpectralLanes + v;
    float* i = im + at * kSpectralLanes + v;
    const Complex a = load(r, i);
    const Complex b = load(r + kSpectralLanes, i + kSpectralLanes);
    store(add(a, b), r, i);
    store(sub(a, b), r + kSpectralLanes, i + kSpectralLanes);
  }
}

HWY_INLINE void SwapRows(float* re, float* im, std::int64_t a, std::int64_t b) {
  for (std::int64_t v = 0; v < kSpectralLanes; v += kLanes) {
    float* const ra = re + a * kSpectralLanes + v;
    float* const rb = re + b * kSpectralLanes + v;
    float* const ia = im + a * kSpectralLanes + v;
    float* const ib = im + b * kSpectralLanes + v;
    const Complex p = load(ra, ia);
    const Complex q = load(rb, ib);
    store(q, ra, ia);
    store(p, rb, ib);
  }
}

// Into the order that decimation in time wants: the index with its bits reversed.
void ReverseBits(std::int64_t size, float* re, float* im) {
  std::int64_t reversed = 0;
  for (std::int64_t n = 1; n < size; ++n) {
    std::int64_t bit = size / 2;
    while ((reversed & bit) != 0) {
      reversed ^= bit;
      bit /= 2;
    }
    reversed |= bit;
    if (n < reversed) SwapRows(re, im, n, reversed);
  }
}

void Fft(std::int64_t size, const float* table, float* re, float* im) {
  ReverseBits(size, re, im);
  std::int64_t done = 1;  // points of the transforms so far
  std::int64_t bits = 0;
  while ((std::int64_t{1} << bits) < size) ++bits;
  if (bits % 2 != 0) {
    for (std::int64_t at = 0; at < size; at += 2) Radix2(re, im, at);
    done = 2;
  }
  for (; done < size; done *= 4) {
    const std::int64_t step = size / (4 * done);
    for (std::int64_t j = 0; j < done; ++j) {
      const Complex w1 = twiddle(table, j * step);
      const Complex w2 = twiddle(table, 2 * j * step);
      const Complex w3 = twiddle(table, 3 * j * step);
      for (std::int64_t at = j; at < size; at += 4 * done) Radix4(re, im, at, done, w1, w2, w3);
    }
  }
}

// ---- one convolution

// Spectra of all blocks: [bins][blocks][padded channels], real and imaginary apart.
struct Spectra {
  float* re = nullptr;
  float* im = nullptr;
  std::int64_t blocks = 0;
  std::int64_t channels = 0;  ///< padded

  std::int64_t at(std::int64_t bin, std::int64_t block) const {
    return (bin * blocks + block) * channels;
  }
};

struct Work {
  float* re = nullptr;  ///< [size][lanes]
  float* im = nullptr;
};

// One block of 32 channels into the lanes, zeros where there is no sample.
void GatherBlock(const SpectralConv& conv, const SpectralCall& call, std::int64_t start,
                 std::int64_t group, const Work& work) {
  std::fill_n(work.re, conv.size * kSpectralLanes, 0.0f);
  std::fill_n(work.im, conv.size * kSpectralLanes, 0.0f);
  const std::int64_t first = start - call.before;  // sample of the block's beginning
  const std::int64_t begin = std::max<std::int64_t>(0, -first);
  const std::int64_t end = std::min(conv.size, call.samples - first);
  for (std::int64_t l = 0; l < kSpectralGroup; ++l) {
    const std::int64_t c = group * kSpectralGroup + l;
    if (c >= conv.in) break;
    const float* x = call.x + c * call.samples + first;
    float* to = (l < kSpectralLanes ? work.re : work.im) + l % kSpectralLanes;
    for (std::int64_t t = begin; t < end; ++t) to[t * kSpectralLanes] = x[t];
  }
}

// Of two real signals in one complex one: the even and the odd part of its spectrum.
void Separate(const SpectralConv& conv, const Work& work, const Spectra& to, std::int64_t block,
              std::int64_t group) {
  const Floats d;
  const FloatVec half = hn::Set(d, 0.5f);
  for (std::int64_t f = 0; f < conv.bins(); ++f) {
    const std::int64_t a = f * kSpectralLanes;
    const std::int64_t b = (conv.size - f) % conv.size * kSpectralLanes;
    const std::int64_t at = to.at(f, block) + group * kSpectralGroup;
    for (std::int64_t v = 0; v < kSpectralLanes; v += kLanes) {
      const Complex z = load(work.re + a + v, work.im + a + v);
      const Complex m = load(work.re + b + v, work.im + b + v);
      const Complex even = {hn::Mul(half, hn::Add(z.re, m.re)), hn::Mul(half, hn::Sub(z.im, m.im))};
      const Complex odd = {hn::Mul(half, hn::Add(z.im, m.im)), hn::Mul(half, hn::Sub(m.re, z.re))};
      store(even, to.re + at + v, to.im + at + v);
      store(odd, to.re + at + kSpectralLanes + v, to.im + at + kSpectralLanes + v);
    }
  }
}

// The reverse: Y a + i Y b, with the mirrored half of the spectrum.
void Join(const SpectralConv& conv, const Spectra& from, std::int64_t block, std::int64_t group,
          const Work& work) {
  for (std::int64_t f = 0; f < conv.bins(); ++f) {
    const std::int64_t at = from.at(f, block) + group * kSpectralGroup;
    const std::int64_t a = f * kSpectralLanes;
    const std::int64_t b = (conv.size - f) % conv.size * kSpectralLanes;
    for (std::int64_t v = 0; v < kSpectralLanes; v += kLanes) {
      const Complex p = load(from.re + at + v, from.im + at + v);
      const Complex q = load(from.re + at + kSpectralLanes + v, from.im + at + kSpectralLanes + v);
      store({hn::Add(p.re, q.im), hn::Sub(q.re, p.im)}, work.re + b + v, work.im + b + v);
      store({hn::Sub(p.re, q.im), hn::Add(p.im, q.re)}, work.re + a + v, work.im + a + v);
    }
  }
}

void ScatterBlock(const SpectralConv& conv, const SpectralCall& call, std::int64_t start,
                  std::int64_t group, const Work& work) {
  const float* bias = reinterpret_cast<const float*>(conv.bias.data());
  const std::int64_t count = std::min(conv.step(), call.outputs - start);
  for (std::int64_t l = 0; l < kSpectralGroup; ++l) {
    const std::int64_t o = group * kSpectralGroup + l;
    if (o >= conv.out) break;
    const float* from = (l < kSpectralLanes ? work.re : work.im) + l % kSpectralLanes;
    float* y = call.y + o * call.outputs + start;
    for (std::int64_t t = 0; t < count; ++t) y[t] = from[t * kSpectralLanes] + bias[o];
  }
}

// One bin, kBlocks blocks, kVecs vectors of outputs: sums over the inputs.
template <int kBlocks, int kVecs>
HWY_NOINLINE void Products(const SpectralConv& conv, const float* w, std::int64_t width,
                           const Spectra& x, std::int64_t x_at, const Spectra& y,
                           std::int64_t y_at) {
  const Floats d;
  FloatVec re[kBlocks][kVecs];
  FloatVec im[kBlocks][kVecs];
  for (int b = 0; b < kBlocks; ++b)
    for (int v = 0; v < kVecs; ++v) re[b][v] = im[b][v] = hn::Zero(d);
  for (std::int64_t c = 0; c < conv.in; ++c, w += 2 * width)
    for (int b = 0; b < kBlocks; ++b) {
      const FloatVec xr = hn::Set(d, x.re[x_at + b * x.channels + c]);
      const FloatVec xi = hn::Set(d, x.im[x_at + b * x.channels + c]);
      for (int v = 0; v < kVecs; ++v) {
        const FloatVec wr = hn::LoadU(d, w + v * kLanes);
        const FloatVec wi = hn::LoadU(d, w + width + v * kLanes);
        re[b][v] = hn::NegMulAdd(wi, xi, hn::MulAdd(wr, xr, re[b][v]));
        im[b][v] = hn::MulAdd(wi, xr, hn::MulAdd(wr, xi, im[b][v]));
      }
    }
  for (int b = 0; b < kBlocks; ++b)
    for (int v = 0; v < kVecs; ++v) {
      const std::int64_t at = y_at + b * y.channels + v * kLanes;
      store({re[b][v], im[b][v]}, y.re + at, y.im + at);
    }
}

template <int kVecs>
void ProductsOfPanel(const SpectralConv& conv, const float* w, std::int64_t width, std::int64_t bin,
                     std::int64_t first, const Spectra& x, const Spectra& y) {
  std::int64_t block = 0;
  for (; block + 2 <= x.blocks; block += 2)
    Products<2, kVecs>(conv, w, width, x, x.at(bin, block), y, y.at(bin, block) + first);
  if (block < x.blocks)
    Products<1, kVecs>(conv, w, width, x, x.at(bin, block), y, y.at(bin, block) + first);
}

void MultiplySpectra(const SpectralConv& conv, const Spectra& x, const Spectra& y) {
  const std::int64_t padded = conv.out_padded();
  const float* weights = reinterpret_cast<const float*>(conv.weights.data());
  // As many vectors as 32 outputs are, where there are registers for them.
  constexpr int kVecs = kLanes >= 16 ? 2 : 1;
  for (std::int64_t f = 0; f < conv.bins(); ++f)
    for (std::int64_t panel = 0; panel < padded; panel += kSpectralGroup) {
      const std::int64_t width = std::min(kSpectralGroup, padded - panel);
      const float* w = weights + 2 * conv.in * (f * padded + panel);
      std::int64_t v = 0;
      for (; v + kVecs * kLanes <= width; v += kVecs * kLanes)
        ProductsOfPanel<kVecs>(conv, w + v, width, f, panel + v, x, y);
      for (; v < width; v += kLanes) ProductsOfPanel<1>(conv, w + v, width, f, panel + v, x, y);
    }
}

float* Take(std::span<std::byte>& scratch, std::int64_t floats) {
  float* taken = reinterpret_cast<float*>(scratch.data());
  scratch = scratch.subspan(align_up(static_cast<std::size_t>(floats) * sizeof(float)));
  return taken;
}

void Convolve(const SpectralConv& conv, const SpectralCall& call) {
  std::span<std::byte> scratch = call.scratch;
  const float* table = reinterpret_cast<const float*>(conv.twiddles.data());
  const std::int64_t blocks = conv.num_blocks(call.outputs);
  Work work;
  work.re = Take(scratch, conv.size * kSpectralLanes);
  work.im = Take(scratch, conv.size * kSpectralLanes);
  Spectra x{nullptr, nullptr, blocks, conv.in_groups() * kSpectralGroup};
  x.re = Take(scratch, conv.bins() * blocks * x.channels);
  x.im = Take(scratch, conv.bins() * blocks * x.channels);
  Spectra y{nullptr, nullptr, blocks, conv.out_groups() * kSpectralGroup};
  y.re = Take(scratch, conv.bins() * blocks * y.channels);
  y.im = Take(scratch, conv.bins() * blocks * y.channels);
  // Lanes of outputs that are padding are never written by the products.
  if (conv.out_padded() != y.channels) {
    std::fill_n(y.re, conv.bins() * blocks * y.channels, 0.0f);
    std::fill_n(y.im, conv.bins() * blocks * y.channels, 0.0f);
  }
  for (std::int64_t b = 0; b < blocks; ++b)
    for (std::int64_t g = 0; g < conv.in_groups(); ++g) {
      GatherBlock(conv, call, b * conv.step(), g, work);
      Fft(conv.size, table, work.re, work.im);
      Separate(conv, work, x, b, g);
    }
  MultiplySpectra(conv, x, y);
  for (std::int64_t b = 0; b < blocks; ++b)
    for (std::int64_t g = 0; g < conv.out_groups(); ++g) {
      Join(conv, y, b, g, work);
      // Backwards: forwards with the parts exchanged.
      Fft(conv.size, table, work.im, work.re);
      ScatterBlock(conv, call, b * conv.step(), g, work);
    }
}

}  // namespace
}  // namespace canter::nn::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace canter::nn::detail {

HWY_EXPORT(Convolve);
HWY_EXPORT(Fft);

void spectral_conv_simd(const SpectralConv& conv, const SpectralCall& call) {
  HWY_DYNAMIC_DISPATCH(Convolve)(conv, call);
}
void fft_lanes_simd(const SpectralConv& conv, float* re, float* im) {
  HWY_DYNAMIC_DISPATCH(Fft)
  (conv.size, reinterpret_cast<const float*>(conv.twiddles.data()), re, im);
}

}  // namespace canter::nn::detail
#endif
