#include "nn/window.h"

#include <algorithm>

namespace canter::nn::detail {

namespace {

// Bounds that keep every product of them inside 64 bits.
constexpr std::int64_t kMostExtent = std::int64_t{1} << 24;

// As exporters of TensorFlow write it: so much padding that stride alone divides the extent.
void pad_to_same(Window::Axis& axis, bool upper) {
  const std::int64_t out = (axis.in + axis.stride - 1) / axis.stride;
  const std::int64_t total =
      std::max<std::int64_t>(0, (out - 1) * axis.stride + axis.reach() - axis.in);
  axis.before = upper ? total / 2 : total - total / 2;
  axis.after = total - axis.before;
}

Result<void> finish_axis(Window::Axis& axis, const Node& node) {
  for (const std::int64_t value : {axis.kernel, axis.stride, axis.dilation})
    if (value < 1 || value > kMostExtent)
      return bad_value("kernel, stride or dilation " + std::to_string(value));
  if (axis.in > kMostExtent || axis.reach() > kMostExtent)
    return bad_value("extent " + std::to_string(std::max(axis.in, axis.reach())) +
                     " is above the limit of " + std::to_string(kMostExtent));
  const std::string same = node.text("auto_pad", "NOTSET");
  if (same == "SAME_UPPER" || same == "SAME_LOWER") pad_to_same(axis, same == "SAME_UPPER");
  if (axis.before < 0 || axis.after < 0 || axis.before > kMostExtent || axis.after > kMostExtent)
    return bad_value("padding " + std::to_string(axis.before) + ", " + std::to_string(axis.after));
  const std::int64_t room = axis.in + axis.before + axis.after - axis.reach();
  if (room < 0)
    return bad_value("a kernel that reaches over " + std::to_string(axis.reach()) + " of " +
                     std::to_string(axis.in + axis.before + axis.after) + " padded samples");
  const bool ceiling = node.integer("ceil_mode", 0) != 0;
  axis.out = (room + (ceiling ? axis.stride - 1 : 0)) / axis.stride + 1;
  // The last window must start inside the input or its padding before.
  if (ceiling && (axis.out - 1) * axis.stride >= axis.in + axis.before) --axis.out;
  return {};
}

}  // namespace

Result<Window> make_window(const Node& node, const Shape& input, std::vector<std::int64_t> kernel) {
  const int spatial = input.rank() - 2;
  if (spatial != 1 && spatial != 2)
    return unsupported("an input of shape " + input.text() +
                       "; expected [batch, channels, width] or [batch, channels, height, width]");
  const auto count = static_cast<std::size_t>(spatial);
  if (kernel.empty()) kernel = node.integers("kernel_shape");
  const auto strides = node.integers("strides", std::vector<std::int64_t>(count, 1));
  const auto dilations = node.integers("dilations", std::vector<std::int64_t>(count, 1));
  const auto pads = node.integers("pads", std::vector<std::int64_t>(2 * count, 0));
  if (kernel.size() != count || strides.size() != count || dilations.size() != count ||
      pads.size() != 2 * count)
    return bad_value("kernel, strides, dilations or pads do not fit an input of shape " +
                     input.text());
  Window window;
  window.batch = input[0];
  window.channels = input[1];
  for (std::size_t i = 0; i < count; ++i) {
    Window::Axis& axis = i + 1 == count ? window.width : window.height;
    axis.kernel = kernel[i];
    axis.stride = strides[i];
    axis.dilation = dilations[i];
    axis.before = pads[i];
    axis.after = pads[count + i];
    axis.in = input[static_cast<int>(i) + 2];
    CANTER_TRY(finish_axis(axis, node));
  }
  return window;
}

Shape window_output(const Window& window, std::int64_t channels, int rank) {
  Shape shape{window.batch, channels};
  if (rank == 4) shape.push_back(window.height.out);
  shape.push_back(window.width.out);
  return shape;
}

}  // namespace canter::nn::detail
