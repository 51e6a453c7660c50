#include "canter/phase/autoencoder.h"

#include <charconv>
#include <cmath>
#include <string>

#include "phase/parts.h"

namespace canter::phase {
namespace detail {
namespace {

constexpr float kBatchNormEpsilon = 1e-5f;
constexpr int kLargest = 4096;  // of any extent: a network of motion is far smaller

Error bad_value(std::string_view source, const std::string& what) {
  return {ErrorCode::bad_value, std::string(source) + ": " + what};
}

// Takes the tensors of a file by name; the first that does not fit is the error.
class TensorReader {
 public:
  TensorReader(const nn::TensorMap& tensors, std::string_view source)
      : tensors_(tensors), source_(source) {}

  bool has(const std::string& name) const { return tensors_.contains(name); }
  const nn::Shape* shape(const std::string& name) const {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? nullptr : &found->second.shape();
  }

  // As f32, of as many elements as `shape` has; extents of 1 do not count.
  std::vector<float> take(const std::string& name, const nn::Shape& shape) {
    const auto count = static_cast<std::size_t>(shape.num_elements());
    std::vector<float> out(count, 0.0f);
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      fail("no tensor '" + name + "'; a Periodic Autoencoder has one of shape " + shape.text());
      return out;
    }
    if (squeezed(found->second.shape()) != squeezed(shape)) {
      fail("tensor '" + name + "' has the shape " + found->second.shape().text() + "; expected " +
           shape.text());
      return out;
    }
    const nn::Tensor wide = nn::convert(found->second.view(), nn::DType::f32);
    const auto from = wide.as<float>();
    out.assign(from.begin(), from.end());
    for (const float v : out)
      if (!std::isfinite(v)) fail("tensor '" + name + "' holds NaN or infinity");
    return out;
  }

  void fail(const std::string& what) {
    if (!error_) error_ = bad_value(source_, what);
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  static std::vector<std::int64_t> squeezed(const nn::Shape& shape) {
    std::vector<std::int64_t> out;
    for (const std::int64_t extent : shape.dims())
      if (extent != 1) out.push_back(extent);
    return out;
  }

  const nn::TensorMap& tensors_;
  std::string_view source_;
  std::optional<Error> error_;
};

// BatchNorm behind a layer, into the layer: rows of weights and a bias each.
void fold_batch_norm(TensorReader& in, const std::string& name, int rows,
                     std::vector<float>& weights, std::vector<float>& bias) {
  const auto gamma = in.take(name + ".weight", {rows});
  const auto beta = in.take(name + ".bias", {rows});
  const auto mean = in.take(name + ".running_mean", {rows});
  const auto variance = in.take(name + ".running_var", {rows});
  const std::size_t width = weights.size() / static_cast<std::size_t>(rows);
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
    if (!(variance[r] >= 0.0f)) in.fail("tensor '" + name + ".running_var' is negative");
    const float scale = gamma[r] / std::sqrt(variance[r] + kBatchNormEpsilon);
    for (std::size_t k = 0; k < width; ++k) weights[r * width + k] *= scale;
    bias[r] = (bias[r] - mean[r]) * scale + beta[r];
  }
}

// Variant and extents, from the convolutions' shapes.
Result<AutoencoderInfo> read_shapes(const TensorReader& in, std::string_view source) {
  AutoencoderInfo info;
  const nn::Shape* conv1 = in.shape("conv1.weight");
  const nn::Shape* conv2 = in.shape("conv2.weight");
  for (const auto& [name, shape] : {std::pair{"conv1.weight", conv1}, {"conv2.weight", conv2}})
    if (shape == nullptr || shape->rank() != 3)
      return bad_value(source, std::string("tensor '") + name + "' is " +
                                   (shape == nullptr ? "absent" : "of shape " + shape->text()) +
                                   "; expected the three axes [out, in, frames]");
  for (const nn::Shape* shape : {conv1, conv2})
    for (const std::int64_t extent : shape->dims())
      if (extent < 1 || extent > kLargest)
        return bad_value(source, "a convolution of shape " + shape->text() +
                                     "; extents from 1 to 4096 are expected");
  if (in.has("bn_conv1.weight"))
    info.variant = Variant::batch_norm_tanh;
  else if (in.has("norm1.alpha"))
    info.variant = Variant::time_norm_elu;
  else
    return bad_value(source,
                     "neither 'bn_conv1.weight' (the paper's network) nor 'norm1.alpha' (the later "
                     "code's); one is expected behind conv1");
  info.hidden = static_cast<int>((*conv1)[0]);
  info.dims = static_cast<int>((*conv1)[1]);
  info.frames = static_cast<int>((*conv1)[2]);
  info.channels = static_cast<int>((*conv2)[0]);
  if (info.frames % 2 == 0 || info.frames < 3)
    return Error{ErrorCode::unsupported, std::string(source) + ": windows of " +
                                             std::to_string(info.frames) +
                                             " frames; an odd number from 3 is expected"};
  // The published settings, for files that do not say: 60 fps where that gives two seconds.
  info.rate_hz = info.frames > 90 ? 60.0f : 30.0f;
  info.window_s = static_cast<float>(info.frames - 1) / info.rate_hz;
  return info;
}

// ---- metadata

void read_number(const nn::TextMap& metadata, std::string_view key, float& to, float least,
                 float most, TensorReader& in) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return;
  float value = 0.0f;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least) ||
      !(value <= most)) {
    in.fail("metadata '" + std::string(key) + "' is '" + text + "'; expected a number from " +
            std::to_string(least) + " to " + std::to_string(most));
    return;
  }
  to = value;
}

