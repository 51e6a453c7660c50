#include "canter/base/simd.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace canter::detail;

namespace {

bool offered(const std::string& name) {
  const auto targets = simd_targets();
  return std::ranges::find(targets, name, &SimdTarget::name) != targets.end();
}

}  // namespace

TEST_CASE("the instruction sets found are those the compiler's own detection finds") {
  const auto targets = simd_targets();
  REQUIRE_FALSE(targets.empty());
  CHECK((targets.back().name == "SCALAR" || targets.back().name == "EMU128"));
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  CHECK(offered("SSE4") == (__builtin_cpu_supports("sse4.2") != 0));
  CHECK(offered("AVX2") == (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                            __builtin_cpu_supports("bmi2")));
  CHECK(offered("AVX3") ==
        (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512cd")));
  CHECK(offered("AVX3_DL") ==
        (offered("AVX3") && __builtin_cpu_supports("avx512vnni") &&
         __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512bitalg") &&
         __builtin_cpu_supports("vpclmulqdq")));
#endif
}

TEST_CASE("a test's choice of an instruction set holds until it is taken back") {
  const auto targets = simd_targets();
  use_simd_target(targets.back().id);
  CHECK_FALSE(has_avx512_bfloat16());
  use_simd_target(0);
  const auto again = simd_targets();
  CHECK(again.size() == targets.size());
}
