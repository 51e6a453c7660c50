#include "canter/base/simd.h"

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
  hwy::SetSupportedTargetsForTest(id);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace canter::detail
