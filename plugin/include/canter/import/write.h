#pragma once

#include <cstddef>
#include <vector>

#include "canter/anim/raw_clip.h"
#include "canter/anim/skeleton.h"
#include "canter/base/result.h"

namespace canter::importer {

struct BvhOptions {
  /// Metres per unit of the file. Centimetres is what most programs take a BVH to be in.
  float unit_m = 0.01f;
  /// A BVH has no rest rotations. True: joint frames are turned so that the written OFFSETs show
  /// the rest pose (rotations of a skeleton with rest rotations come back different, every position
  /// the same). False: local rotations are written as they are and the rest pose is lost.
  bool show_rest_pose = true;
};

/// Writes BVH text: every joint with Z, X, Y rotations in degrees, positions on roots and on joints
/// that move within their parent. Spaces, line ends and braces in names become '_'. Scales are
/// multiplied into the positions. Re-reading gives joint positions within 1e-5 of the body's size.
/// Errors: what validate() refuses; a unit that is not above zero.
Result<std::vector<std::byte>> write_bvh(const Skeleton& skeleton, const RawClip& clip,
                                         const BvhOptions& options = {});

}  // namespace canter::importer
