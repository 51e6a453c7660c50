#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <string>

#include "canter/base/bytes.h"
#include "canter/base/hash.h"
#include "canter/trainer/phase.h"
#include "trainer/nn/adam.h"
#include "trainer/phase/tied_conv.h"
#include "trainer/phase/wave_layer.h"
#include "trainer/ppo/random.h"

namespace canter::trainer {
namespace {

using namespace detail;

constexpr float kWindow_s = 2.0f;
constexpr std::uint32_t kCheckpoint = 0x32485043;  // "CPH2"

Error bad_setting(const std::string& name, double found, const std::string& expected) {
  return {ErrorCode::bad_value,
          "phase training: " + name + " is " + std::to_string(found) + "; expected " + expected};
}

int half_window(float rate_hz) {
  return static_cast<int>(std::lround(0.5f * kWindow_s * rate_hz));
}

}  // namespace

Result<void> validate(const PhaseSettings& s, int dims, float rate_hz) {
  if (dims < 3 || dims % 3 != 0) return bad_setting("features", dims, "a multiple of 3");
  if (s.channels < 1 || s.channels > 64) return bad_setting("channels", s.channels, "1 to 64");
  if (s.hidden < 0 || s.hidden > 1024) return bad_setting("hidden", s.hidden, "0 to 1024");
  if (s.batch < 1 || s.batch > 4096) return bad_setting("batch", s.batch, "1 to 4096");
  if (s.steps < 1) return bad_setting("steps", s.steps, "1 or more");
  if (!(s.step_size > 0.0f) || !(s.step_size <= 1.0f))
    return bad_setting("step_size", s.step_size, "above 0 and at most 1");
  if (!(s.weight_decay >= 0.0f) || !(s.weight_decay <= 1.0f))
    return bad_setting("weight_decay", s.weight_decay, "0 to 1");
  if (!(s.horizon_s >= 0.0f) || !(s.horizon_s <= 1.0f))
    return bad_setting("horizon_s", s.horizon_s, "0 to 1");
  if (!(s.memory >= 0.0f) || !(s.memory <= 1e6f))
    return bad_setting("memory", s.memory, "0 to 1000000");
  if (!(s.tempo >= 1.0f) || !(s.tempo <= 2.0f)) return bad_setting("tempo", s.tempo, "1 to 2");
  const int half = half_window(rate_hz);
  if (s.stride < 1 || half % s.stride != 0)
    return bad_setting("stride", s.stride,
                       "a divisor of " + std::to_string(half) + " frames, half a window");
  return {};
}

// Parameters lie one after the other: conv1, conv2, heads, deconv1, deconv2.
struct PhaseTrainer::Data {
  PhaseSettings settings;
  std::vector<PhaseMotion> motions;
  std::vector<int> mirror;
  std::vector<double> drawn_up_to;  ///< running sum of what each motion weighs
  float rate_hz = 60.0f;
  float scale = 1.0f;                    ///< features times this have a mean square of 1
  int dims = 0, hidden = 0, frames = 0;  ///< frames: n, of a window at the training's stride

  TiedConv conv1, conv2, deconv1, deconv2;
  WaveLayer waves;
  std::vector<float> parameters, gradient;
  std::vector<float> averaged;  ///< parameters of late; empty: no memory
  Adam adam;
  Random random;

  std::vector<float> x, h1, latent, wave, h2, y;    // activations, [batch, channels, n]
  std::vector<float> target;                        ///< [batch, dims, n] what y should be
  std::vector<double> shift_s;                      ///< [batch] how much later than x it is
  std::vector<float> gy, gh2, gwave, glatent, gh1;  // their gradients

  // Where a layer's parameters lie.
  enum Layer { kConv1, kConv2, kHeads, kDeconv1, kDeconv2, kLayers };
  std::size_t size_of(int layer) const {
    switch (layer) {
      case kConv1:
        return conv1.num_parameters();
      case kConv2:
        return conv2.num_parameters();
      case kHeads:
        return waves.num_parameters();
      case kDeconv1:
        return deconv1.num_parameters();
      default:
        return deconv2.num_parameters();
    }
  }
  std::size_t at(int layer) const {
    std::size_t sum = 0;
    for (int l = 0; l < layer; ++l) sum += size_of(l);
    return sum;
  }
  std::span<const float> values(int layer) const {
    return std::span(parameters).subspan(at(layer), size_of(layer));
  }
  std::span<float> slope(int layer) {
    return std::span(gradient).subspan(at(layer), size_of(layer));
  }

