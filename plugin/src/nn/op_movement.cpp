// Operators that move elements without computing: of any type, by the size of an element.

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "nn/broadcast.h"
#include "nn/op_support.h"
#include "nn/visit.h"

namespace canter::nn::detail {

namespace {

// ---- one strided copy behind Transpose, Slice, Expand, Tile and Pad

/// Elements of a dense output read from `from + sum(index * step)`.
struct StridedRead {
  Shape out;
  Strides steps;  ///< in elements; may be negative or 0
  std::int64_t offset = 0;
};

template <class T>
void read_rows(const StridedRead& read, const T* from, T* to) {
  const int last = read.out.rank() - 1;
  const std::int64_t inner = last < 0 ? 1 : read.out[last];
  const std::int64_t step = last < 0 ? 1 : read.steps.step[last];
  const std::int64_t rows = last < 0 ? 1 : read.out.num_elements(0, last);
  if (inner == 0) return;
  std::array<std::int64_t, Shape::kMaxRank> index{};
  const T* row = from + read.offset;
  for (std::int64_t r = 0; r < rows; ++r, to += inner) {
    if (step == 1)
      std::copy_n(row, inner, to);
    else
      for (std::int64_t i = 0; i < inner; ++i) to[i] = row[i * step];
    for (int axis = last - 1; axis >= 0; --axis) {
      row += read.steps.step[axis];
      if (++index[static_cast<std::size_t>(axis)] < read.out[axis]) break;
      index[static_cast<std::size_t>(axis)] = 0;
      row -= read.steps.step[axis] * read.out[axis];
    }
  }
}

void strided_read(const StridedRead& read, DType dtype, const std::byte* from, std::byte* to) {
  const auto run = [&]<class T>(T) {
    read_rows(read, reinterpret_cast<const T*>(from), reinterpret_cast<T*>(to));
  };
  switch (element_size(dtype)) {
    case 8:
      return run(std::uint64_t{});
    case 4:
      return run(std::uint32_t{});
    case 2:
      return run(std::uint16_t{});
    default:
      return run(std::uint8_t{});
  }
}

// A strided read prepared with the plan and kept in its table.
class StridedReadOp : public Operator {
 public:
  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    auto read = make_read(context);
    if (!read) return read.error();
    context.set_output(0, context.dtype(0), read->out);
    std::memcpy(context.make_table(sizeof(StridedRead)).data(), &*read, sizeof(StridedRead));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    StridedRead read;
    std::memcpy(static_cast<void*>(&read), context.table.data(), sizeof read);
    strided_read(read, context.output(0).dtype, context.input(0).data, context.output(0).data);
    return {};
  }

 private:
  virtual Result<StridedRead> make_read(const PlanContext& context) const = 0;
};

class TransposeOp : public StridedReadOp {
 public:
  explicit TransposeOp(const NodeContext& context) : order_(context.node().integers("perm")) {}

 private:
  Result<StridedRead> make_read(const PlanContext& context) const override {
    const Shape& from = context.shape(0);
    std::vector<std::int64_t> order = order_;
    if (order.empty())
      for (int axis = from.rank(); axis-- > 0;) order.push_back(axis);
    std::vector<std::int64_t> sorted = order;
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < sorted.size(); ++i)
      if (static_cast<int>(sorted.size()) != from.rank() ||
          sorted[i] != static_cast<std::int64_t>(i))
        return bad_value("its order of axes does not fit " + from.text());
    const Strides strides = dense_strides(from);
    StridedRead read;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const int axis = static_cast<int>(order[i]);
      read.out.push_back(from[axis]);
      read.steps.step[i] = strides.step[axis];
    }
    return read;
  }

  std::vector<std::int64_t> order_;
};

class ExpandOp : public StridedReadOp {
 public:
  explicit ExpandOp(const NodeContext&) {}

 private:
  Result<StridedRead> make_read(const PlanContext& context) const override {
    const auto dims = known_integers(context, 1, "the shape");
    if (!dims) return dims.error();
    const auto wanted = Shape::make(*dims);
    if (!wanted) return wanted.error();
    const auto out = broadcast_shapes(context.shape(0), *wanted);
    if (!out) return out.error();
    return StridedRead{*out, broadcast_strides(context.shape(0), *out), 0};
  }
};

