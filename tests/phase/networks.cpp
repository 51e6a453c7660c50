#include "networks.h"

#include <cmath>
#include <random>
#include <string>

namespace canter::test {
namespace {

constexpr double kTwoPi = 6.283185307179586;

using Values = std::vector<double>;

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  void add(const std::string& name, const nn::Shape& shape, float spread, float middle = 0.0f) {
    std::vector<float> values(static_cast<std::size_t>(shape.num_elements()));
    for (float& v : values)
      v = middle + spread * (static_cast<float>(random_() >> 8) * 0x1p-23f - 1.0f);
    file.tensors.emplace(name, nn::Tensor::of(shape, std::span<const float>(values)));
  }
  void add_norm(const std::string& name, int size) {
    add(name + ".weight", {size}, 0.3f, 1.0f);
    add(name + ".bias", {size}, 0.2f);
    add(name + ".running_mean", {size}, 0.2f);
    add(name + ".running_var", {size}, 0.4f, 1.0f);
  }
  nn::WeightFile file;

 private:
  std::mt19937 random_;
};

Values tensor(const nn::WeightFile& file, const std::string& name) {
  const nn::Tensor wide = nn::convert(file.tensors.find(name)->second.view(), nn::DType::f64);
  const auto v = wide.as<double>();
  return {v.begin(), v.end()};
}

Values convolve(const nn::WeightFile& file, const std::string& name, const Values& x, int in,
                int out, int n) {
  const Values w = tensor(file, name + ".weight"), bias = tensor(file, name + ".bias");
  Values y(static_cast<std::size_t>(out * n));
  for (int o = 0; o < out; ++o)
    for (int t = 0; t < n; ++t) {
      double sum = bias[static_cast<std::size_t>(o)];
      for (int c = 0; c < in; ++c)
        for (int k = 0; k < n; ++k)
          if (const int s = t + k - (n - 1) / 2; s >= 0 && s < n)
            sum += w[static_cast<std::size_t>((o * in + c) * n + k)] *
                   x[static_cast<std::size_t>(c * n + s)];
      y[static_cast<std::size_t>(o * n + t)] = sum;
    }
  return y;
}

// [channels, width] with the statistics of the file.
void batch_norm(const nn::WeightFile& file, const std::string& name, Values& x, int width) {
  const Values g = tensor(file, name + ".weight"), b = tensor(file, name + ".bias"),
               mean = tensor(file, name + ".running_mean"),
               var = tensor(file, name + ".running_var");
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = i / static_cast<std::size_t>(width);
    x[i] = (x[i] - mean[c]) / std::sqrt(var[c] + 1e-5) * g[c] + b[c];
  }
}

void activate(const nn::WeightFile& file, const NetworkShape& shape, const std::string& paper,
              const std::string& later, Values& x) {
  if (shape.variant == phase::Variant::batch_norm_tanh) {
    batch_norm(file, paper, x, shape.frames);
    for (double& v : x) v = std::tanh(v);
    return;
  }
  const Values a = tensor(file, later + ".alpha"), b = tensor(file, later + ".beta");
  const auto n = static_cast<std::size_t>(shape.frames);
  for (std::size_t row = 0; row < x.size(); row += n) {
    double mean = 0.0, var = 0.0;
    for (std::size_t t = 0; t < n; ++t) mean += x[row + t] / static_cast<double>(n);
    for (std::size_t t = 0; t < n; ++t)
      var += (x[row + t] - mean) * (x[row + t] - mean) / static_cast<double>(n);
    for (std::size_t t = 0; t < n; ++t) {
      const double v = (x[row + t] - mean) / std::sqrt(var + 1e-5) * a[t] + b[t];
      x[row + t] = v > 0.0 ? v : std::expm1(v);
    }
  }
}

}  // namespace

nn::WeightFile random_network(const NetworkShape& s, unsigned seed) {
  Maker m(seed);
  const float in = 1.0f / std::sqrt(static_cast<float>(s.dims * s.frames));
  const float mid = 1.0f / std::sqrt(static_cast<float>(s.hidden * s.frames));
  m.add("conv1.weight", {s.hidden, s.dims, s.frames}, 2.0f * in);
  m.add("conv1.bias", {s.hidden}, 0.3f);
  m.add("conv2.weight", {s.channels, s.hidden, s.frames}, 2.0f * mid);
  m.add("conv2.bias", {s.channels}, 0.3f);
  m.add("deconv1.weight", {s.hidden, s.channels, s.frames}, 2.0f * mid);
  m.add("deconv1.bias", {s.hidden}, 0.3f);
  m.add("deconv2.weight", {s.dims, s.hidden, s.frames}, mid);
  m.add("deconv2.bias", {s.dims}, 0.1f);
  const bool paper = s.variant == phase::Variant::batch_norm_tanh;
  if (paper) {
    m.add_norm("bn_conv1", s.hidden);
    if (s.bounded) m.add_norm("bn_conv2", s.channels);
    m.add_norm("bn_deconv1", s.hidden);
  } else {
    for (const char* name : {"norm1", "denorm1"}) {
      m.add(std::string(name) + ".alpha", {1, 1, s.frames}, 0.3f, 1.0f);
      m.add(std::string(name) + ".beta", {1, 1, s.frames}, 0.2f);
    }
  }
  for (int c = 0; c < s.channels; ++c) {
    m.add("fc." + std::to_string(c) + ".weight", {2, s.frames}, 0.2f);
    m.add("fc." + std::to_string(c) + ".bias", {2}, 0.1f);
    if (paper) m.add_norm("bn." + std::to_string(c), 2);
  }
  m.file.format = "safetensors";
  return std::move(m.file);
}

