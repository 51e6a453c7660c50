#pragma once

#include <array>
#include <span>

#include "canter/nn/tensor.h"

namespace canter::nn::detail {

/// Which of PyTorch's gates stands where in ONNX. PyTorch: LSTM i f g o, GRU r z n; ONNX: LSTM
/// i o f c, GRU z r h (g and c, n and h are the same). The only place that knows both orders.
inline constexpr std::array<int, 4> kLstmGates = {0, 3, 1, 2};
inline constexpr std::array<int, 3> kGruGates = {1, 0, 2};
inline constexpr std::array<int, 1> kRnnGates = {0};

/// Rows of a [gates · hidden, …] tensor in another order of the gates.
/// @param gates  which gate of the source comes at each place
Tensor reorder_gates(const Tensor& tensor, std::span<const int> gates);

}  // namespace canter::nn::detail
