#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "canter/base/memory.h"
#include "trainer/nn/gemm.h"
#include "trainer/nn/mlp_shape.h"
#include "trainer/ppo/random.h"

namespace canter::trainer::detail {

/// What a network has learned: f32 parameters, and what the products read of them.
class Weights {
 public:
  Weights() = default;
  Weights(const MlpShape& shape, Precision precision);

  const MlpShape& shape() const { return shape_; }
  Precision precision() const { return precision_; }
  /// [shape().num_elements()]. Call refresh() after writing.
  std::span<float> values() { return values_.at<float>(0, shape_.num_elements()); }
  std::span<const float> values() const { return values_.at<float>(0, shape_.num_elements()); }
  /// Rounds the weights to the precision the products run in.
  void refresh();

  /// A layer's weights [in, out] in precision(), and its bias [out].
  const void* weights(int layer) const;
  const float* bias(int layer) const { return values().data() + shape_.bias_at(layer); }

 private:
  MlpShape shape_;
  Precision precision_ = Precision::f32;
  Block values_;
  Block narrow_;  ///< bf16, empty for f32
};

/// Hidden layers Xavier-uniform, biases zero, the last layer's weights uniform in ±output_range
/// (0: Xavier too).
void initialise(Weights& weights, float output_range, Random& random);

/// Size of one element of a network's inputs and activations, bytes.
constexpr std::size_t activation_bytes(Precision precision) {
  return precision == Precision::bf16 ? 2 : 4;
}
/// Writes `values` in a network's precision to `out` (values.size() elements).
void encode(std::span<const float> values, Precision precision, std::byte* out);

/// Memory and products of one thread that runs a network on batches of one size.
class MlpPass {
 public:
  enum class Purpose { inference, training };

  MlpPass() = default;
  MlpPass(const MlpShape& shape, Precision precision, int batch, Purpose purpose);

  int batch() const { return batch_; }
  /// Where row i of the input goes: shape.inputs() elements of the precision (see encode()).
  std::byte* input_row(int i);

  /// @return [batch, outputs] f32 row-major, valid until the next call
  std::span<const float> forward(const Weights& weights);

  /// Gradients of a loss after forward().
  /// @param output_gradient  [batch, outputs] d loss / d output
  /// @param gradient         [num_elements] out: d loss / d parameter; padding is left alone
  void backward(const Weights& weights, std::span<const float> output_gradient,
                std::span<float> gradient);

 private:
  struct Layer {
    Gemm forward, weights_gradient, input_gradient;
    Block activation;  ///< [batch, out]: hidden layers in the precision, the last in f32
    Block gradient;    ///< [batch, out] in the precision
  };

  const void* input_of(std::size_t layer) const {
    return layer == 0 ? input_.data() : layers_[layer - 1].activation.data();
  }

  MlpShape shape_;
  Precision precision_ = Precision::f32;
  int batch_ = 0;
  Block input_;
  std::vector<Layer> layers_;
};

}  // namespace canter::trainer::detail
