#pragma once

#include "canter/base/result.h"
#include "canter/nn/tensor.h"

namespace canter::nn::detail {

/// An array out of .npy bytes.
struct NpyArray {
  Tensor tensor;
  std::string_view widened;  ///< the type in the file, where the tensor has another; else empty
};

Result<NpyArray> parse_npy(std::span<const std::byte> bytes);
bool is_npy(std::span<const std::byte> bytes);

}  // namespace canter::nn::detail
