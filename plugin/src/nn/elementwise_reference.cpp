// Functions of one number and of rows, stated plainly. elementwise_kernels.cpp is the same in
// vectors.

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>

#include "nn/elementwise.h"

namespace canter::nn::detail {

namespace {

float sigmoid(float x) {
  return 1.0f / (1.0f + std::exp(-x));
}

float softplus(float x) {
  // log(1 + e^x) without overflow.
  return std::max(x, 0.0f) + std::log1p(std::exp(-std::abs(x)));
}

float gelu_tanh(float x) {
  constexpr float kSqrtTwoOverPi = 0.7978845608f;
  return 0.5f * x * (1.0f + std::tanh(kSqrtTwoOverPi * (x + 0.044715f * x * x * x)));
}

float apply_activation(const UnaryFunction& f, float x) {
  switch (f.kind) {
    case Unary::relu:
      return x > 0.0f || std::isnan(x) ? x : 0.0f;
    case Unary::leaky_relu:
      return x < 0.0f ? f.alpha * x : x;
    case Unary::elu:
      return x < 0.0f ? f.alpha * std::expm1(x) : x;
    case Unary::selu:
      return f.beta * (x < 0.0f ? f.alpha * std::expm1(x) : x);
    case Unary::celu:
      return x < 0.0f ? f.alpha * std::expm1(x / f.alpha) : x;
    case Unary::sigmoid:
      return sigmoid(x);
    case Unary::hard_sigmoid:
      return std::clamp(f.alpha * x + f.beta, 0.0f, 1.0f);
    case Unary::hard_swish:
      return x * std::clamp(x / 6.0f + 0.5f, 0.0f, 1.0f);
    case Unary::tanh:
      return std::tanh(x);
    case Unary::softplus:
      return softplus(x);
    case Unary::softsign:
      return x / (1.0f + std::abs(x));
    case Unary::gelu:
      return 0.5f * x * (1.0f + std::erf(x * 0.70710678f));
    case Unary::gelu_tanh:
      return gelu_tanh(x);
    case Unary::mish:
      return x * std::tanh(softplus(x));
    case Unary::silu:
      return x * sigmoid(x);
    case Unary::thresholded_relu:
      return x > f.alpha ? x : 0.0f;
    case Unary::clip:
      return std::isnan(x) ? x : std::min(std::max(x, f.alpha), f.beta);
    default:
      return x;
  }
}

struct Named {
  std::string_view name;
  UnaryFunction function;
};

constexpr Named kNamed[] = {
    {"Abs", {Unary::abs}},
    {"Neg", {Unary::neg}},
    {"Exp", {Unary::exp}},
    {"Log", {Unary::log}},
    {"Sqrt", {Unary::sqrt}},
    {"Reciprocal", {Unary::reciprocal}},
    {"Sin", {Unary::sin}},
    {"Cos", {Unary::cos}},
    {"Tan", {Unary::tan}},
    {"Asin", {Unary::asin}},
    {"Acos", {Unary::acos}},
    {"Atan", {Unary::atan}},
    {"Sinh", {Unary::sinh}},
    {"Cosh", {Unary::cosh}},
    {"Asinh", {Unary::asinh}},
    {"Acosh", {Unary::acosh}},
    {"Atanh", {Unary::atanh}},
    {"Erf", {Unary::erf}},
    {"Floor", {Unary::floor}},
    {"Ceil", {Unary::ceil}},
    {"Round", {Unary::round}},
    {"Sign", {Unary::sign}},
    {"Relu", {Unary::relu}},
    {"LeakyRelu", {Unary::leaky_relu, 0.01f}},
    {"Elu", {Unary::elu, 1.0f}},
    {"Selu", {Unary::selu, 1.67326319f, 1.05070102f}},
    {"Celu", {Unary::celu, 1.0f}},
    {"Sigmoid", {Unary::sigmoid}},
    {"HardSigmoid", {Unary::hard_sigmoid, 0.2f, 0.5f}},
    {"HardSwish", {Unary::hard_swish}},
    {"Tanh", {Unary::tanh}},
    {"Softplus", {Unary::softplus}},
    {"Softsign", {Unary::softsign}},
    {"Gelu", {Unary::gelu}},
    {"Mish", {Unary::mish}},
    {"Silu", {Unary::silu}},
    {"ThresholdedRelu", {Unary::thresholded_relu, 1.0f}},
};

}  // namespace

std::optional<UnaryFunction> unary_from_name(std::string_view op) {
  for (const Named& named : kNamed)
    if (named.name == op) return named.function;
  return std::nullopt;
}

float apply_reference(const UnaryFunction& f, float x) {
  switch (f.kind) {
    case Unary::abs:
      return std::abs(x);
    case Unary::neg:
      return -x;
    case Unary::exp:
      return std::exp(x);
    case Unary::log:
      return std::log(x);
    case Unary::sqrt:
      return std::sqrt(x);
    case Unary::reciprocal:
      return 1.0f / x;
    case Unary::sin:
      return std::sin(x);
    case Unary::cos:
      return std::cos(x);
    case Unary::tan:
      return std::tan(x);
    case Unary::asin:
      return std::asin(x);
    case Unary::acos:
      return std::acos(x);
    case Unary::atan:
      return std::atan(x);
    case Unary::sinh:
      return std::sinh(x);
    case Unary::cosh:
      return std::cosh(x);
    case Unary::asinh:
      return std::asinh(x);
    case Unary::acosh:
      return std::acosh(x);
    case Unary::atanh:
      return std::atanh(x);
    case Unary::erf:
      return std::erf(x);
    case Unary::floor:
      return std::floor(x);
    case Unary::ceil:
      return std::ceil(x);
    case Unary::round:
      return std::nearbyint(x);  // ties to even, as ONNX has it
    case Unary::sign:
      return std::isnan(x) ? x : static_cast<float>((x > 0.0f) - (x < 0.0f));
    default:
      return apply_activation(f, x);
  }
}

void apply_unary_reference(const UnaryFunction& f, const float* x, float* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = apply_reference(f, x[i]);
}

void apply_binary_reference(Binary op, const float* a, std::int64_t a_step, const float* b,
                            std::int64_t b_step, float* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float p = a[i * a_step];
    const float q = b[i * b_step];
    switch (op) {
      case Binary::add:
        y[i] = p + q;
        break;
      case Binary::sub:
        y[i] = p - q;
        break;
      case Binary::mul:
        y[i] = p * q;
        break;
      case Binary::div:
        y[i] = p / q;
        break;
      case Binary::min:
        y[i] = std::isnan(p) || p < q ? p : q;
        break;
      case Binary::max:
        y[i] = std::isnan(p) || p > q ? p : q;
        break;
      case Binary::pow:
        y[i] = std::pow(p, q);
        break;
      case Binary::prelu:
        y[i] = p < 0.0f ? p * q : p;
        break;
    }
  }
}

