// MaxPool, AveragePool and their global forms.

#include <algorithm>
#include <cstring>
#include <limits>

#include "nn/op_support.h"
#include "nn/pool.h"
#include "nn/window.h"

namespace canter::nn::detail {

namespace {

// The part of a window that lies inside the input.
struct Inside {
  std::int64_t begin, end;  ///< kernel taps
};
Inside inside(const Window::Axis& axis, std::int64_t start) {
  std::int64_t begin = 0;
  while (begin < axis.kernel && start + begin * axis.dilation < 0) ++begin;
  std::int64_t end = axis.kernel;
  while (end > begin && start + (end - 1) * axis.dilation >= axis.in) --end;
  return {begin, end};
}

class PoolOp : public Operator {
 public:
  explicit PoolOp(const NodeContext& context)
      : node_(context.node()),
        max_(node_.op == "MaxPool" || node_.op == "GlobalMaxPool"),
        global_(node_.op.starts_with("Global")),
        count_padding_(node_.integer("count_include_pad", 0) != 0),
        reference_(context.reference()) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_f32(context, 0));
    if (context.wants_output(1)) return unsupported("the indices of the largest as an output");
    const Shape& shape = context.shape(0);
    std::vector<std::int64_t> kernel;
    if (global_)
      for (int axis = 2; axis < shape.rank(); ++axis) kernel.push_back(shape[axis]);
    const auto window = make_window(node_, shape, kernel);
    if (!window) return window.error();
    context.set_output(0, DType::f32, window_output(*window, window->channels, shape.rank()));
    std::memcpy(context.make_table(sizeof(Window)).data(), &*window, sizeof(Window));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    Window window;
    std::memcpy(&window, context.table.data(), sizeof window);
    const float* x = context.input(0).as<float>().data();
    float* y = context.output(0).as<float>().data();
    for (std::int64_t plane = 0; plane < window.batch * window.channels; ++plane) {
      pool_plane(window, x, y);
      x += window.in_plane();
      y += window.out_plane();
    }
    return {};
  }

 private:
  void pool_plane(const Window& window, const float* x, float* y) const {
    const Window::Axis& h = window.height;
    const Window::Axis& w = window.width;
    // Columns [first, last) have their whole window inside the input.
    const std::int64_t first = std::min((w.before + w.stride - 1) / w.stride, w.out);
    const std::int64_t room = w.in + w.before - w.reach();
    const std::int64_t last =
        std::clamp<std::int64_t>(room < 0 ? 0 : room / w.stride + 1, first, w.out);
    for (std::int64_t i = 0; i < h.out; ++i, y += w.out) {
      const std::int64_t top = i * h.stride - h.before;
      const Inside rows = inside(h, top);
      for (std::int64_t j = 0; j < first; ++j) y[j] = pool_edge(window, rows, x, top, j);
      PoolRow row;
      row.max = max_;
      row.x = x + (top + rows.begin * h.dilation) * w.in + first * w.stride - w.before;
      row.row_step = h.dilation * w.in;
      row.rows = rows.end - rows.begin;
      row.taps = w.kernel;
      row.dilation = w.dilation;
      row.stride = w.stride;
      row.count = last - first;
      row.y = y + first;
      (reference_ ? pool_row_reference : pool_row_simd)(row);
      for (std::int64_t j = last; j < w.out; ++j) y[j] = pool_edge(window, rows, x, top, j);
      if (!max_) divide_row(window, rows, top, y);
    }
  }

  // One window that reaches over the left or right edge.
  float pool_edge(const Window& window, const Inside& rows, const float* x, std::int64_t top,
                  std::int64_t j) const {
    const Window::Axis& w = window.width;
    const std::int64_t left = j * w.stride - w.before;
    const Inside columns = inside(w, left);
    float value = 0.0f;
    PoolRow row;
    row.max = max_;
    row.x =
        x + (top + rows.begin * window.height.dilation) * w.in + left + columns.begin * w.dilation;
    row.row_step = window.height.dilation * w.in;
    row.rows = rows.end - rows.begin;
    row.taps = columns.end - columns.begin;
    row.dilation = w.dilation;
    row.count = 1;
    row.y = &value;
    pool_row_reference(row);
    return value;
  }

  void divide_row(const Window& window, const Inside& rows, std::int64_t top, float* y) const {
    const Window::Axis& w = window.width;
    for (std::int64_t j = 0; j < w.out; ++j) {
      const std::int64_t left = j * w.stride - w.before;
      y[j] /= static_cast<float>(divisor(window, rows, inside(w, left), top, left));
    }
  }

  // How many samples an average is over: with padding counted, those of the padded input.
  std::int64_t divisor(const Window& window, const Inside& rows, const Inside& columns,
                       std::int64_t top, std::int64_t left) const {
    if (!count_padding_) return (rows.end - rows.begin) * (columns.end - columns.begin);
    const auto taps = [](const Window::Axis& axis, std::int64_t start) {
      std::int64_t end = axis.kernel;
      while (end > 0 && start + (end - 1) * axis.dilation >= axis.in + axis.after) --end;
      return end;
    };
    return taps(window.height, top) * taps(window.width, left);
  }

  Node node_;
  bool max_, global_, count_padding_, reference_;
};

}  // namespace

void add_pooling(OperatorSet& set) {
  for (const char* op : {"MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool"})
    set.add("", op, from_node<PoolOp>());
}

}  // namespace canter::nn::detail
