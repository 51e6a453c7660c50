#include "anim/clip_format.h"
namespace canter::detail {
void decode_simd(const ClipTables& clip, const Rows& rows, PoseView out) {
  decode_reference(clip, rows, out);
}
}  // namespace canter::detail
