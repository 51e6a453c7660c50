// Conv and ConvTranspose over one or two axes, with constant weights.

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "nn/conv.h"
#include "nn/epilogue.h"
#include "nn/op_support.h"
#include "nn/spectral.h"
#include "nn/window.h"
#include "nn/winograd.h"

namespace canter::nn::detail {

namespace {

// A transposed convolution is a convolution of the input with zeros between its samples.
struct Transposed {
  bool on = false;
  std::vector<std::int64_t> strides, pads, output_padding;
};

class ConvOp : public Operator {
 public:
  ConvOp(PackedConv conv, std::vector<std::int64_t> kernel, const NodeContext& context,
         Transposed transposed)
      : conv_(std::move(conv)),
        kernel_(std::move(kernel)),
        node_(context.node()),
        transposed_(std::move(transposed)),
        epilogue_(epilogue_of(context)),
        reference_(context.reference()) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_f32(context, 0));
    const Shape& shape = context.shape(0);
    if (shape.rank() != static_cast<int>(kernel_.size()) + 2 || shape[1] != conv_.groups * conv_.in)
      return bad_value("input of shape " + shape.text() + "; expected " +
                       std::to_string(conv_.groups * conv_.in) + " channels and " +
                       std::to_string(kernel_.size()) + " axes behind them");
    const auto layout = transposed_.on ? transposed_layout(shape) : plain_layout(shape);
    if (!layout) return layout.error();
    const std::int64_t buffer = shape[1] * layout->channel + kReadSlack;
    if (layout->channel >
        std::numeric_limits<std::int32_t>::max() / std::max<std::int64_t>(1, conv_.in))
      return bad_value("an input of shape " + shape.text() + " is above the limit of 2^31 numbers");
    context.set_output(0, DType::f32,
                       window_output(layout->window, conv_.groups * conv_.out, shape.rank()));
    context.set_scratch(static_cast<std::size_t>(buffer + widened_size(conv_)) * sizeof(float));
    const auto taps = static_cast<std::size_t>(conv_.taps);
    const std::span<std::byte> table =
        context.make_table(align_up(sizeof(ConvLayout)) + taps * sizeof(std::int32_t));
    std::memcpy(table.data(), &*layout, sizeof(ConvLayout));
    auto* offsets = reinterpret_cast<std::int32_t*>(table.data() + align_up(sizeof(ConvLayout)));
    tap_offsets(*layout, conv_.in, {offsets, taps});
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    ConvLayout layout;
    std::memcpy(&layout, context.table.data(), sizeof layout);
    const Window& window = layout.window;
    auto* buffer = reinterpret_cast<float*>(context.scratch.data());
    const std::int64_t in_channels = conv_.groups * conv_.in;
    const std::int64_t out_size = conv_.out * window.out_plane();
    const float* x = context.input(0).as<float>().data();
    ConvCall call;
    call.offsets =
        reinterpret_cast<const std::int32_t*>(context.table.data() + align_up(sizeof(ConvLayout)));
    call.taps = conv_.taps;
    call.rows = window.height.out;
    call.width = window.width.out;
    call.pitch = layout.pitch;
    call.relu = epilogue_.function.kind == Unary::relu;
    call.out = context.output(0).as<float>().data();
    for (std::int64_t n = 0; n < window.batch; ++n) {
      copy_padded(layout, x, in_channels, buffer);
      float* const item = call.out;
      for (std::int64_t g = 0; g < conv_.groups; ++g, call.out += out_size) {
        call.x = buffer + g * conv_.in * layout.channel;
        run_group(call, g, buffer + in_channels * layout.channel + kReadSlack);
      }
      if (!call.relu) epilogue_.apply(item, conv_.groups * out_size);
      x += in_channels * window.in_plane();
    }
    return {};
  }

 private:
  // f32 weights are multiplied where they lie, others tile by tile.
  void run_group(ConvCall call, std::int64_t g, float* widened) const {
    const std::int64_t most = conv_.precision == Precision::f32 ? conv_.out : kChannelTile;
    const float* bias = reinterpret_cast<const float*>(conv_.bias.data()) + g * conv_.out;
    float* const out = call.out;
    for (std::int64_t c = 0; c < conv_.out; c += most) {
      call.channels = std::min(most, conv_.out - c);
      call.weights = widen_tile(conv_, g, c / kChannelTile, widened);
      call.bias = bias + c;
      call.out = out + c * call.rows * call.width;
      (reference_ ? conv_reference : conv_simd)(call);
    }
  }

