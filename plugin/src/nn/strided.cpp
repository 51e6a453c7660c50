#include "nn/strided.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

namespace canter::nn::detail {
namespace {

// Elements of one type of `kSize` bytes; the innermost axis is the inner loop.
template <std::size_t kSize>
void copy_elements(const std::byte* from, std::span<const std::int64_t> strides, const Shape& shape,
                   std::byte* to) {
  const int rank = shape.rank();
  const std::int64_t inner = rank > 0 ? shape[rank - 1] : 1;
  const std::int64_t step = rank > 0 ? strides.back() : 0;
  std::array<std::int64_t, Shape::kMaxRank> index{};
  std::int64_t at = 0;
  for (std::int64_t left = shape.num_elements(); left > 0; left -= inner) {
    for (std::int64_t i = 0; i < inner; ++i, to += kSize)
      std::memcpy(to, from + (at + i * step) * static_cast<std::int64_t>(kSize), kSize);
    // Count up the outer axes like the digits of a number.
    for (int axis = rank - 2; axis >= 0; --axis) {
      const auto a = static_cast<std::size_t>(axis);
      at += strides[a];
      if (++index[a] < shape[axis]) break;
      at -= strides[a] * shape[axis];
      index[a] = 0;
    }
  }
}

}  // namespace

void copy_strided(std::span<const std::byte> from, std::int64_t offset,
                  std::span<const std::int64_t> strides, Tensor& to) {
  const std::size_t size = element_size(to.dtype());
  assert(view_fits(to.shape(), strides, offset, static_cast<std::int64_t>(from.size() / size)));
  if (to.num_elements() == 0) return;
  const std::byte* first = from.data() + static_cast<std::size_t>(offset) * size;
  switch (size) {
    case 1:
      return copy_elements<1>(first, strides, to.shape(), to.bytes().data());
    case 2:
      return copy_elements<2>(first, strides, to.shape(), to.bytes().data());
    case 4:
      return copy_elements<4>(first, strides, to.shape(), to.bytes().data());
    default:
      assert(size == 8);
      return copy_elements<8>(first, strides, to.shape(), to.bytes().data());
  }
}

void swap_byte_order(Tensor& tensor) {
  const std::size_t size = element_size(tensor.dtype());
  const std::span<std::byte> bytes = tensor.bytes();
  for (std::size_t i = 0; i + size <= bytes.size(); i += size)
    std::reverse(bytes.data() + i, bytes.data() + i + size);
}

bool view_fits(const Shape& shape, std::span<const std::int64_t> strides, std::int64_t offset,
               std::int64_t num_elements) {
  if (strides.size() != static_cast<std::size_t>(shape.rank()) || offset < 0 ||
      offset > num_elements)
    return false;
  if (shape.num_elements() == 0) return true;
  std::int64_t last = offset;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const std::int64_t stride = strides[static_cast<std::size_t>(axis)];
    const std::int64_t steps = shape[axis] - 1;
    if (stride < 0) return false;
    if (stride > 0 && steps > (num_elements - last) / stride) return false;
    last += stride * steps;
  }
  return last < num_elements;
}

}  // namespace canter::nn::detail