  void initialise();
  void draw();
  void draw_window(int item);
  // Which window of which motion, and how it is changed.
  struct Window {
    const phase::Features* features = nullptr;
    double frame = 0.0;
    double tempo = 1.0;
    bool mirrored = false;
  };
  Window pick();
  void copy_window(const Window& window, float* to);
  void forward();
  double backward();
  void average();
  std::span<const float> given(int layer) const {
    return std::span(averaged.empty() ? parameters : averaged).subspan(at(layer), size_of(layer));
  }
  std::uint64_t fingerprint() const;
};

void PhaseTrainer::Data::initialise() {
  // PyTorch's default: uniform within 1 / sqrt of the inputs of a sum.
  const auto fill = [&](int layer, std::size_t fan_in) {
    const auto bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
    for (std::size_t i = at(layer), end = i + size_of(layer); i < end; ++i)
      parameters[i] = static_cast<float>(bound * (2.0 * random.uniform() - 1.0));
  };
  const auto n = static_cast<std::size_t>(frames);
  fill(kConv1, static_cast<std::size_t>(dims) * n);
  fill(kConv2, static_cast<std::size_t>(hidden) * n);
  fill(kHeads, n);
  fill(kDeconv1, static_cast<std::size_t>(settings.channels) * n);
  fill(kDeconv2, static_cast<std::size_t>(hidden) * n);
}

// The window of a frame, [dims, n]; played at another tempo, everything moves faster too.
void PhaseTrainer::Data::copy_window(const Window& window, float* to) {
  const phase::Features& f = *window.features;
  const int reach = (frames - 1) * settings.stride;
  const int ahead = settings.pivot == phase::Pivot::centre ? reach / 2 : 0;
  const int last = f.frames + 2 * f.margin - 1;
  for (int t = 0; t < frames; ++t) {
    const double at =
        f.margin + window.frame + window.tempo * (ahead - reach + t * settings.stride);
    const int row = std::clamp(static_cast<int>(std::floor(at)), 0, last);
    const auto share = static_cast<float>(std::clamp(at - row, 0.0, 1.0));
    const std::span<const float> a = f.row(row), b = f.row(std::min(row + 1, last));
    for (int p = 0; p < dims / 3; ++p) {
      const int from = window.mirrored ? mirror[static_cast<std::size_t>(p)] : p;
      for (int axis = 0; axis < 3; ++axis) {
        const auto i = static_cast<std::size_t>(3 * from + axis);
        const float sign = window.mirrored && axis == 0 ? -1.0f : 1.0f;
        const float value = a[i] + share * (b[i] - a[i]);
        to[(3 * p + axis) * frames + t] = sign * scale * static_cast<float>(window.tempo) * value;
      }
    }
  }
}

// A window of a motion drawn by weight.
PhaseTrainer::Data::Window PhaseTrainer::Data::pick() {
  const double pick = random.uniform() * drawn_up_to.back();
  const auto which = static_cast<std::size_t>(
      std::upper_bound(drawn_up_to.begin(), drawn_up_to.end() - 1, pick) - drawn_up_to.begin());
  Window w;
  w.features = &motions[which].features;
  w.frame = std::floor(random.uniform() * w.features->frames);
  w.mirrored = settings.mirror && (random.bits() >> 63) != 0;
  if (settings.tempo > 1.0f)
    w.tempo = std::pow(static_cast<double>(settings.tempo), 2.0 * random.uniform() - 1.0);
  return w;
}

// A window, and the one near it that its phases have to tell.
void PhaseTrainer::Data::draw_window(int item) {
  const Window window = pick();
  Window later = window;
  if (settings.horizon_s > 0.0f)
    later.frame =
        std::clamp(std::round(window.frame + static_cast<double>(settings.horizon_s * rate_hz) *
                                                 (2.0 * random.uniform() - 1.0)),
                   0.0, window.features->frames - 1.0);
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(item) * dims * frames;
  copy_window(window, x.data() + at);
  copy_window(later, target.data() + at);
  shift_s[static_cast<std::size_t>(item)] =
      (later.frame - window.frame) / (window.tempo * static_cast<double>(rate_hz));
}

void PhaseTrainer::Data::draw() {
  for (int b = 0; b < settings.batch; ++b) draw_window(b);
}

void PhaseTrainer::Data::forward() {
  conv1.forward(values(kConv1), x.data(), h1.data());
  for (float& v : h1) v = std::tanh(v);
  conv2.forward(values(kConv2), h1.data(), latent.data());
  const auto n = static_cast<std::size_t>(frames);
  for (std::size_t i = 0; i < latent.size() / n; ++i)
    waves.forward(values(kHeads), static_cast<int>(i) % settings.channels, latent.data() + i * n,
                  shift_s[i / static_cast<std::size_t>(settings.channels)], wave.data() + i * n);
  deconv1.forward(values(kDeconv1), wave.data(), h2.data());
  for (float& v : h2) v = std::tanh(v);
  deconv2.forward(values(kDeconv2), h2.data(), y.data());
}

double PhaseTrainer::Data::backward() {
  double errors = 0.0, squares = 0.0;
  const float each = 2.0f / static_cast<float>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float d = y[i] - target[i];
    errors += static_cast<double>(d * d);
    squares += static_cast<double>(target[i] * target[i]);
    gy[i] = each * d;
  }
  deconv2.backward(h2.data(), gy.data(), slope(kDeconv2), gh2.data());
  for (std::size_t i = 0; i < gh2.size(); ++i) gh2[i] *= 1.0f - h2[i] * h2[i];
  deconv1.backward(wave.data(), gh2.data(), slope(kDeconv1), gwave.data());
  const auto n = static_cast<std::size_t>(frames);
  const std::span<float> heads = slope(kHeads);
  std::fill(heads.begin(), heads.end(), 0.0f);
  for (std::size_t i = 0; i < latent.size() / n; ++i)
    waves.backward(values(kHeads), static_cast<int>(i) % settings.channels, latent.data() + i * n,
                   shift_s[i / static_cast<std::size_t>(settings.channels)], gwave.data() + i * n,
                   heads, glatent.data() + i * n);
  conv2.backward(h1.data(), glatent.data(), slope(kConv2), gh1.data());
  for (std::size_t i = 0; i < gh1.size(); ++i) gh1[i] *= 1.0f - h1[i] * h1[i];
  conv1.backward(x.data(), gh1.data(), slope(kConv1), nullptr);
  return squares > 0.0 ? errors / squares : 0.0;
}

