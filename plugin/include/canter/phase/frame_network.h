#pragma once

#include <span>
#include <string_view>

#include "canter/nn/model.h"
#include "canter/nn/weights.h"
#include "canter/phase/channel.h"

namespace canter::phase {

/// Of a humanoid's points (kBodyPoints) the frame network sees all but the lowest of the spine.
inline constexpr int kFramePoints = 22;
inline constexpr int kFrameInputs = 6 * kFramePoints;

/// The cheapest estimator: 132 -> 256 -> 128 -> 32 -> 16 -> 2, ReLU between, trained on the primary
/// channel of a Periodic Autoencoder. One pose in, one phase out, for crowds.
class FrameNetwork {
 public:
  FrameNetwork() = default;
  const nn::Model& model() const { return model_; }
  const nn::TextMap& provenance() const { return provenance_; }

 private:
  friend Result<FrameNetwork> make_frame_network(nn::WeightFile, std::string_view);
  nn::Model model_;
  nn::TextMap provenance_;
};

/// From `layers.0.weight` [256, 132], `layers.0.bias` … `layers.4.bias` [2].
/// Errors: bad_value naming the tensor.
Result<FrameNetwork> make_frame_network(nn::WeightFile file, std::string_view source);
/// Any file of weights. Errors: also those of the readers.
Result<FrameNetwork> load_frame_network(std::span<const std::byte> bytes, std::string_view source);

/// The network's input from a humanoid's root-local points and their velocities, both
/// [3 kBodyPoints]. @param out  [kFrameInputs]: positions x y z of every point, then velocities
void frame_input(std::span<const float> points, std::span<const float> velocities,
                 std::span<float> out);

/// A phase by the frame network.
struct FramePhase {
  float phase = 0.0f;       ///< of the primary channel, cycles in [0, 1)
  float confidence = 0.0f;  ///< length of the output: near 1 in gaits as trained on, near 0 without
};

/// Memory to run the network. One thread at a time.
class FrameEstimator {
 public:
  explicit FrameEstimator(const FrameNetwork& network, int batch = 1);
  /// @param inputs  [batch, kFrameInputs]; values that are not finite give phase 0, confidence 0
  /// @param out     [batch]
  /// No allocation.
  void run(std::span<const float> inputs, std::span<FramePhase> out);

 private:
  nn::Workspace workspace_;
};

}  // namespace canter::phase