  Result<ConvLayout> plain_layout(const Shape& shape) const {
    const auto window = make_window(node_, shape, kernel_);
    if (!window) return window.error();
    ConvLayout layout;
    layout.window = *window;
    finish_layout(layout);
    return layout;
  }

  Result<ConvLayout> transposed_layout(const Shape& shape) const {
    ConvLayout layout;
    Window& window = layout.window;
    window.batch = shape[0];
    window.channels = shape[1];
    const std::size_t count = kernel_.size();
    const auto dilations = node_.integers("dilations", std::vector<std::int64_t>(count, 1));
    for (std::size_t i = 0; i < count; ++i) {
      Window::Axis& axis = i + 1 == count ? window.width : window.height;
      axis.kernel = kernel_[i];
      axis.dilation = dilations[i];
      axis.in = shape[static_cast<int>(i) + 2];
      const std::int64_t up = transposed_.strides[i];
      (i + 1 == count ? layout.up_width : layout.up_height) = up;
      axis.before = axis.reach() - 1 - transposed_.pads[i];
      axis.out = (axis.in - 1) * up + axis.reach() - transposed_.pads[i] -
                 transposed_.pads[count + i] + transposed_.output_padding[i];
      constexpr std::int64_t kMost = std::int64_t{1} << 24;
      if (axis.out < 1 || axis.out > kMost || axis.in < 1)
        return bad_value("input of shape " + shape.text() + " gives an extent of " +
                         std::to_string(axis.out));
    }
    finish_layout(layout);
    return layout;
  }

  PackedConv conv_;
  std::vector<std::int64_t> kernel_;
  Node node_;
  Transposed transposed_;
  Epilogue epilogue_;
  bool reference_;
};

// A convolution along one axis with a long kernel, through the Fourier transform.
class SpectralConvOp : public Operator {
 public:
  SpectralConvOp(SpectralConv conv, const NodeContext& context)
      : conv_(std::move(conv)), node_(context.node()), epilogue_(epilogue_of(context)) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_f32(context, 0));
    const Shape& shape = context.shape(0);
    if (shape.rank() != 3 || shape[1] != conv_.in)
      return bad_value("input of shape " + shape.text() + "; expected [batch, " +
                       std::to_string(conv_.in) + ", time]");
    const auto window = make_window(node_, shape, {conv_.kernel});
    if (!window) return window.error();
    context.set_output(0, DType::f32, window_output(*window, conv_.out, 3));
    context.set_scratch(spectral_scratch_bytes(conv_, window->width.out));
    std::memcpy(context.make_table(sizeof(Window)).data(), &*window, sizeof(Window));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    Window window;
    std::memcpy(&window, context.table.data(), sizeof window);
    SpectralCall call;
    call.x = context.input(0).as<float>().data();
    call.samples = window.width.in;
    call.before = window.width.before;
    call.y = context.output(0).as<float>().data();
    call.outputs = window.width.out;
    call.scratch = context.scratch;
    for (std::int64_t n = 0; n < window.batch; ++n) {
      spectral_conv_simd(conv_, call);
      epilogue_.apply(call.y, conv_.out * call.outputs);
      call.x += conv_.in * call.samples;
      call.y += conv_.out * call.outputs;
    }
    return {};
  }

 private:
  SpectralConv conv_;
  Node node_;
  Epilogue epilogue_;
};

