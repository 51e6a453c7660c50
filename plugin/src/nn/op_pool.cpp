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
    const Range rows = whole_windows(h);
    for (std::int64_t i = 0; i < rows.begin; ++i) pool_rows(window, x, y, i, 1);
    if (rows.begin < rows.end) pool_rows(window, x, y, rows.begin, rows.end - rows.begin);
    for (std::int64_t i = rows.end; i < h.out; ++i) pool_rows(window, x, y, i, 1);
  }

  struct Range {
    std::int64_t begin, end;
  };
  // The results whose windows lie inside the input along this axis.
  static Range whole_windows(const Window::Axis& axis) {
    const std::int64_t begin = std::min((axis.before + axis.stride - 1) / axis.stride, axis.out);
    const std::int64_t room = axis.in + axis.before - axis.reach();
    return {begin,
            std::clamp<std::int64_t>(room < 0 ? 0 : room / axis.stride + 1, begin, axis.out)};
  }

  // `num` rows of results from row i on, all of them windows with the same rows inside the input.
  void pool_rows(const Window& window, const float* x, float* y, std::int64_t i,
                 std::int64_t num) const {
    const Window::Axis& h = window.height;
    const Window::Axis& w = window.width;
    const Range columns = whole_windows(w);
    const std::int64_t top = i * h.stride - h.before;
    const Inside rows = inside(h, top);
    const std::int64_t left = columns.begin * w.stride - w.before;
    PoolRows call;
    call.max = max_;
    call.x = x + (top + rows.begin * h.dilation) * w.in + left;
    call.row_step = h.dilation * w.in;
    call.rows = rows.end - rows.begin;
    call.taps = w.kernel;
    call.dilation = w.dilation;
    call.stride = w.stride;
    call.count = columns.end - columns.begin;
    call.y = y + i * w.out + columns.begin;
    call.num = num;
    call.x_next = h.stride * w.in;
    call.y_next = w.out;
    if (!max_) call.divisor = static_cast<float>(divisor(window, rows, {0, w.kernel}, top, left));
    (reference_ ? pool_reference : pool_simd)(call);
    for (std::int64_t k = i; k < i + num; ++k) {
      for (std::int64_t j = 0; j < columns.begin; ++j)
        y[k * w.out + j] = pool_edge(window, x, k, j);
      for (std::int64_t j = columns.end; j < w.out; ++j)
        y[k * w.out + j] = pool_edge(window, x, k, j);
    }
  }

  // One window that reaches over the left or right edge.
  float pool_edge(const Window& window, const float* x, std::int64_t i, std::int64_t j) const {
    const Window::Axis& h = window.height;
    const Window::Axis& w = window.width;
    const std::int64_t top = i * h.stride - h.before;
    const std::int64_t left = j * w.stride - w.before;
    const Inside rows = inside(h, top);
    const Inside columns = inside(w, left);
    float value = 0.0f;
    PoolRows call;
    call.max = max_;
    call.x = x + (top + rows.begin * h.dilation) * w.in + left + columns.begin * w.dilation;
    call.row_step = h.dilation * w.in;
    call.rows = rows.end - rows.begin;
    call.taps = columns.end - columns.begin;
    call.dilation = w.dilation;
    call.count = 1;
    call.y = &value;
    call.divisor = static_cast<float>(divisor(window, rows, columns, top, left));
    pool_reference(call);
    return value;
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