void read_metadata(const nn::TextMap& metadata, AutoencoderInfo& info, TensorReader& in) {
  read_number(metadata, "phase.rate_hz", info.rate_hz, 1.0f, 1000.0f, in);
  read_number(metadata, "phase.window_s", info.window_s, 0.01f, 100.0f, in);
  read_number(metadata, "phase.cutoff_hz", info.cutoff_hz, 0.0f, 1000.0f, in);
  auto primary = static_cast<float>(info.primary);
  read_number(metadata, "phase.primary", primary, 0.0f, static_cast<float>(info.channels - 1), in);
  info.primary = static_cast<int>(primary);
  const auto choice = [&](std::string_view key, const char* no, const char* yes) {
    const auto found = metadata.find(key);
    if (found == metadata.end() || found->second == no) return false;
    if (found->second != yes)
      in.fail("metadata '" + std::string(key) + "' is '" + found->second + "'; expected '" + no +
              "' or '" + yes + "'");
    return true;
  };
  info.causal = choice("phase.filter", "zero_phase", "causal");
  info.pivot = choice("phase.pivot", "centre", "newest") ? Pivot::newest : Pivot::centre;
}

// ---- weights

void read_encoder(TensorReader& in, const AutoencoderInfo& info, Weights& w) {
  const auto [d, i, m, n] = std::array{info.dims, info.hidden, info.channels, info.frames};
  w.conv1 = in.take("conv1.weight", {i, d, n});
  w.conv1_bias = in.take("conv1.bias", {i});
  w.conv2 = in.take("conv2.weight", {m, i, n});
  w.conv2_bias = in.take("conv2.bias", {m});
  const bool paper = info.variant == Variant::batch_norm_tanh;
  if (paper) {
    fold_batch_norm(in, "bn_conv1", i, w.conv1, w.conv1_bias);
    // The published network has a norm and tanh behind conv2 too; networks without are read alike.
    w.bounded = in.has("bn_conv2.weight");
    if (w.bounded) fold_batch_norm(in, "bn_conv2", m, w.conv2, w.conv2_bias);
  } else {
    w.scale = in.take("norm1.alpha", {n});
    w.shift = in.take("norm1.beta", {n});
  }
  for (int c = 0; c < m; ++c) {
    auto head = in.take("fc." + std::to_string(c) + ".weight", {2, n});
    auto bias = in.take("fc." + std::to_string(c) + ".bias", {2});
    if (paper) fold_batch_norm(in, "bn." + std::to_string(c), 2, head, bias);
    w.heads.insert(w.heads.end(), head.begin(), head.end());
    w.heads_bias.insert(w.heads_bias.end(), bias.begin(), bias.end());
  }
}