phase::FrameNetwork random_frame_network(unsigned seed) {
  Maker m(seed);
  constexpr std::int64_t kSizes[] = {phase::kFrameInputs, 256, 128, 32, 16, 2};
  for (int layer = 0; layer < 5; ++layer) {
    const std::string name = "layers." + std::to_string(layer);
    m.add(name + ".weight", {kSizes[layer + 1], kSizes[layer]},
          1.7f / std::sqrt(static_cast<float>(kSizes[layer])));
    m.add(name + ".bias", {kSizes[layer + 1]}, 0.1f);
  }
  return phase::make_frame_network(std::move(m.file), "random").value();
}

nn::WeightFile transparent_network(int frames, float rate_hz, float head_hz) {
  NetworkShape shape;
  shape.dims = 3;
  shape.hidden = shape.channels = 1;
  shape.frames = frames;
  nn::WeightFile file = random_network(shape);
  const auto set = [&](const std::string& name, auto value) {
    const auto v = file.tensors.find(name)->second.as<float>();
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(value(i));
  };
  const auto n = static_cast<std::size_t>(frames);
  const std::size_t middle = n / 2;
  // tanh of a thousandth is the thousandth.
  set("conv1.weight", [&](std::size_t i) { return i == middle ? 1e-3 : 0.0; });
  set("conv2.weight", [&](std::size_t i) { return i == middle ? 1e3 : 0.0; });
  for (const char* name : {"conv1.bias", "conv2.bias", "fc.0.bias"})
    set(name, [](std::size_t) { return 0.0; });
  for (const char* name : {"bn_conv1", "bn.0"}) {
    set(std::string(name) + ".weight", [](std::size_t) { return 1.0; });
    set(std::string(name) + ".bias", [](std::size_t) { return 0.0; });
    set(std::string(name) + ".running_mean", [](std::size_t) { return 0.0; });
    set(std::string(name) + ".running_var", [](std::size_t) { return 1.0 - 1e-5; });
  }
  // sin(a + 2 pi p) against sine: cos p; against cosine: sin p.
  set("fc.0.weight", [&](std::size_t i) {
    const double time_s = (static_cast<double>(i % n) - static_cast<double>(middle)) / rate_hz;
    return i < n ? std::sin(kTwoPi * head_hz * time_s) : std::cos(kTwoPi * head_hz * time_s);
  });
  return file;
}

PlainResult run_plain(const nn::WeightFile& file, const NetworkShape& s,
                      std::span<const float> window, double window_s) {
  const int n = s.frames;
  Values x(window.begin(), window.end());
  x = convolve(file, "conv1", x, s.dims, s.hidden, n);
  activate(file, s, "bn_conv1", "norm1", x);
  PlainResult r;
  r.latent = convolve(file, "conv2", x, s.hidden, s.channels, n);
  if (s.bounded) {
    batch_norm(file, "bn_conv2", r.latent, n);
    for (double& v : r.latent) v = std::tanh(v);
  }
  Values signal(r.latent.size());
  for (int m = 0; m < s.channels; ++m) {
    const double* l = r.latent.data() + m * n;
    double power = 0.0, moment = 0.0, mean = 0.0;
    for (int t = 0; t < n; ++t) mean += l[t] / n;
    for (int k = 1; k <= n / 2; ++k) {
      double c = 0.0, q = 0.0;
      for (int t = 0; t < n; ++t) {
        c += l[t] * std::cos(kTwoPi * k * t / n);
        q += l[t] * std::sin(kTwoPi * k * t / n);
      }
      power += c * c + q * q;
      moment += k / window_s * (c * c + q * q);
    }
    const std::string head = "fc." + std::to_string(m);
    const Values w = tensor(file, head + ".weight"), b = tensor(file, head + ".bias");
    Values v = {b[0], b[1]};
    for (int j = 0; j < 2; ++j)
      for (int t = 0; t < n; ++t)
        v[static_cast<std::size_t>(j)] += w[static_cast<std::size_t>(j * n + t)] * l[t];
    if (s.variant == phase::Variant::batch_norm_tanh)
      batch_norm(file, "bn." + std::to_string(m), v, 1);
    r.phase.push_back(std::atan2(v[1], v[0]) / kTwoPi);
    r.frequency.push_back(moment / power);
    r.amplitude.push_back(2.0 / n * std::sqrt(power));
    r.offset.push_back(mean);
    for (int t = 0; t < n; ++t) {
      const double time_s = window_s * (static_cast<double>(t) / (n - 1) - 0.5);
      signal[static_cast<std::size_t>(m * n + t)] =
          r.amplitude.back() * std::sin(kTwoPi * (r.frequency.back() * time_s + r.phase.back())) +
          mean;
    }
  }
  x = convolve(file, "deconv1", signal, s.channels, s.hidden, n);
  activate(file, s, "bn_deconv1", "denorm1", x);
  r.output = convolve(file, "deconv2", x, s.hidden, s.dims, n);
  return r;
}

}  // namespace canter::test
