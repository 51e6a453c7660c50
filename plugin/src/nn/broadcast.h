#pragma once

// Walking several tensors of broadcast shapes together, inner rows at a time.

#include <array>
#include <cstdint>

#include "nn/op_support.h"

namespace canter::nn::detail {

/// Offsets of N inputs for every inner row of an output. Axes that can be are merged, so that equal
/// shapes are one row.
template <int N>
class BroadcastWalk {
 public:
  BroadcastWalk(const Shape& out, const std::array<const Shape*, N>& inputs) {
    std::array<Strides, N> strides;
    for (int n = 0; n < N; ++n) strides[n] = broadcast_strides(*inputs[n], out);
    for (int axis = 0; axis < out.rank(); ++axis) {
      if (out[axis] == 1) continue;
      if (rank_ > 0 && mergeable(strides, axis, out[axis])) {
        extents_[rank_ - 1] *= out[axis];
      } else {
        extents_[rank_++] = out[axis];
      }
      for (int n = 0; n < N; ++n) steps_[n][rank_ - 1] = strides[n].step[axis];
    }
    if (rank_ == 0) extents_[rank_++] = 1;
    outer_ = 1;
    for (int axis = 0; axis + 1 < rank_; ++axis) outer_ *= extents_[axis];
    if (out.num_elements() == 0) outer_ = 0;
  }

  std::int64_t inner() const { return extents_[rank_ - 1]; }
  /// Step of input n from one element of a row to the next.
  std::int64_t step(int n) const { return steps_[n][rank_ - 1]; }

  /// Calls body(offset of the row in the output, offsets in the inputs).
  template <class Body>
  void each(Body&& body) const {
    std::array<std::int64_t, Shape::kMaxRank> index{};
    std::array<std::int64_t, N> offsets{};
    for (std::int64_t row = 0; row < outer_; ++row) {
      body(row * inner(), offsets);
      for (int axis = rank_ - 2; axis >= 0; --axis) {
        for (int n = 0; n < N; ++n) offsets[n] += steps_[n][axis];
        if (++index[axis] < extents_[axis]) break;
        index[axis] = 0;
        for (int n = 0; n < N; ++n) offsets[n] -= steps_[n][axis] * extents_[axis];
      }
    }
  }

 private:
  // Whether stepping along `axis` and along the axis before are one walk for every input.
  bool mergeable(const std::array<Strides, N>& strides, int axis, std::int64_t extent) const {
    for (int n = 0; n < N; ++n)
      if (steps_[n][rank_ - 1] != strides[n].step[axis] * extent) return false;
    return true;
  }

  int rank_ = 0;
  std::int64_t outer_ = 1;
  std::array<std::int64_t, Shape::kMaxRank> extents_{};
  std::array<std::array<std::int64_t, Shape::kMaxRank>, N> steps_{};
};

}  // namespace canter::nn::detail
