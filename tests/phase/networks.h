#pragma once

#include <span>
#include <vector>

#include "canter/nn/weights.h"
#include "canter/phase/autoencoder.h"
#include "canter/phase/frame_network.h"

namespace canter::test {

/// Extents of a made-up Periodic Autoencoder.
struct NetworkShape {
  phase::Variant variant = phase::Variant::batch_norm_tanh;
  int dims = 9, hidden = 4, channels = 3, frames = 21;
  bool bounded = false;  ///< norm and tanh behind conv2, as the paper's network has
};

/// Random weights under the published names. The same for the same arguments everywhere.
nn::WeightFile random_network(const NetworkShape& shape, unsigned seed = 1);

/// A network whose latent curve is its input: D = 3, I = M = 1. Its phase head projects on the
/// sine and cosine of `head_hz`.
nn::WeightFile transparent_network(int frames, float rate_hz, float head_hz);

/// A frame network of random weights.
phase::FrameNetwork random_frame_network(unsigned seed = 1);

/// The whole network in double precision, layer by layer as the specification writes it, from the
/// file's tensors. @param window  [dims, frames]
struct PlainResult {
  std::vector<double> latent;  ///< [channels, frames]
  /// [channels] p in (-1/2, 1/2], F on the code's axis k / W
  std::vector<double> phase, frequency, amplitude, offset;
  std::vector<double> output;  ///< [dims, frames]
};
PlainResult run_plain(const nn::WeightFile& file, const NetworkShape& shape,
                      std::span<const float> window, double window_s = 2.0);

}  // namespace canter::test
