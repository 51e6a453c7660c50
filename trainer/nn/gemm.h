#pragma once

#include <memory>

#include "canter/nn/model.h"

namespace canter::trainer::detail {

using nn::Precision;

/// One matrix product of fixed shape: C[m,n] = A[m,k] B[k,n] (+ bias[n]) (then ReLU).
struct GemmShape {
  int m = 0, n = 0, k = 0;
  bool a_transposed = false;       ///< A lies as [k, m]
  bool b_transposed = false;       ///< B lies as [n, k]
  Precision in = Precision::f32;   ///< of A and B: f32 or bf16
  Precision out = Precision::f32;  ///< of C; sums and bias are f32 in any case
  bool bias = false;
  bool relu = false;
};

/// oneDNN's primitive for a GemmShape, made once. Runs on the calling thread alone; one thread at
/// a time. The same operands give the same bits.
class Gemm {
 public:
  Gemm();
  /// Throws dnnl::error where the processor lacks the precision (see supports()).
  explicit Gemm(const GemmShape& shape);
  Gemm(Gemm&&) noexcept;
  Gemm& operator=(Gemm&&) noexcept;
  ~Gemm();

  /// @param bias  [n] f32; null where the shape has none
  void run(const void* a, const void* b, const float* bias, void* c);

 private:
  struct Primitive;
  std::unique_ptr<Primitive> primitive_;
};

/// Whether this processor multiplies numbers of this precision in hardware.
bool supports(Precision precision);

}  // namespace canter::trainer::detail