// The first steps' average is that of all so far, so that it does not remember where it began.
void PhaseTrainer::Data::average() {
  if (averaged.empty()) return;
  const auto done = static_cast<float>(adam.num_steps());
  const float share = 1.0f / std::min(settings.memory + 1.0f, done);
  for (std::size_t i = 0; i < averaged.size(); ++i)
    averaged[i] += share * (parameters[i] - averaged[i]);
}

std::uint64_t PhaseTrainer::Data::fingerprint() const {
  Hash hash;
  const auto add = [&](const auto& value) { hash.add(&value, sizeof value); };
  add(settings.seed);
  for (const int v : {settings.channels, hidden, settings.batch, settings.steps, settings.stride,
                      static_cast<int>(settings.mirror), static_cast<int>(settings.pivot), dims})
    add(v);
  add(settings.step_size);
  add(settings.weight_decay);
  add(settings.horizon_s);
  add(settings.tempo);
  add(settings.memory);
  for (const PhaseMotion& m : motions) {
    add(m.weight);
    hash.add(m.features.values.data(), m.features.values.size() * sizeof(float));
  }
  return hash.value();
}

PhaseTrainer::PhaseTrainer(const PhaseSettings& settings, std::span<const PhaseMotion> motions,
                           std::span<const int> mirror)
    : data_(std::make_unique<Data>()) {
  assert(!motions.empty());
  Data& d = *data_;
  d.settings = settings;
  d.motions.assign(motions.begin(), motions.end());
  d.mirror.assign(mirror.begin(), mirror.end());
  d.dims = motions[0].features.dims;
  d.rate_hz = motions[0].features.rate_hz;
  d.hidden = settings.hidden > 0 ? settings.hidden : d.dims / 3;
  d.frames = 2 * half_window(d.rate_hz) / settings.stride + 1;
  double squares = 0.0, count = 0.0, sum = 0.0;
  for (const PhaseMotion& m : motions) {
    for (const float v : m.features.values) squares += static_cast<double>(v * v);
    count += static_cast<double>(m.features.values.size());
    sum += static_cast<double>(m.weight) * m.features.frames;
    d.drawn_up_to.push_back(sum);
  }
  d.scale = squares > 0.0 ? static_cast<float>(std::sqrt(count / squares)) : 1.0f;

  const int batch = settings.batch, m = settings.channels, n = d.frames;
  d.conv1 = TiedConv(d.dims, d.hidden, n, batch);
  d.conv2 = TiedConv(d.hidden, m, n, batch);
  d.deconv1 = TiedConv(m, d.hidden, n, batch);
  d.deconv2 = TiedConv(d.hidden, d.dims, n, batch);
  d.waves = WaveLayer(m, n, d.rate_hz / static_cast<float>(settings.stride),
                      settings.pivot == phase::Pivot::newest);
  d.parameters.resize(d.at(Data::kLayers));
  d.gradient.resize(d.parameters.size());
  d.adam = Adam(d.parameters.size());
  d.random = Random(settings.seed);
  const auto values = [&](int channels) {
    return static_cast<std::size_t>(batch) * static_cast<std::size_t>(channels * n);
  };
  for (auto* v : {&d.x, &d.y, &d.gy, &d.target}) v->resize(values(d.dims));
  d.shift_s.resize(static_cast<std::size_t>(batch));
  for (auto* v : {&d.h1, &d.h2, &d.gh1, &d.gh2}) v->resize(values(d.hidden));
  for (auto* v : {&d.latent, &d.wave, &d.gwave, &d.glatent}) v->resize(values(m));
  d.initialise();
  if (settings.memory > 0.0f) d.averaged = d.parameters;
}

