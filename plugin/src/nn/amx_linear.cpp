// Intel's AMX behind the tile interface of amx_kernel.h. It has been compiled and its kernel tested
// through an emulation of tiles; no machine with AMX has run it yet.

#include "nn/bf16_linear.h"

#if defined(__x86_64__) && defined(__linux__)

#include <hwy/base.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "canter/base/simd.h"

HWY_PUSH_ATTRIBUTES("amx-tile,amx-bf16")

#include "nn/amx_kernel.h"

namespace canter::nn::detail {

namespace {

// Layout of the operand of ldtilecfg (Intel's manual, LDTILECFG), palette 1.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64);

// In assembler: GCC's intrinsics paste the text of a tile's number into theirs, so that it cannot
// be a template's.
class HardwareTiles {
 public:
  HardwareTiles() {
    const TileConfig config;
    _tile_loadconfig(&config);
  }
  ~HardwareTiles() { _tile_release(); }
  HardwareTiles(const HardwareTiles&) = delete;
  HardwareTiles& operator=(const HardwareTiles&) = delete;

  template <int kTile>
  void zero() {
    __asm__ volatile("tilezero %%tmm%c0" : : "i"(kTile));
  }
  template <int kTile>
  void load(const void* address, std::int64_t stride_bytes) {
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2"
                     :
                     : "r"(address), "r"(stride_bytes), "i"(kTile)
                     : "memory");
  }
  template <int kTile>
  void store(void* address, std::int64_t stride_bytes) {
    __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)"
                     :
                     : "r"(address), "r"(stride_bytes), "i"(kTile)
                     : "memory");
  }
  template <int kSum, int kA, int kB>
  void multiply() {
    // Intel's order: the sum, then rows, then columns; the assembler writes them backwards.
    __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kSum), "i"(kA), "i"(kB));
  }
};

// Linux gives a process the tiles' registers when it asks (arch/x86: ARCH_REQ_XCOMP_PERM).
bool permitted() {
  constexpr long kRequestPermission = 0x1023;
  constexpr long kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace

void amx_linear(const PackedLinear& layer, const LinearCall& call, const BFloat16* x) {
  AmxKernel<HardwareTiles>(layer, call, x).run();
}

bool amx_available() {
  static const bool available = canter::detail::has_amx_bfloat16() && permitted();
  return available;
}

}  // namespace canter::nn::detail

HWY_POP_ATTRIBUTES

#else

namespace canter::nn::detail {

void amx_linear(const PackedLinear&, const LinearCall&, const BFloat16*) {}
bool amx_available() {
  return false;
}

}  // namespace canter::nn::detail

#endif
