#include "canter/anim/clip.h"

#include <utility>

namespace canter {

struct ClipAccess {
  static Clip make(const RawClip& raw, const Skeleton& skeleton) {
    Clip clip;
    clip.num_joints_ = raw.num_joints;
    clip.num_frames_ = raw.num_frames();
    clip.rate_hz_ = raw.rate_hz;
    clip.loop_ = raw.loop;
    clip.skeleton_hash_ = skeleton.hash();
    clip.raw_ = raw;
    return clip;
  }
  static const RawClip& raw(const Clip& clip) { return clip.raw_; }
};

std::size_t Clip::size_bytes() const {
  return raw_.keys.size() * sizeof(Transform);
}

Result<Clip> compress(const RawClip& raw, const Skeleton& skeleton, const CompressionSettings&,
                      CompressionReport* report) {
  if (Result<void> valid = validate(raw, skeleton); !valid) return valid.error();
  Clip clip = ClipAccess::make(raw, skeleton);
  if (report != nullptr) *report = {clip.size_bytes(), clip.size_bytes(), 0.0f, 0, 0};
  return clip;
}

void sample(const Clip& clip, float time_s, PoseView out) {
  sample(ClipAccess::raw(clip), time_s, out);
}

RawClip decompress(const Clip& clip, const Skeleton&) {
  return ClipAccess::raw(clip);
}

}  // namespace canter
