// Whole windows through an Autoencoder: the plain form.

#include <algorithm>
#include <cassert>
#include <cmath>

#include "phase/parts.h"

namespace canter::phase {
namespace {

nn::Workspace prepared(const nn::Model& model, std::initializer_list<nn::Shape> shapes) {
  nn::Workspace workspace(model);
  [[maybe_unused]] const auto ready = workspace.prepare(shapes);
  assert(ready.ok());
  return workspace;
}

}  // namespace

Encoder::Encoder(const Autoencoder& network, int batch)
    : network_(network),
      batch_(batch),
      full_(prepared(network.parts().full,
                     {nn::Shape{batch, network.info().dims, network.info().frames}})),
      decoder_(network.parts().weights.deconv1.empty()
                   ? nn::Workspace(network.parts().full)
                   : prepared(network.parts().decoder,
                              {nn::Shape{batch, network.info().channels, network.info().frames}})) {
}

void Encoder::encode(std::span<const float> windows, std::span<ChannelPhase> channels) {
  const auto dims = static_cast<std::size_t>(network_.info().dims);
  const auto frames = static_cast<std::size_t>(network_.info().frames);
  assert(windows.size() == static_cast<std::size_t>(batch_) * dims * frames);
  float* to = full_.input(0).as<float>().data();
  const float* from = windows.data();
  for (int b = 0; b < batch_; ++b, to += dims * frames, from += dims * frames)
    for (std::size_t d = 0; d < dims; ++d)
      for (std::size_t t = 0; t < frames; ++t) to[d * frames + t] = from[t * dims + d];
  run(channels);
}

void Encoder::encode_transposed(std::span<const float> windows, std::span<ChannelPhase> channels) {
  const auto input = full_.input(0).as<float>();
  assert(windows.size() == input.size());
  std::copy(windows.begin(), windows.end(), input.begin());
  run(channels);
}

void Encoder::run(std::span<ChannelPhase> channels) {
  [[maybe_unused]] const auto done = nn::run(full_);
  assert(done.ok());
  const detail::AutoencoderParts& parts = network_.parts();
  const auto m = static_cast<std::size_t>(parts.info.channels);
  const float* spectrum = full_.output(1).as<float>().data();
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch_) * m; ++i)
    detail::read_channel(
        parts, static_cast<int>(i % m),
        spectrum + i * static_cast<std::size_t>(detail::spectrum_columns(parts.info)), channels[i]);
}

std::span<const float> Encoder::latent() const {
  return full_.output(0).as<float>();
}

std::span<const float> Encoder::decode(std::span<const ChannelPhase> channels) {
  const detail::AutoencoderParts& parts = network_.parts();
  assert(!parts.weights.deconv1.empty());
  constexpr float kTwoPi = 6.28318531f;
  const AutoencoderInfo& info = parts.info;
  const auto frames = static_cast<std::size_t>(info.frames);
  const auto n = static_cast<float>(info.frames);
  const float first = info.pivot == Pivot::centre ? -0.5f * info.window_s : -info.window_s;
  float* wave = decoder_.input(0).as<float>().data();
  for (const ChannelPhase& c : channels) {
    // The frequency on the network's own axis.
    const float f = c.frequency_hz * n / (n - 1.0f);
    for (std::size_t t = 0; t < frames; ++t) {
      const float time_s = first + info.window_s * static_cast<float>(t) / (n - 1.0f);
      *wave++ = c.amplitude * std::sin(kTwoPi * (f * time_s + c.phase)) + c.offset;
    }
  }
  [[maybe_unused]] const auto done = nn::run(decoder_);
  assert(done.ok());
  return decoder_.output(0).as<float>();
}

}  // namespace canter::phase