class SliceOp : public StridedReadOp {
 public:
  explicit SliceOp(const NodeContext& context)
      : starts_(context.node().integers("starts")),
        ends_(context.node().integers("ends")),
        axes_(context.node().integers("axes")) {}

 private:
  // From inputs since opset 10, from attributes before.
  Result<StridedRead> make_read(const PlanContext& context) const override {
    std::vector<std::int64_t> starts = starts_, ends = ends_, axes = axes_, steps;
    std::vector<std::int64_t>* const lists[] = {&starts, &ends, &axes, &steps};
    for (int i = 0; i < 4; ++i) {
      if (!context.has_input(i + 1)) continue;
      auto list = known_integers(context, i + 1, "what it cuts");
      if (!list) return list.error();
      *lists[i] = std::move(*list);
    }
    if (axes.empty())
      for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
    if (steps.empty()) steps.resize(starts.size(), 1);
    if (ends.size() != starts.size() || axes.size() != starts.size() ||
        steps.size() != starts.size())
      return bad_value("starts, ends, axes and steps are of different lengths");
    const Shape& from = context.shape(0);
    StridedRead read{from, dense_strides(from), 0};
    std::array<bool, Shape::kMaxRank> seen{};
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const auto axis = normalise_axis(axes[i], from.rank());
      if (!axis) return axis.error();
      if (std::exchange(seen[static_cast<std::size_t>(*axis)], true))
        return bad_value("axis " + std::to_string(axes[i]) + " is cut twice");
      CANTER_TRY(cut(read, *axis, from[*axis], starts[i], ends[i], steps[i]));
    }
    return read;
  }

  static Result<void> cut(StridedRead& read, int axis, std::int64_t extent, std::int64_t start,
                          std::int64_t end, std::int64_t step) {
    constexpr std::int64_t kFar = std::int64_t{1}
                                  << 40;  // exporters write INT64_MAX for "to the end"
    if (step == 0 || step > kFar || step < -kFar) return bad_value("step " + std::to_string(step));
    const bool back = step < 0;
    const auto inside = [&](std::int64_t at) {
      at = std::clamp(at, -kFar, kFar);
      if (at < 0) at += extent;
      return std::clamp<std::int64_t>(at, back ? -1 : 0, back ? extent - 1 : extent);
    };
    const std::int64_t first = inside(start);
    const std::int64_t last = end < -extent && back ? -1 : inside(end);
    const std::int64_t distance = back ? first - last : last - first;
    const std::int64_t size = back ? -step : step;
    read.out[axis] = distance <= 0 ? 0 : (distance + size - 1) / size;
    if (read.out[axis] != 0) read.offset += first * read.steps.step[axis];
    if (read.out[axis] > 1) read.steps.step[axis] *= step;  // then step < extent: no overflow
    return {};
  }

  std::vector<std::int64_t> starts_, ends_, axes_;
};

// ---- Concat and Split

// Blocks of `outer` rows: what lies before the axis.
struct AxisBlocks {
  std::int64_t outer = 0;
  std::size_t inner_bytes = 0;  ///< of one index along the axis
};
AxisBlocks blocks_of(const Shape& shape, int axis, DType dtype) {
  return {
      shape.num_elements(0, axis),
      static_cast<std::size_t>(shape.num_elements(axis + 1, shape.rank())) * element_size(dtype)};
}

class ConcatOp : public Operator {
 public:
  explicit ConcatOp(const NodeContext& context) : axis_(context.node().integer("axis", 0)) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, std::max(context.num_inputs(), 1)));
    Shape out = context.shape(0);
    const auto axis = normalise_axis(axis_, out.rank());
    if (!axis) return axis.error();
    for (int i = 1; i < context.num_inputs(); ++i) {
      const Shape& shape = context.shape(i);
      Shape expected = out;
      if (shape.rank() == out.rank()) expected[*axis] = shape[*axis];
      if (shape != expected || context.dtype(i) != context.dtype(0))
        return bad_value("input " + std::to_string(i) + " of shape " + shape.text() + " and type " +
                         std::string(dtype_name(context.dtype(i))) + " does not continue " +
                         context.shape(0).text() + " of type " +
                         std::string(dtype_name(context.dtype(0))));
      out[*axis] += shape[*axis];
    }
    context.set_output(0, context.dtype(0), out);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const TensorView& y = context.output(0);
    const int axis = normalise_axis(axis_, y.shape.rank()).value();
    const AxisBlocks blocks = blocks_of(y.shape, axis, y.dtype);
    const std::size_t row = blocks.inner_bytes * static_cast<std::size_t>(y.shape[axis]);
    std::byte* to = y.data;
    for (const ConstTensorView& x : context.inputs) {
      const std::size_t bytes = blocks.inner_bytes * static_cast<std::size_t>(x.shape[axis]);
      for (std::int64_t o = 0; bytes != 0 && o < blocks.outer; ++o)
        std::memcpy(to + static_cast<std::size_t>(o) * row,
                    x.data + static_cast<std::size_t>(o) * bytes, bytes);
      to += bytes;
    }
    return {};
  }

 private:
  std::int64_t axis_;
};