// A 3 x 3 convolution of stride 1, by minimal filtering.
class WinogradConvOp : public Operator {
 public:
  WinogradConvOp(WinogradConv conv, const NodeContext& context)
      : conv_(std::move(conv)), node_(context.node()), epilogue_(epilogue_of(context)) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_f32(context, 0));
    const Shape& shape = context.shape(0);
    if (shape.rank() != 4 || shape[1] != conv_.in)
      return bad_value("input of shape " + shape.text() + "; expected [batch, " +
                       std::to_string(conv_.in) + ", height, width]");
    const auto window = make_window(node_, shape, {3, 3});
    if (!window) return window.error();
    ConvLayout layout;
    layout.window = *window;
    winograd_layout(layout);
    context.set_output(0, DType::f32, window_output(*window, conv_.out, 4));
    context.set_scratch(buffer_bytes(layout) +
                        winograd_scratch_bytes(conv_, window->height.out, window->width.out));
    std::memcpy(context.make_table(sizeof layout).data(), &layout, sizeof layout);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    ConvLayout layout;
    std::memcpy(&layout, context.table.data(), sizeof layout);
    const Window& window = layout.window;
    auto* buffer = reinterpret_cast<float*>(context.scratch.data());
    WinogradCall call;
    call.x = buffer;
    call.channel = layout.channel;
    call.pitch = layout.pitch;
    call.height = window.height.out;
    call.width = window.width.out;
    call.relu = epilogue_.function.kind == Unary::relu;
    call.scratch = context.scratch.subspan(buffer_bytes(layout));
    const float* x = context.input(0).as<float>().data();
    call.y = context.output(0).as<float>().data();
    const std::int64_t size = conv_.out * window.out_plane();
    for (std::int64_t n = 0; n < window.batch; ++n, call.y += size) {
      copy_padded(layout, x, conv_.in, buffer);
      winograd_simd(conv_, call);
      if (!call.relu) epilogue_.apply(call.y, size);
      x += conv_.in * window.in_plane();
    }
    return {};
  }

 private:
  std::size_t buffer_bytes(const ConvLayout& layout) const {
    return align_up(static_cast<std::size_t>(conv_.in * layout.channel + kReadSlack) *
                    sizeof(float));
  }

  WinogradConv conv_;
  Node node_;
  Epilogue epilogue_;
};

// Weights and bias as Conv has them, checked.
struct ConvParameters {
  const Tensor* weights = nullptr;
  const float* bias = nullptr;
  std::int64_t groups = 1;
  std::vector<std::int64_t> kernel;
  std::int64_t kernel_size = 1;
};

Result<ConvParameters> parameters_of(NodeContext& context, int out_axis) {
  ConvParameters p;
  p.weights = context.constant(1);
  if (p.weights == nullptr || (context.has_input(2) && context.constant(2) == nullptr))
    return unsupported("its weights and bias must be constants of the file");
  const Shape& shape = p.weights->shape();
  if (p.weights->dtype() != DType::f32 || (shape.rank() != 3 && shape.rank() != 4))
    return unsupported("weights of shape " + shape.text() + " and type " +
                       std::string(dtype_name(p.weights->dtype())) +
                       "; expected f32 for one or two axes");
  p.groups = context.node().integer("group", 1);
  const std::int64_t first = shape[0];
  if (p.groups < 1 || first % p.groups != 0 || p.weights->num_elements() == 0)
    return bad_value("weights of shape " + shape.text() + " in " + std::to_string(p.groups) +
                     " groups");
  const std::int64_t out = out_axis == 0 ? first : shape[1] * p.groups;
  if (const Tensor* bias = context.constant(2); bias != nullptr) {
    if (bias->dtype() != DType::f32 || static_cast<std::int64_t>(bias->num_elements()) != out)
      return bad_value("a bias of shape " + bias->shape().text() + " for " + std::to_string(out) +
                       " channels");
    p.bias = bias->as<float>().data();
  }
  for (int axis = 2; axis < shape.rank(); ++axis) p.kernel.push_back(shape[axis]);
  p.kernel_size = shape.num_elements(2, shape.rank());
  return p;
}

std::unique_ptr<Operator> finish(NodeContext& context, PackedConv conv,
                                 std::vector<std::int64_t> kernel, Transposed transposed) {
  context.add_weight_bytes(conv.size_bytes());
  context.consume(1);
  if (context.has_input(2)) context.consume(2);
  return std::make_unique<ConvOp>(std::move(conv), std::move(kernel), context,
                                  std::move(transposed));
}

bool all_ones(const std::vector<std::int64_t>& values) {
  return std::ranges::all_of(values, [](std::int64_t v) { return v == 1; });
}

bool steps_by_one(const Node& node) {
  return all_ones(node.integers("strides")) && all_ones(node.integers("dilations"));
}

// Whatever the precision asked for: spectra are f32, and faster than the direct loops all the same.
bool is_spectral(const NodeContext& context, const ConvParameters& p) {
  const Shape& shape = p.weights->shape();
  return !context.reference() && shape.rank() == 3 && p.groups == 1 &&
         steps_by_one(context.node()) && spectral_pays(shape[1], shape[0], shape[2]);
}

