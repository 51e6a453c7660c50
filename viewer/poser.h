#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "canter/anim/pose.h"
#include "canter/anim/root_motion.h"
#include "viewer/document.h"

namespace canter::viewer {

/// Where a character stands after `laps` times through a clip that walks this way.
Transform lap_placement(const RootMotion& path, std::int64_t laps);

/// A character at any time of its clip, beside the world that plays it: for ghosts of other times,
/// trails and comparisons. Plain state; copy freely.
class Poser {
 public:
  Poser() = default;
  /// @param owner  whose skeleton it is
  /// @param clip   of that skeleton; null: the rest pose
  /// @param path   how the clip goes on from lap to lap; empty: every lap at the same place
  Poser(DocumentPtr owner, std::shared_ptr<const Clip> clip, RootMotion path);
  /// The same from uncompressed frames.
  Poser(DocumentPtr owner, std::shared_ptr<const RawClip> clip, RootMotion path);

  bool empty() const { return owner_ == nullptr; }
  const Document& owner() const { return *owner_; }

  /// Model matrices in world space. Times outside the clip are another lap where it loops, else its
  /// first or last pose.
  /// @param out  [num_joints] resized
  void models_at(double time_s, std::int64_t laps, std::vector<Mat4>& out);

 private:
  DocumentPtr owner_;
  std::shared_ptr<const Clip> clip_;
  std::shared_ptr<const RawClip> raw_;
  RootMotion path_;
  double duration_s_ = 0.0;
  bool loop_ = false;
  Pose pose_;
};

}  // namespace canter::viewer