class SplitOp : public Operator {
 public:
  explicit SplitOp(const NodeContext& context)
      : axis_(context.node().integer("axis", 0)), sizes_(context.node().integers("split")) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    const Shape& from = context.shape(0);
    const auto axis = normalise_axis(axis_, from.rank());
    if (!axis) return axis.error();
    std::vector<std::int64_t> sizes = sizes_;
    if (context.has_input(1)) {
      auto given = known_integers(context, 1, "the sizes");
      if (!given) return given.error();
      sizes = std::move(*given);
    }
    const int count = context.num_outputs();
    if (sizes.empty()) {  // equal parts, the last one smaller
      const std::int64_t part = (from[*axis] + count - 1) / count;
      for (int i = 0; i < count; ++i)
        sizes.push_back(std::clamp<std::int64_t>(from[*axis] - i * part, 0, part));
    }
    std::int64_t total = 0;
    for (const std::int64_t size : sizes) {
      if (size < 0 || size > from[*axis] - total) return bad_value("its parts do not fit");
      total += size;
    }
    if (static_cast<int>(sizes.size()) != count || total != from[*axis])
      return bad_value("its parts do not add up to axis " + std::to_string(axis_) + " of " +
                       from.text());
    for (int i = 0; i < count; ++i) {
      Shape out = from;
      out[*axis] = sizes[static_cast<std::size_t>(i)];
      context.set_output(i, context.dtype(0), out);
    }
    std::memcpy(context.make_table(sizes.size() * sizeof(std::int64_t)).data(), sizes.data(),
                sizes.size() * sizeof(std::int64_t));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const ConstTensorView& x = context.input(0);
    const int axis = normalise_axis(axis_, x.shape.rank()).value();
    const AxisBlocks blocks = blocks_of(x.shape, axis, x.dtype);
    const std::size_t row = blocks.inner_bytes * static_cast<std::size_t>(x.shape[axis]);
    const std::byte* from = x.data;
    for (std::size_t i = 0; i < context.outputs.size(); ++i) {
      std::int64_t size;
      std::memcpy(&size, context.table.data() + i * sizeof size, sizeof size);
      const std::size_t bytes = blocks.inner_bytes * static_cast<std::size_t>(size);
      std::byte* to = context.outputs[i].data;
      for (std::int64_t o = 0; to != nullptr && bytes != 0 && o < blocks.outer; ++o)
        std::memcpy(to + static_cast<std::size_t>(o) * bytes,
                    from + static_cast<std::size_t>(o) * row, bytes);
      from += bytes;
    }
    return {};
  }

 private:
  std::int64_t axis_;
  std::vector<std::int64_t> sizes_;
};

// ---- Pad and Tile

enum class PadMode : std::uint8_t { constant, reflect, edge, wrap };

// The index inside [0, extent) that a padded index shows; -1 for the constant.
std::int64_t padded_index(std::int64_t i, std::int64_t extent, PadMode mode) {
  if (i >= 0 && i < extent) return i;
  switch (mode) {
    case PadMode::edge:
      return std::clamp<std::int64_t>(i, 0, extent - 1);
    case PadMode::reflect: {
      if (extent == 1) return 0;
      const std::int64_t period = 2 * (extent - 1);
      const std::int64_t at = ((i % period) + period) % period;
      return at < extent ? at : period - at;
    }
    case PadMode::wrap:
      return ((i % extent) + extent) % extent;
    case PadMode::constant:
      break;
  }
  return -1;
}

