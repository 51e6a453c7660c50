#include "bench_networks.h"

#include <random>
#include <string>
#include <vector>

namespace canter::tools::bench {
namespace {

class Maker {
 public:
  void add(const std::string& name, const nn::Shape& shape, float spread, float middle = 0.0f) {
    std::vector<float> values(static_cast<std::size_t>(shape.num_elements()));
    for (float& v : values)
      v = middle + spread * (static_cast<float>(random_() >> 8) * 0x1p-23f - 1.0f);
    file.tensors.emplace(name, nn::Tensor::of(shape, std::span<const float>(values)));
  }

  // Leaves every `stride`-th value of rows this long, from the first on.
  void thin(const std::string& name, int stride) {
    nn::Tensor& tensor = file.tensors.at(name);
    const auto row = static_cast<std::size_t>(tensor.shape()[tensor.shape().rank() - 1]);
    const std::span<float> values = tensor.as<float>();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (i % row % static_cast<std::size_t>(stride) != 0) values[i] = 0.0f;
  }

  nn::WeightFile file;

 private:
  std::mt19937 random_{1};
};

}  // namespace

phase::Autoencoder random_autoencoder(const AutoencoderShape& s) {
  Maker m;
  m.add("conv1.weight", {s.hidden, s.dims, s.frames}, 0.02f);
  m.add("conv1.bias", {s.hidden}, 0.1f);
  m.add("norm1.alpha", {1, 1, s.frames}, 0.1f, 1.0f);
  m.add("norm1.beta", {1, 1, s.frames}, 0.1f);
  m.add("conv2.weight", {s.channels, s.hidden, s.frames}, 0.02f);
  m.add("conv2.bias", {s.channels}, 0.1f);
  for (int c = 0; c < s.channels; ++c) {
    m.add("fc." + std::to_string(c) + ".weight", {2, s.frames}, 0.1f);
    m.add("fc." + std::to_string(c) + ".bias", {2}, 0.1f);
  }
  m.thin("conv1.weight", s.stride);
  m.thin("conv2.weight", s.stride);
  return phase::make_autoencoder(std::move(m.file), "benchmark").value();
}

phase::FrameNetwork random_frame_network() {
  constexpr std::int64_t kSizes[] = {phase::kFrameInputs, 256, 128, 32, 16, 2};
  Maker m;
  for (std::size_t layer = 0; layer < 5; ++layer) {
    const std::string name = "layers." + std::to_string(layer);
    m.add(name + ".weight", {kSizes[layer + 1], kSizes[layer]}, 0.1f);
    m.add(name + ".bias", {kSizes[layer + 1]}, 0.1f);
  }
  return phase::make_frame_network(std::move(m.file), "benchmark").value();
}

}  // namespace canter::tools::bench
