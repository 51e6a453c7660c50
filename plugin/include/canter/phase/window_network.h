#pragma once

#include <span>
#include <string_view>

#include "canter/nn/model.h"
#include "canter/nn/weights.h"
#include "canter/phase/body.h"
#include "canter/phase/frame_network.h"

namespace canter::phase {

/// What the window network sees: the last four seconds of a humanoid's live features at 60 fps.
inline constexpr int kWindowFrames = 240;
inline constexpr int kWindowDims = 3 * kBodyPoints;
/// Phases that it gives, of as many channels of a Periodic Autoencoder.
inline constexpr int kWindowPhases = 5;

/// [69, 240] -> 10: convolutions over time of 32, 64 and 128 channels with 25, 15 and 5 taps,
/// without padding, then 256 and 10; ReLU between. Trained on the phases of a Periodic Autoencoder
/// as of the window's end: it needs no future and carries nothing on. Immutable, shared by threads.
class WindowNetwork {
 public:
  WindowNetwork() = default;
  const nn::Model& model() const { return model_; }
  const nn::TextMap& provenance() const { return provenance_; }

 private:
  friend Result<WindowNetwork> make_window_network(nn::WeightFile, std::string_view);
  nn::Model model_;
  nn::TextMap provenance_;
};

/// From `conv.0.weight` [32, 69, 25], `conv.0.bias` … `conv.2.bias` [128], `fc.0.weight`
/// [256, 25344], `fc.0.bias`, `fc.1.weight` [10, 256], `fc.1.bias`.
/// Errors: bad_value naming the tensor.
Result<WindowNetwork> make_window_network(nn::WeightFile file, std::string_view source);
/// Any file of weights. Errors: also those of the readers.
Result<WindowNetwork> load_window_network(std::span<const std::byte> bytes,
                                          std::string_view source);

/// Memory to run the network. One thread at a time.
class WindowEstimator {
 public:
  explicit WindowEstimator(const WindowNetwork& network, int batch = 1);
  /// @param windows  [batch, kWindowFrames, kWindowDims] rows of causal features, oldest first
  /// @param out      [batch, kWindowPhases] as of the newest row; values that are not finite give
  ///                 phase 0, confidence 0
  /// No allocation.
  void run(std::span<const float> windows, std::span<FramePhase> out);

 private:
  nn::Workspace workspace_;
};

}  // namespace canter::phase
