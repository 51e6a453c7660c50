#pragma once

#include "nn/elementwise.h"
#include "nn/op_support.h"

namespace canter::nn::detail {

/// What follows a layer in the same step.
struct Epilogue {
  UnaryFunction function;
  bool reference = false;

  void apply(float* y, std::int64_t count) const {
    if (function.kind == Unary::none) return;
    (reference ? apply_unary_reference : apply_unary_simd)(function, y, y, count);
  }
};

/// The activation fusion has put on a node.
inline Epilogue epilogue_of(const NodeContext& context) {
  Epilogue epilogue;
  epilogue.reference = context.reference();
  const std::string name = context.node().text("activation", "");
  if (name.empty()) return epilogue;
  epilogue.function = unary_from_name(name).value_or(UnaryFunction());
  epilogue.function.alpha = context.node().number("activation_alpha", epilogue.function.alpha);
  epilogue.function.beta = context.node().number("activation_beta", epilogue.function.beta);
  if (epilogue.function.kind == Unary::gelu && context.node().integer("activation_tanh", 0) != 0)
    epilogue.function.kind = Unary::gelu_tanh;
  return epilogue;
}

}  // namespace canter::nn::detail
