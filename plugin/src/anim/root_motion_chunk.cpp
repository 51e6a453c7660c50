#include <cmath>

#include "canter/anim/root_motion.h"
#include "canter/base/bytes.h"

namespace canter {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kMaxKeys = 1 << 26;
constexpr float kMaxRate_hz = 1e5f;

bool is_finite(const RootMotion::Key& key) {
  return std::isfinite(key.x_m) && std::isfinite(key.z_m) && std::isfinite(key.heading_rad);
}

}  // namespace

std::vector<std::byte> save_root_motion(const RootMotion& motion) {
  ByteWriter out;
  out.put(kVersion);
  out.put(static_cast<std::uint32_t>(motion.loop()));
  out.put(motion.rate_hz());
  out.put(static_cast<std::uint32_t>(motion.keys().size()));
  for (const RootMotion::Key& key : motion.keys()) out.put(key);
  return out.take();
}

Result<RootMotion> load_root_motion(std::span<const std::byte> bytes) {
  ByteReader in(bytes, "root motion");
  const auto version = in.get<std::uint32_t>("version");
  if (in.ok() && version != kVersion)
    in.fail(ErrorCode::unsupported,
            "version " + std::to_string(version) + "; expected " + std::to_string(kVersion));
  const bool loop = in.get<std::uint32_t>("loop flag") != 0;
  const auto rate_hz = in.get<float>("rate");
  if (in.ok() && !(rate_hz > 0.0f && rate_hz <= kMaxRate_hz))
    in.fail(ErrorCode::bad_value, "the rate is " + std::to_string(rate_hz) + " Hz");
  std::vector<RootMotion::Key> keys(
      in.get_count(sizeof(RootMotion::Key), kMaxKeys, "number of keys"));
  for (RootMotion::Key& key : keys) {
    key = in.get<RootMotion::Key>("key");
    if (!is_finite(key)) in.fail(ErrorCode::bad_value, "a key that is not finite");
  }
  if (in.ok() && in.remaining() != 0)
    in.fail(ErrorCode::bad_format, std::to_string(in.remaining()) + " bytes behind the last key");
  if (!in.ok()) return in.error();
  return RootMotion(std::move(keys), rate_hz, loop);
}

}  // namespace canter
