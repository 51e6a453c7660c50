#pragma once

#include <cstddef>
#include <span>

#include "canter/nn/tensor.h"

namespace canter::nn::detail {

/// Copies a view with any strides into a dense tensor of its shape and element size.
/// @param from     the storage; every element of the view must lie in it (asserted)
/// @param offset   of the view's first element, in elements
/// @param strides  [rank] in elements, none negative
void copy_strided(std::span<const std::byte> from, std::int64_t offset,
                  std::span<const std::int64_t> strides, Tensor& to);

/// Reverses the bytes of every element.
void swap_byte_order(Tensor& tensor);

/// Whether a view's elements all lie in a storage of `num_elements`; false where that overflows.
bool view_fits(const Shape& shape, std::span<const std::int64_t> strides, std::int64_t offset,
               std::int64_t num_elements);

}  // namespace canter::nn::detail
