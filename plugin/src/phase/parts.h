#pragma once

// What an Autoencoder is made of: weights in the form the networks below are built from, and those
// networks compiled. Private to the room.

#include <vector>

#include "canter/phase/autoencoder.h"

namespace canter::phase::detail {

/// Weights with BatchNorm folded in. Names and shapes as in docs/phase.md.
struct Weights {
  std::vector<float> conv1, conv1_bias;  ///< [I, D, N], [I]
  std::vector<float> conv2, conv2_bias;  ///< [M, I, N], [M]
  bool bounded = false;                  ///< tanh behind conv2
  std::vector<float> heads, heads_bias;  ///< [M, 2, N], [M, 2]: cosine part, then sine part
  std::vector<float> scale, shift;       ///< [N] time LayerNorm behind conv1; empty: none
  std::vector<float> deconv1, deconv1_bias, deconv2, deconv2_bias;  ///< empty: no decoder
  std::vector<float> decoder_scale, decoder_shift;                  ///< [N]; empty: none
};

/// Where conv1's kernels are not zero throughout: networks trained on every third frame have two
/// empty taps between any other two, and none of their weights is read.
struct SlideTaps {
  std::vector<std::size_t> leaving;  ///< columns 0 … h - 1 that the frame that leaves reaches
  std::vector<std::size_t> coming;   ///< columns h … 2 h - 1 that the one that comes does, less h
  std::vector<std::size_t> newest;   ///< frames of the half window that the last column sums
};

struct AutoencoderParts {
  AutoencoderInfo info;
  SlideTaps taps;
  nn::TextMap provenance;
  Weights weights;
  nn::Model full;  ///< [B, D, N] -> latent [B, M, N], spectrum [B, M, columns]
  nn::Model tail;  ///< conv1's outputs [B, I, N] -> the same two
  /// leaving [B, D], coming [B, D], newest [B, taps.newest, D] -> conv1's change: [B, I,
  /// taps.leaving], [B, I, taps.coming], [B, I]
  nn::Model slide;
  nn::Model decoder;  ///< waves [B, M, N] -> [B, D, N]; only where there is one
};

// A row of the spectrum, of one channel: cosine and sine sums of the bins 1 to K = (N - 1) / 2, the
// two outputs of every channel's phase head without their biases, and the mean.
inline int num_bins(const AutoencoderInfo& info) {
  return (info.frames - 1) / 2;
}
inline int heads_at(const AutoencoderInfo& info) {
  return 2 * num_bins(info);
}
inline int mean_at(const AutoencoderInfo& info) {
  return heads_at(info) + 2 * info.channels;
}
inline int spectrum_columns(const AutoencoderInfo& info) {
  return mean_at(info) + 1;
}

/// Compiles the networks. Errors: those of nn::compile.
Result<void> compile_networks(AutoencoderParts& parts);

/// One channel's phase from its row of the spectrum.
/// @param out  in and out: without power the frequency stays
void read_channel(const AutoencoderParts& parts, int channel, const float* spectrum,
                  ChannelPhase& out);

}  // namespace canter::phase::detail
