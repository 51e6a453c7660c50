#include "canter/anim/clip.h"

#include <utility>

#include "anim/bytes.h"

namespace canter {

struct ClipAccess {
  static Clip make(RawClip raw, std::uint64_t skeleton_hash, std::vector<std::byte> data) {
    Clip clip;
    clip.num_joints_ = raw.num_joints;
    clip.num_frames_ = raw.num_frames();
    clip.rate_hz_ = raw.rate_hz;
    clip.loop_ = raw.loop;
    clip.skeleton_hash_ = skeleton_hash;
    clip.raw_ = std::move(raw);
    clip.data_ = std::move(data);
    return clip;
  }
  static const RawClip& raw(const Clip& clip) { return clip.raw_; }
};

Result<Clip> compress(const RawClip& raw, const Skeleton& skeleton, const CompressionSettings&,
                      CompressionReport* report) {
  if (Result<void> valid = validate(raw, skeleton); !valid) return valid.error();
  detail::ByteWriter out;
  out.put(skeleton.hash());
  out.put(static_cast<std::uint32_t>(raw.loop));
  out.put(raw.rate_hz);
  out.put(static_cast<std::uint32_t>(raw.num_joints));
  out.put(static_cast<std::uint32_t>(raw.keys.size()));
  out.put_all(std::span(raw.keys));
  Clip clip = ClipAccess::make(raw, skeleton.hash(), out.take());
  if (report != nullptr) *report = {clip.size_bytes(), clip.size_bytes(), 0.0f, 0, 0};
  return clip;
}

Result<Clip> load_clip(std::span<const std::byte> bytes, const Skeleton& skeleton) {
  detail::ByteReader in(bytes, "clip");
  const auto skeleton_hash = in.get<std::uint64_t>("skeleton hash");
  if (in.ok() && skeleton_hash != skeleton.hash())
    in.fail(ErrorCode::bad_value, "the clip was made for another skeleton");
  RawClip raw;
  raw.loop = in.get<std::uint32_t>("loop flag") != 0;
  raw.rate_hz = in.get<float>("frame rate");
  raw.num_joints = static_cast<int>(in.get_count(0, kMaxJoints, "number of joints"));
  const std::size_t keys = in.get_count(sizeof(Transform), bytes.size(), "number of keys");
  for (std::size_t i = 0; i < keys; ++i) raw.keys.push_back(in.get<Transform>("key"));
  if (!in.ok()) return in.error();
  if (Result<void> valid = validate(raw, skeleton); !valid) return valid.error();
  return ClipAccess::make(std::move(raw), skeleton_hash, {bytes.begin(), bytes.end()});
}

void sample(const Clip& clip, float time_s, PoseView out) {
  sample(ClipAccess::raw(clip), time_s, out);
}

RawClip decompress(const Clip& clip, const Skeleton&) {
  return ClipAccess::raw(clip);
}

}  // namespace canter