// Reduced weights would be as large transformed as they are in f32, and rounded twice.
bool is_winograd(const NodeContext& context, const ConvParameters& p) {
  const Shape& shape = p.weights->shape();
  return !context.reference() && context.precision() == Precision::f32 && shape.rank() == 4 &&
         shape[2] == 3 && shape[3] == 3 && p.groups == 1 && steps_by_one(context.node()) &&
         winograd_pays(shape[1], shape[0]);
}

template <class Op, class Conv>
std::unique_ptr<Operator> finish_as(NodeContext& context, Conv conv) {
  context.add_weight_bytes(conv.size_bytes());
  context.consume(1);
  if (context.has_input(2)) context.consume(2);
  return std::make_unique<Op>(std::move(conv), context);
}

Result<std::unique_ptr<Operator>> make_conv(NodeContext& context) {
  const auto p = parameters_of(context, 0);
  if (!p) return p.error();
  const Shape& shape = p->weights->shape();
  const float* weights = p->weights->as<float>().data();
  if (is_spectral(context, *p))
    return finish_as<SpectralConvOp>(
        context, pack_spectral(weights, shape[1], shape[0], shape[2], p->bias, context.memory()));
  if (is_winograd(context, *p))
    return finish_as<WinogradConvOp>(
        context, pack_winograd(weights, shape[1], shape[0], p->bias, context.memory()));
  PackedConv conv = pack_conv(weights, p->groups, shape[1], shape[0] / p->groups, p->kernel_size,
                              p->bias, context.precision(), context.memory());
  return finish(context, std::move(conv), p->kernel, {});
}

Result<std::unique_ptr<Operator>> make_conv_transpose(NodeContext& context) {
  const auto p = parameters_of(context, 1);
  if (!p) return p.error();
  const Node& node = context.node();
  const std::size_t count = p->kernel.size();
  Transposed t;
  t.on = true;
  t.strides = node.integers("strides", std::vector<std::int64_t>(count, 1));
  t.pads = node.integers("pads", std::vector<std::int64_t>(2 * count, 0));
  t.output_padding = node.integers("output_padding", std::vector<std::int64_t>(count, 0));
  const auto dilations = node.integers("dilations", std::vector<std::int64_t>(count, 1));
  if (node.find("output_shape") != nullptr || node.text("auto_pad", "NOTSET") != "NOTSET")
    return unsupported("output_shape and auto_pad; give pads");
  if (t.strides.size() != count || t.pads.size() != 2 * count || t.output_padding.size() != count ||
      dilations.size() != count)
    return bad_value("strides, pads, dilations or output_padding do not fit its weights");
  constexpr std::int64_t kMost = 1 << 16;
  for (const std::vector<std::int64_t>* list : {&std::as_const(t.strides), &std::as_const(t.pads),
                                                &std::as_const(t.output_padding), &dilations})
    for (const std::int64_t value : *list)
      if (value < (list == &t.strides || list == &dilations ? 1 : 0) || value > kMost)
        return bad_value("stride, padding or dilation " + std::to_string(value));
  // [in, out / groups, taps] becomes [out, in / groups, taps backwards].
  const Shape& shape = p->weights->shape();
  const std::int64_t in = shape[0] / p->groups;
  const std::int64_t out = shape[1];
  const auto from = p->weights->as<float>();
  std::vector<float> turned(from.size());
  for (std::int64_t g = 0; g < p->groups; ++g)
    for (std::int64_t i = 0; i < in; ++i)
      for (std::int64_t o = 0; o < out; ++o)
        for (std::int64_t k = 0; k < p->kernel_size; ++k)
          turned[static_cast<std::size_t>(((g * out + o) * in + i) * p->kernel_size +
                                          p->kernel_size - 1 - k)] =
              from[static_cast<std::size_t>(((g * in + i) * out + o) * p->kernel_size + k)];
  PackedConv conv = pack_conv(turned.data(), p->groups, in, out, p->kernel_size, p->bias,
                              context.precision(), context.memory());
  return finish(context, std::move(conv), p->kernel, std::move(t));
}

}  // namespace

void add_convolution(OperatorSet& set) {
  set.add("", "Conv", make_conv);
  set.add("", "ConvTranspose", make_conv_transpose);
}

}  // namespace canter::nn::detail
