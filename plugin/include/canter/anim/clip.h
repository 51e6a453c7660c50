#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "canter/anim/raw_clip.h"

namespace canter {

namespace detail {
struct ClipTables;
}

/// How closely a compressed clip must follow its source.
struct CompressionSettings {
  /// Largest distance in model space, metres, between source and compressed clip, over all frames,
  /// joint positions and three points `shell_m` off every joint along its axes.
  float max_error_m = 1e-4f;
  float shell_m = 0.03f;
};

/// The largest distance found between two versions of a motion.
struct ClipError {
  float max_error_m = 0.0f;
  int worst_joint = 0;
  int worst_frame = 0;
};

/// What compression did.
struct CompressionReport {
  std::size_t bytes = 0;      ///< size of the compressed clip
  std::size_t raw_bytes = 0;  ///< the same keys as 32-bit floats
  ClipError error;            ///< measured on the decoded clip
};

/// A compressed motion (docs/clip_format.md). Immutable, shared by threads, cheap to copy (copies
/// share the data); knows nothing of names. Belongs to the
/// skeleton it was compressed for (`skeleton_hash`).
class Clip {
 public:
  Clip() = default;

  int num_joints() const { return num_joints_; }
  int num_frames() const { return num_frames_; }
  float rate_hz() const { return rate_hz_; }
  float duration_s() const {
    return num_frames_ < 2 ? 0.0f : static_cast<float>(num_frames_ - 1) / rate_hz_;
  }
  bool loop() const { return loop_; }
  std::uint64_t skeleton_hash() const { return skeleton_hash_; }
  /// Size of the compressed data, bytes.
  std::size_t size_bytes() const;
  /// What the clip takes in memory: the compressed data and the tables made from it at load.
  std::size_t resident_bytes() const;
  /// The compressed data as it is stored in a `.clip` file; `load_clip` reads it back.
  std::span<const std::byte> data() const;
  /// For the runtime's own use.
  const detail::ClipTables& tables() const { return *tables_; }

 private:
  friend struct ClipAccess;
  int num_joints_ = 0;
  int num_frames_ = 0;
  float rate_hz_ = 30.0f;
  bool loop_ = false;
  std::uint64_t skeleton_hash_ = 0;
  std::shared_ptr<const detail::ClipTables> tables_;
};

/// Compresses. Errors: what validate() refuses; a clip with scale on a skeleton without.
Result<Clip> compress(const RawClip& raw, const Skeleton& skeleton,
                      const CompressionSettings& settings = {},
                      CompressionReport* report = nullptr);

/// A clip from the bytes of Clip::data(). Errors: truncation, counts that do not fit, values out of
/// range, a clip made for another skeleton. Bytes are never trusted.
Result<Clip> load_clip(std::span<const std::byte> bytes, const Skeleton& skeleton);

/// The pose at a time. Looping clips wrap, others clamp; non-finite time counts as 0. Forward,
/// backward and random access cost the same: there is no state. No allocation.
/// @param out  a pose of the clip's skeleton
void sample(const Clip& clip, float time_s, PoseView out);

/// Two clips (or two times of one) of the same skeleton, each at a time, and the share of the
/// second.
struct ClipBlend {
  const Clip& a;
  float time_a_s = 0.0f;
  const Clip& b;
  float time_b_s = 0.0f;
  float alpha = 0.0f;
};

/// out = blend(a at its time, b at its time, alpha): the same bits as sampling both and blending,
/// in less time, because what stands still in a clip is read where it lies. No allocation.
/// @param scratch_a, scratch_b  poses of the skeleton to work in; no two poses may alias
void sample_blend(const ClipBlend& what, PoseView scratch_a, PoseView scratch_b, PoseView out);

/// Largest distance between `raw` and `clip`, as CompressionSettings::max_error_m defines it.
/// Both must belong to the skeleton and have the same frames.
ClipError measure_error(const RawClip& raw, const Clip& clip, const Skeleton& skeleton,
                        float shell_m = CompressionSettings{}.shell_m);

/// Every frame of `clip` decoded.
RawClip decompress(const Clip& clip, const Skeleton& skeleton);

}  // namespace canter
