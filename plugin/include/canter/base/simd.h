#pragma once

// Which instruction sets the kernels are compiled for, and a way for tests to choose one.
// Include before Highway's headers.

// SSSE3 alone is older than anything that draws today's graphics; SSE4, AVX2, AVX-512, NEON and
// plain scalar code remain.
#ifndef HWY_DISABLED_TARGETS
#if defined(__aarch64__)
// Vectors whose size is not known when compiling cannot be kept in arrays, as the kernels do.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#else
#define HWY_DISABLED_TARGETS HWY_SSSE3
#endif
#endif

#include <cstdint>
#include <string>
#include <vector>

namespace canter::detail {

struct SimdTarget {
  std::int64_t id = 0;
  std::string name;
};

/// What this machine can run, best first.
std::vector<SimdTarget> simd_targets();

/// Makes every kernel use `id`, or the next best it is compiled for; 0 returns to the best. For
/// tests, from one thread.
void use_simd_target(std::int64_t id);

/// Instructions Highway has no set for, where processor and operating system have them and tests
/// have not chosen a set below AVX-512.
bool has_avx512_bfloat16();
bool has_amx_bfloat16();

}  // namespace canter::detail
