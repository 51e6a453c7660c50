#include "canter/base/simd.h"

// Some kernels are compiled for AVX-512 with VNNI too, so the list must have it.
#ifndef HWY_WANT_AVX3_DL
#define HWY_WANT_AVX3_DL
#endif

#include <hwy/targets.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#if HWY_ARCH_X86
#include <cpuid.h>
#endif

namespace {

#if HWY_ARCH_X86
struct Cpuid {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

Cpuid cpuid(unsigned leaf, unsigned part = 0) {
  Cpuid r;
  if (__get_cpuid_count(leaf, part, &r.a, &r.b, &r.c, &r.d) == 0) return {};
  return r;
}

bool has(unsigned word, std::initializer_list<int> bits) {
  for (const int bit : bits)
    if ((word >> bit & 1u) == 0) return false;
  return true;
}

// The register sets that the operating system keeps across a switch of threads.
std::uint64_t saved_registers() {
  if (!has(cpuid(1).c, {27})) return 0;  // OSXSAVE
  unsigned low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32 | low;
}

// What each of Highway's sets takes, by the bit numbers of CPUID (Intel's manual, volume 2A).
std::int64_t detect() {
  constexpr std::uint64_t kYmm = 0x6, kZmm = 0xe6;
  std::int64_t targets = 0;
  const Cpuid basic = cpuid(1), more = cpuid(7), amd = cpuid(0x80000001u);
  // SSE3, PCLMULQDQ, SSSE3, SSE4.1, SSE4.2, POPCNT, AES
  if (!has(basic.c, {0, 1, 9, 19, 20, 23, 25})) return targets;
  targets |= HWY_SSE4;
  // FMA, AVX, F16C; BMI1, AVX2, BMI2; LZCNT
  const std::uint64_t saved = saved_registers();
  if ((saved & kYmm) != kYmm || !has(basic.c, {12, 28, 29}) || !has(more.b, {3, 5, 8}) ||
      !has(amd.c, {5}))
    return targets;
  targets |= HWY_AVX2;
  // AVX-512 F, DQ, CD, BW, VL
  if ((saved & kZmm) != kZmm || !has(more.b, {16, 17, 28, 30, 31})) return targets;
  targets |= HWY_AVX3;
  // VBMI, VBMI2, GFNI, VAES, VPCLMULQDQ, VNNI, BITALG, VPOPCNTDQ
  if (has(more.c, {1, 6, 8, 9, 10, 11, 12, 14})) targets |= HWY_AVX3_DL;
  return targets;
}
#else
std::int64_t detect() {
  return HWY_STATIC_TARGET;
}
#endif

std::atomic<std::int64_t> chosen_for_tests{0};

}  // namespace

// The part of Highway's library that its headers call.
namespace hwy {

ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen;
  return chosen;
}

std::int64_t SupportedTargets() {
  static const std::int64_t supported = detect() | HWY_SCALAR | HWY_EMU128;
  const std::int64_t chosen = chosen_for_tests.load();
  return chosen == 0 ? supported : chosen;
}

void SetSupportedTargetsForTest(std::int64_t targets) {
  chosen_for_tests.store(targets);
}

// Where an assertion of Highway's headers fails.
HWY_NORETURN void Abort(const char* file, int line, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  std::fprintf(stderr, "%s:%d: ", file, line);
  std::vfprintf(stderr, format, arguments);
  std::fputc('\n', stderr);
  va_end(arguments);
  std::abort();
}

}  // namespace hwy

namespace canter::detail {

std::vector<SimdTarget> simd_targets() {
  use_simd_target(0);
  std::vector<SimdTarget> found;
  for (const std::int64_t id : hwy::SupportedAndGeneratedTargets())
    found.push_back({id, hwy::TargetName(id)});
  return found;
}

void use_simd_target(std::int64_t id) {
  // In Highway's numbering better sets are lower bits. Kernels that are not compiled for `id` take
  // the next best.
  hwy::SetSupportedTargetsForTest(0);
  hwy::SetSupportedTargetsForTest(id == 0 ? 0 : hwy::SupportedTargets() & ~(id - 1));
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

#if HWY_ARCH_X86
bool has_avx512_bfloat16() {
  static const bool there = (detect() & HWY_AVX3) != 0 && has(cpuid(7, 1).a, {5});
  return there && (hwy::SupportedTargets() & HWY_AVX3) != 0;
}

bool has_amx_bfloat16() {
  constexpr std::uint64_t kTiles = 0x60000;
  // AMX-BF16, AMX-TILE
  static const bool there = (saved_registers() & kTiles) == kTiles && has(cpuid(7).d, {22, 24});
  return there && has_avx512_bfloat16();
}
#else
bool has_avx512_bfloat16() {
  return false;
}
bool has_amx_bfloat16() {
  return false;
}
#endif

}  // namespace canter::detail
