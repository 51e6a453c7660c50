#pragma once

// Functions of one number, as the scalar reference and as vector kernels.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace canter::nn::detail {

/// In the order of kUnaryNames.
enum class Unary : std::uint8_t {
  none,
  abs,
  neg,
  exp,
  log,
  sqrt,
  reciprocal,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  erf,
  floor,
  ceil,
  round,
  sign,
  relu,
  leaky_relu,
  elu,
  selu,
  celu,
  sigmoid,
  hard_sigmoid,
  hard_swish,
  tanh,
  softplus,
  softsign,
  gelu,
  gelu_tanh,
  mish,
  silu,
  thresholded_relu,
  clip,
};

/// A function with its parameters: slope, scale, limits.
struct UnaryFunction {
  Unary kind = Unary::none;
  float alpha = 0.0f;
  float beta = 0.0f;
};

/// The plain statement of each function.
float apply_reference(const UnaryFunction& f, float x);

void apply_unary_reference(const UnaryFunction& f, const float* x, float* y, std::int64_t count);
/// y may be x.
void apply_unary_simd(const UnaryFunction& f, const float* x, float* y, std::int64_t count);

/// The function of an ONNX operator with its default parameters; nothing where it is not one.
std::optional<UnaryFunction> unary_from_name(std::string_view op);

enum class Binary : std::uint8_t { add, sub, mul, div, min, max, pow, prelu };

/// y[i] = f(a[i * a_step], b[i * b_step]), steps 0 or 1. For f32.
void apply_binary_reference(Binary op, const float* a, std::int64_t a_step, const float* b,
                            std::int64_t b_step, float* y, std::int64_t count);
void apply_binary_simd(Binary op, const float* a, std::int64_t a_step, const float* b,
                       std::int64_t b_step, float* y, std::int64_t count);

// Rows of `width` numbers.

/// y = softmax or log-softmax of each row.
void softmax_rows_reference(const float* x, float* y, std::int64_t rows, std::int64_t width,
                            bool logarithm);
void softmax_rows_simd(const float* x, float* y, std::int64_t rows, std::int64_t width,
                       bool logarithm);
/// y = (x - mean) / sqrt(variance + epsilon) * scale + bias, population variance; scale and bias
/// are [width] or null.
void normalise_rows_reference(const float* x, const float* scale, const float* bias, float epsilon,
                              float* y, std::int64_t rows, std::int64_t width);
void normalise_rows_simd(const float* x, const float* scale, const float* bias, float epsilon,
                         float* y, std::int64_t rows, std::int64_t width);

/// One time step of an LSTM for `count` units: gates hold i, o, f, c before their functions, each
/// `stride` apart; c is updated in place and h written.
void lstm_units_reference(const float* gates, std::int64_t stride, float* c, float* h,
                          std::int64_t count);
void lstm_units_simd(const float* gates, std::int64_t stride, float* c, float* h,
                     std::int64_t count);

}  // namespace canter::nn::detail
