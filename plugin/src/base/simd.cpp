#include "canter/base/simd.h"

// Some kernels are compiled for AVX-512 with VNNI too, so the list must have it.
#ifndef HWY_WANT_AVX3_DL
#define HWY_WANT_AVX3_DL
#endif

#include <hwy/targets.h>

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

}  // namespace canter::detail