PhaseTrainer::~PhaseTrainer() = default;

int PhaseTrainer::steps_done() const {
  return static_cast<int>(data_->adam.num_steps());
}

double PhaseTrainer::step() {
  Data& d = *data_;
  d.draw();
  d.forward();
  const double error = d.backward();
  // A half cosine down to a hundredth, after a short rise.
  const double done = static_cast<double>(d.adam.num_steps()) / d.settings.steps;
  const double rise = std::min(1.0, (static_cast<double>(d.adam.num_steps()) + 1.0) / 100.0);
  const double share = 0.01 + 0.99 * 0.5 * (1.0 + std::cos(std::numbers::pi * std::min(1.0, done)));
  const auto size = static_cast<float>(static_cast<double>(d.settings.step_size) * share * rise);
  const float kept = 1.0f - size * d.settings.weight_decay;
  for (float& v : d.parameters) v *= kept;
  const double length = norm(d.gradient);
  d.adam.step(d.parameters, d.gradient, size,
              length > 1.0 ? static_cast<float>(1.0 / length) : 1.0f);
  d.average();
  return error;
}

namespace {

// Kernels as they stand at the features' own rate: zeros between the frames that were trained on.
nn::Tensor spread(std::span<const float> kernels, const nn::Shape& shape, int frames, int stride,
                  float factor) {
  const auto n = static_cast<std::size_t>(frames);
  const std::size_t wide = (n - 1) * static_cast<std::size_t>(stride) + 1;
  std::vector<float> out(kernels.size() / n * wide, 0.0f);
  for (std::size_t i = 0; i < kernels.size(); ++i)
    out[i / n * wide + i % n * static_cast<std::size_t>(stride)] = factor * kernels[i];
  return nn::Tensor::of(shape, std::span<const float>(out));
}

nn::Tensor scaled(std::span<const float> values, float factor) {
  std::vector<float> out(values.begin(), values.end());
  for (float& v : out) v *= factor;
  return nn::Tensor::of(nn::Shape{static_cast<std::int64_t>(out.size())},
                        std::span<const float>(out));
}

// A BatchNorm that does nothing.
void add_identity_norm(nn::TensorMap& tensors, const std::string& name, int size) {
  const auto constant = [&](const char* part, float value) {
    const std::vector<float> values(static_cast<std::size_t>(size), value);
    tensors.emplace(name + part, nn::Tensor::of(nn::Shape{size}, std::span<const float>(values)));
  };
  constant(".weight", 1.0f);
  constant(".bias", 0.0f);
  constant(".running_mean", 0.0f);
  constant(".running_var", 1.0f - 1e-5f);
}

}  // namespace