class PadOp : public Operator {
 public:
  PadOp(const Node& node, PadMode mode)
      : mode_(mode), pads_(node.integers("pads")), value_(node.number("value", 0.0f)) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    std::vector<std::int64_t> pads = pads_;
    if (context.has_input(1)) {
      auto given = known_integers(context, 1, "the padding");
      if (!given) return given.error();
      pads = std::move(*given);
    }
    if (context.has_input(2) &&
        (context.dtype(2) != context.dtype(0) || context.shape(2).num_elements() != 1))
      return bad_value("pads with " + context.shape(2).text() + " of type " +
                       std::string(dtype_name(context.dtype(2))) + "; expected one " +
                       std::string(dtype_name(context.dtype(0))));
    const Shape& from = context.shape(0);
    std::vector<std::int64_t> axes;
    if (context.has_input(3)) {
      auto given = known_integers(context, 3, "the padded axes");
      if (!given) return given.error();
      axes = std::move(*given);
    } else {
      for (int axis = 0; axis < from.rank(); ++axis) axes.push_back(axis);
    }
    if (pads.size() != 2 * axes.size()) return bad_value("its padding does not fit " + from.text());
    Shape out = from;
    std::array<std::int64_t, Shape::kMaxRank> before{};
    constexpr std::int64_t kMost = std::int64_t{1} << 32;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const auto axis = normalise_axis(axes[i], from.rank());
      if (!axis) return axis.error();
      const std::int64_t begin = pads[i];
      const std::int64_t end = pads[axes.size() + i];
      if (begin < -kMost || begin > kMost || end < -kMost || end > kMost ||
          from[*axis] + begin + end < 0)
        return bad_value("padding " + std::to_string(begin) + ", " + std::to_string(end));
      if (mode_ != PadMode::constant && from[*axis] == 0) return bad_value("pads an empty axis");
      before[static_cast<std::size_t>(*axis)] = begin;
      out[*axis] = from[*axis] + begin + end;
    }
    context.set_output(0, context.dtype(0), out);
    std::memcpy(context.make_table(sizeof before).data(), before.data(), sizeof before);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    std::array<std::int64_t, Shape::kMaxRank> before;
    std::memcpy(before.data(), context.table.data(), sizeof before);
    visit_dtype(context.output(0).dtype, [&]<class T>(Type<T>) { fill<T>(context, before); });
    return {};
  }

 private:
  template <class T>
  void fill(const RunContext& context,
            const std::array<std::int64_t, Shape::kMaxRank>& before) const {
    const Shape& from = context.input(0).shape;
    const TensorView& y = context.output(0);
    const Strides strides = dense_strides(from);
    const T* x = reinterpret_cast<const T*>(context.input(0).data);
    T* to = reinterpret_cast<T*>(y.data);
    T value{};
    if constexpr (std::is_arithmetic_v<T>) value = static_cast<T>(value_);
    if (context.has_input(2)) value = *reinterpret_cast<const T*>(context.input(2).data);
    std::array<std::int64_t, Shape::kMaxRank> index{};
    const int rank = y.shape.rank();
    const auto count = static_cast<std::int64_t>(y.num_elements());
    for (std::int64_t n = 0; n < count; ++n) {
      std::int64_t at = 0;
      bool inside = true;
      for (int axis = 0; axis < rank; ++axis) {
        const auto a = static_cast<std::size_t>(axis);
        const std::int64_t i = padded_index(index[a] - before[a], from[axis], mode_);
        inside &= i >= 0;
        at += i * strides.step[axis];
      }
      to[n] = inside ? x[at] : value;
      for (int axis = rank - 1; axis >= 0; --axis) {
        if (++index[static_cast<std::size_t>(axis)] < y.shape[axis]) break;
        index[static_cast<std::size_t>(axis)] = 0;
      }
    }
  }

  PadMode mode_;
  std::vector<std::int64_t> pads_;
  float value_;
};

Result<std::unique_ptr<Operator>> make_pad(NodeContext& context) {
  const std::string mode = context.node().text("mode", "constant");
  const std::pair<const char*, PadMode> modes[] = {{"constant", PadMode::constant},
                                                   {"reflect", PadMode::reflect},
                                                   {"edge", PadMode::edge},
                                                   {"wrap", PadMode::wrap}};
  for (const auto& [name, value] : modes)
    if (mode == name)
      return std::unique_ptr<Operator>(std::make_unique<PadOp>(context.node(), value));
  return unsupported("padding mode '" + mode + "'");
}