void softmax_rows_reference(const float* x, float* y, std::int64_t rows, std::int64_t width,
                            bool logarithm) {
  for (std::int64_t row = 0; row < rows; ++row, x += width, y += width) {
    const float largest = *std::max_element(x, x + width);
    double sum = 0.0;
    for (std::int64_t i = 0; i < width; ++i) sum += std::exp(x[i] - largest);
    const auto log_sum = static_cast<float>(std::log(sum));
    for (std::int64_t i = 0; i < width; ++i)
      y[i] =
          logarithm ? x[i] - largest - log_sum : static_cast<float>(std::exp(x[i] - largest) / sum);
  }
}

void normalise_rows_reference(const float* x, const float* scale, const float* bias, float epsilon,
                              float* y, std::int64_t rows, std::int64_t width) {
  for (std::int64_t row = 0; row < rows; ++row, x += width, y += width) {
    double mean = 0.0;
    for (std::int64_t i = 0; i < width; ++i) mean += x[i];
    mean /= static_cast<double>(width);
    double variance = 0.0;
    for (std::int64_t i = 0; i < width; ++i) variance += (x[i] - mean) * (x[i] - mean);
    variance /= static_cast<double>(width);
    const double inverse = 1.0 / std::sqrt(variance + epsilon);
    for (std::int64_t i = 0; i < width; ++i) {
      const auto unit = static_cast<float>((x[i] - mean) * inverse);
      y[i] = unit * (scale == nullptr ? 1.0f : scale[i]) + (bias == nullptr ? 0.0f : bias[i]);
    }
  }
}

void lstm_units_reference(const float* gates, std::int64_t stride, float* c, float* h,
                          std::int64_t count) {
  for (std::int64_t u = 0; u < count; ++u) {
    const float input = sigmoid(gates[u]);
    const float output = sigmoid(gates[stride + u]);
    const float forget = sigmoid(gates[2 * stride + u]);
    c[u] = forget * c[u] + input * std::tanh(gates[3 * stride + u]);
    h[u] = output * std::tanh(c[u]);
  }
}

}  // namespace canter::nn::detail