nn::WeightFile PhaseTrainer::network() const {
  const Data& d = *data_;
  nn::WeightFile file;
  file.format = "safetensors";
  const int stride = d.settings.stride, n = d.frames, wide = (n - 1) * stride + 1;
  const auto conv = [&](int layer, const std::string& name, int out, int in, float weight_factor,
                        float bias_factor) {
    const std::span<const float> all = d.given(layer);
    const auto biases = static_cast<std::size_t>(out);
    file.tensors.emplace(name + ".weight", spread(all.first(all.size() - biases), {out, in, wide},
                                                  n, stride, weight_factor));
    file.tensors.emplace(name + ".bias", scaled(all.last(biases), bias_factor));
  };
  const int m = d.settings.channels;
  conv(Data::kConv1, "conv1", d.hidden, d.dims, d.scale, 1.0f);
  conv(Data::kConv2, "conv2", m, d.hidden, 1.0f, 1.0f);
  conv(Data::kDeconv1, "deconv1", d.hidden, m, 1.0f, 1.0f);
  conv(Data::kDeconv2, "deconv2", d.dims, d.hidden, 1.0f / d.scale, 1.0f / d.scale);
  const std::span<const float> heads = d.given(Data::kHeads);
  const auto weights = static_cast<std::size_t>(2 * n);
  for (int c = 0; c < m; ++c) {
    const std::string name = "fc." + std::to_string(c);
    const auto channel = static_cast<std::size_t>(c);
    file.tensors.emplace(name + ".weight", spread(heads.subspan(channel * weights, weights),
                                                  {2, wide}, n, stride, 1.0f));
    file.tensors.emplace(
        name + ".bias",
        scaled(heads.subspan(static_cast<std::size_t>(m) * weights + 2 * channel, 2), 1.0f));
    add_identity_norm(file.tensors, "bn." + std::to_string(c), 2);
  }
  add_identity_norm(file.tensors, "bn_conv1", d.hidden);
  add_identity_norm(file.tensors, "bn_deconv1", d.hidden);
  phase::AutoencoderInfo info;
  info.rate_hz = d.rate_hz;
  info.window_s = kWindow_s;
  info.pivot = d.settings.pivot;
  file.metadata = phase::metadata_of(info);
  return file;
}

std::vector<std::byte> PhaseTrainer::save() const {
  const Data& d = *data_;
  ByteWriter out;
  out.put(kCheckpoint);
  out.put(d.fingerprint());
  out.put(d.adam.num_steps());
  out.put(d.random.state);
  out.put_all(d.parameters);
  out.put_all(d.averaged);
  out.put_bytes(d.adam.first().data(), d.adam.first().size_bytes());
  out.put_bytes(d.adam.second().data(), d.adam.second().size_bytes());
  return out.take();
}

Result<void> PhaseTrainer::restore(std::span<const std::byte> bytes) {
  Data& d = *data_;
  ByteReader in(bytes, "checkpoint");
  if (in.get<std::uint32_t>("mark") != kCheckpoint)
    in.fail(ErrorCode::bad_format, "not a checkpoint of phase training");
  if (in.get<std::uint64_t>("fingerprint") != d.fingerprint())
    in.fail(ErrorCode::bad_value, "made with other settings or other motions");
  const auto steps = in.get<std::int64_t>("steps");
  const auto random = in.get<Random>("random numbers");
  const std::size_t size = d.parameters.size() * sizeof(float);
  const auto parameters = in.get_bytes(size, "parameters");
  const std::size_t averaged_size = d.averaged.size() * sizeof(float);
  const auto averaged = in.get_bytes(averaged_size, "averaged parameters");
  const auto first = in.get_bytes(size, "first moments");
  const auto second = in.get_bytes(size, "second moments");
  if (!in.ok()) return in.error();
  std::memcpy(d.parameters.data(), parameters.data(), size);
  std::copy_n(averaged.data(), averaged_size, std::as_writable_bytes(std::span(d.averaged)).data());
  std::memcpy(d.adam.first().data(), first.data(), size);
  std::memcpy(d.adam.second().data(), second.data(), size);
  d.adam.set_num_steps(steps);
  d.random = random;
  return {};
}

}  // namespace canter::trainer