class TileOp : public Operator {
 public:
  explicit TileOp(const NodeContext&) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 2));
    const auto repeats = known_integers(context, 1, "the repeats");
    if (!repeats) return repeats.error();
    Shape out = context.shape(0);
    if (static_cast<int>(repeats->size()) != out.rank())
      return bad_value("its repeats do not fit " + out.text());
    for (int axis = 0; axis < out.rank(); ++axis) {
      const std::int64_t r = (*repeats)[static_cast<std::size_t>(axis)];
      constexpr std::int64_t kMost = std::int64_t{1} << 30;
      if (r < 0 || r > kMost || out[axis] > kMost)
        return bad_value("repeats " + std::to_string(r) + " times");
      out[axis] *= r;
    }
    context.set_output(0, context.dtype(0), out);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const Shape& from = context.input(0).shape;
    const TensorView& y = context.output(0);
    const Strides strides = dense_strides(from);
    const std::size_t size = element_size(y.dtype);
    std::array<std::int64_t, Shape::kMaxRank> index{};
    const auto count = static_cast<std::int64_t>(y.num_elements());
    for (std::int64_t n = 0; n < count; ++n) {
      std::int64_t at = 0;
      for (int axis = 0; axis < from.rank(); ++axis)
        at += index[static_cast<std::size_t>(axis)] % from[axis] * strides.step[axis];
      std::memcpy(y.data + static_cast<std::size_t>(n) * size,
                  context.input(0).data + static_cast<std::size_t>(at) * size, size);
      for (int axis = from.rank() - 1; axis >= 0; --axis) {
        if (++index[static_cast<std::size_t>(axis)] < y.shape[axis]) break;
        index[static_cast<std::size_t>(axis)] = 0;
      }
    }
    return {};
  }
};

// ---- gathering by index

// An index of either integer type, counted from the end where negative; -1 where out of range.
std::int64_t index_at(const ConstTensorView& indices, std::size_t i, std::int64_t extent) {
  const std::int64_t index = indices.dtype == DType::i64
                                 ? reinterpret_cast<const std::int64_t*>(indices.data)[i]
                                 : reinterpret_cast<const std::int32_t*>(indices.data)[i];
  const std::int64_t at = index < 0 ? index + extent : index;
  return at < 0 || at >= extent ? -1 : at;
}

Error out_of_range(const ConstTensorView& indices, std::size_t i, std::int64_t extent) {
  const Tensor number = convert(
      {indices.dtype, Shape{1}, indices.data + i * element_size(indices.dtype)}, DType::i64);
  return bad_value("index " + std::to_string(number.as<std::int64_t>()[0]) + " at position " +
                   std::to_string(i) + "; expected 0 to " + std::to_string(extent - 1));
}

Result<void> require_indices(const PlanContext& context, int input) {
  if (context.dtype(input) == DType::i64 || context.dtype(input) == DType::i32) return {};
  return bad_value("indices of type " + std::string(dtype_name(context.dtype(input))) +
                   "; expected i64");
}

class GatherOp : public Operator {
 public:
  explicit GatherOp(const NodeContext& context) : axis_(context.node().integer("axis", 0)) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 2));
    CANTER_TRY(require_indices(context, 1));
    const Shape& from = context.shape(0);
    const auto axis = normalise_axis(axis_, from.rank());
    if (!axis) return axis.error();
    const Shape& indices = context.shape(1);
    if (from.rank() - 1 + indices.rank() > Shape::kMaxRank) return bad_value("rank above 8");
    Shape out;
    for (int a = 0; a < *axis; ++a) out.push_back(from[a]);
    for (const std::int64_t extent : indices.dims()) out.push_back(extent);
    for (int a = *axis + 1; a < from.rank(); ++a) out.push_back(from[a]);
    context.set_output(0, context.dtype(0), out);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const ConstTensorView& x = context.input(0);
    const ConstTensorView& indices = context.input(1);
    const int axis = normalise_axis(axis_, x.shape.rank()).value();
    const AxisBlocks blocks = blocks_of(x.shape, axis, x.dtype);
    const std::int64_t extent = x.shape[axis];
    const std::size_t count = indices.num_elements();
    std::byte* to = context.output(0).data;
    for (std::int64_t o = 0; o < blocks.outer; ++o)
      for (std::size_t i = 0; i < count; ++i, to += blocks.inner_bytes) {
        const std::int64_t at = index_at(indices, i, extent);
        if (at < 0) return out_of_range(indices, i, extent);
        std::memcpy(to, x.data + static_cast<std::size_t>(o * extent + at) * blocks.inner_bytes,
                    blocks.inner_bytes);
      }
    return {};
  }

 private:
  std::int64_t axis_;
};