void read_decoder(TensorReader& in, const AutoencoderInfo& info, Weights& w) {
  if (!in.has("deconv1.weight")) return;
  const auto [d, i, m, n] = std::array{info.dims, info.hidden, info.channels, info.frames};
  w.deconv1 = in.take("deconv1.weight", {i, m, n});
  w.deconv1_bias = in.take("deconv1.bias", {i});
  w.deconv2 = in.take("deconv2.weight", {d, i, n});
  w.deconv2_bias = in.take("deconv2.bias", {d});
  if (info.variant == Variant::batch_norm_tanh) {
    fold_batch_norm(in, "bn_deconv1", i, w.deconv1, w.deconv1_bias);
  } else {
    w.decoder_scale = in.take("denorm1.alpha", {n});
    w.decoder_shift = in.take("denorm1.beta", {n});
  }
}

std::string text_of(float value) {
  char text[32];
  const auto result = std::to_chars(text, text + sizeof text, value);
  return {text, result.ptr};
}

}  // namespace

void read_channel(const AutoencoderParts& parts, int channel, const float* spectrum,
                  ChannelPhase& out) {
  // Power below this is rounding: the curve is constant.
  constexpr float kNoPower = 1e-12f;
  const AutoencoderInfo& info = parts.info;
  float power = 0.0f;
  float moment = 0.0f;
  for (int k = 1; k <= num_bins(info); ++k) {
    const float c = spectrum[2 * (k - 1)];
    const float s = spectrum[2 * (k - 1) + 1];
    const float p = c * c + s * s;
    power += p;
    moment += static_cast<float>(k) * p;
  }
  const auto n = static_cast<float>(info.frames);
  // N frames last N / rate seconds, which the network's own axis (k / W) forgets.
  if (power >= kNoPower) out.frequency_hz = moment / power / info.window_s * (n - 1.0f) / n;
  out.amplitude = power >= kNoPower ? 2.0f * std::sqrt(power) / n : 0.0f;
  out.offset = spectrum[mean_at(info)];
  const float* head = spectrum + heads_at(info) + 2 * channel;
  const float* bias = parts.weights.heads_bias.data() + 2 * channel;
  constexpr float kTurnsPerRadian = 0.159154943f;
  out.phase = wrap_cycle(kTurnsPerRadian * std::atan2(head[1] + bias[1], head[0] + bias[0]));
}

}  // namespace detail

const AutoencoderInfo& Autoencoder::info() const {
  return parts_->info;
}

const nn::TextMap& Autoencoder::provenance() const {
  return parts_->provenance;
}

Result<Autoencoder> make_autoencoder(nn::WeightFile file, std::string_view source) {
  detail::TensorReader in(file.tensors, source);
  auto info = detail::read_shapes(in, source);
  if (!info) return info.error();
  auto parts = std::make_shared<detail::AutoencoderParts>();
  parts->info = *info;
  detail::read_metadata(file.metadata, parts->info, in);
  detail::read_encoder(in, parts->info, parts->weights);
  detail::read_decoder(in, parts->info, parts->weights);
  if (in.error()) return *in.error();
  parts->provenance = std::move(file.metadata);
  if (auto compiled = detail::compile_networks(*parts); !compiled) return compiled.error();
  Autoencoder network;
  network.parts_ = std::move(parts);
  return network;
}

Result<Autoencoder> load_autoencoder(std::span<const std::byte> bytes, std::string_view source) {
  auto file = nn::read_weights(bytes, source);
  if (!file) return file.error();
  return make_autoencoder(std::move(*file), source);
}

nn::TextMap metadata_of(const AutoencoderInfo& info) {
  return {{"phase.rate_hz", detail::text_of(info.rate_hz)},
          {"phase.window_s", detail::text_of(info.window_s)},
          {"phase.cutoff_hz", detail::text_of(info.cutoff_hz)},
          {"phase.filter", info.causal ? "causal" : "zero_phase"},
          {"phase.pivot", info.pivot == Pivot::newest ? "newest" : "centre"},
          {"phase.primary", std::to_string(info.primary)}};
}

}  // namespace canter::phase