class GatherElementsOp : public Operator {
 public:
  explicit GatherElementsOp(const NodeContext& context)
      : axis_(context.node().integer("axis", 0)) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 2));
    CANTER_TRY(require_indices(context, 1));
    const Shape& from = context.shape(0);
    const Shape& indices = context.shape(1);
    const auto axis = normalise_axis(axis_, from.rank());
    if (!axis) return axis.error();
    bool fits = indices.rank() == from.rank();
    for (int a = 0; fits && a < from.rank(); ++a) fits = a == *axis || indices[a] <= from[a];
    if (!fits) return bad_value("indices of shape " + indices.text() + " into " + from.text());
    context.set_output(0, context.dtype(0), indices);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const ConstTensorView& x = context.input(0);
    const ConstTensorView& indices = context.input(1);
    const int axis = normalise_axis(axis_, x.shape.rank()).value();
    const Strides strides = dense_strides(x.shape);
    const std::size_t size = element_size(x.dtype);
    std::array<std::int64_t, Shape::kMaxRank> index{};
    for (std::size_t n = 0; n < indices.num_elements(); ++n) {
      const std::int64_t chosen = index_at(indices, n, x.shape[axis]);
      if (chosen < 0) return out_of_range(indices, n, x.shape[axis]);
      std::int64_t at = 0;
      for (int a = 0; a < x.shape.rank(); ++a)
        at += (a == axis ? chosen : index[static_cast<std::size_t>(a)]) * strides.step[a];
      std::memcpy(context.output(0).data + n * size, x.data + static_cast<std::size_t>(at) * size,
                  size);
      for (int a = x.shape.rank() - 1; a >= 0; --a) {
        if (++index[static_cast<std::size_t>(a)] < indices.shape[a]) break;
        index[static_cast<std::size_t>(a)] = 0;
      }
    }
    return {};
  }

 private:
  std::int64_t axis_;
};

// The upper or lower triangle of the last two axes, the rest zero: causal masks.
class TriluOp : public Operator {
 public:
  explicit TriluOp(const NodeContext& context) : upper_(context.node().integer("upper", 1) != 0) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    if (context.shape(0).rank() < 2)
      return bad_value("shape " + context.shape(0).text() + "; expected rank 2 at least");
    context.set_output(0, context.dtype(0), context.shape(0));
    if (!context.has_input(1)) return {};
    const auto k = known_integers(context, 1, "the diagonal");
    return k ? Result<void>() : k.error();
  }

  Result<void> run(const RunContext& context) const override {
    const ConstTensorView& x = context.input(0);
    const std::int64_t columns = x.shape[x.shape.rank() - 1];
    const std::int64_t rows = x.shape[x.shape.rank() - 2];
    const std::int64_t k =
        context.has_input(1) ? *reinterpret_cast<const std::int64_t*>(context.input(1).data) : 0;
    const std::size_t size = element_size(x.dtype);
    for (std::size_t n = 0; n < x.num_elements(); ++n) {
      const auto at = static_cast<std::int64_t>(n);
      const std::int64_t distance = at % columns - at / columns % rows;
      std::byte* to = context.output(0).data + n * size;
      if (upper_ ? distance >= k : distance <= k)
        std::memcpy(to, x.data + n * size, size);
      else
        std::memset(to, 0, size);
    }
    return {};
  }

 private:
  bool upper_;
};

}  // namespace

void add_movement(OperatorSet& set) {
  set.add("", "Transpose", from_node<TransposeOp>());
  set.add("", "Expand", from_node<ExpandOp>());
  set.add("", "Slice", from_node<SliceOp>());
  set.add("", "Concat", from_node<ConcatOp>());
  set.add("", "Split", from_node<SplitOp>());
  set.add("", "Pad", make_pad);
  set.add("", "Tile", from_node<TileOp>());
  set.add("", "Gather", from_node<GatherOp>());
  set.add("", "GatherElements", from_node<GatherElementsOp>());
  set.add("", "Trilu", from_node<TriluOp>());
}

}  // namespace canter::nn::detail
