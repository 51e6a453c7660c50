#include "trainer/nn/gemm.h"

#include <omp.h>

#include <dnnl.hpp>
#include <unordered_map>

#include "canter/base/memory.h"

namespace canter::trainer::detail {
namespace {

// The trainer brings its own threads, so oneDNN's OpenMP must not start any.
class OneThread {
 public:
  OneThread() : threads_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(threads_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int threads_;
};

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::memory::desc matrix(int rows, int columns, bool transposed, Precision precision) {
  const auto type =
      precision == Precision::bf16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
  return {{rows, columns},
          type,
          transposed ? dnnl::memory::dims{1, rows} : dnnl::memory::dims{columns, 1}};
}

dnnl::matmul::primitive_desc describe(const GemmShape& s) {
  const auto a = matrix(s.m, s.k, s.a_transposed, s.in);
  const auto b = matrix(s.k, s.n, s.b_transposed, s.in);
  const auto c = matrix(s.m, s.n, false, s.out);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (s.relu) {
    dnnl::post_ops after;
    after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(after);
  }
  const auto call = s.bias ? dnnl::matmul::desc(a, b, matrix(1, s.n, false, Precision::f32), c)
                           : dnnl::matmul::desc(a, b, c);
  return {call, attributes, cpu()};
}

}  // namespace

struct Gemm::Primitive {
  explicit Primitive(const dnnl::matmul::primitive_desc& d)
      : product(d), stream(cpu()), scratch(d.scratchpad_desc().get_size()) {
    const auto add = [&](int argument, const dnnl::memory::desc& desc) {
      if (desc.get_size() != 0) arguments.emplace(argument, dnnl::memory(desc, cpu(), nullptr));
    };
    add(DNNL_ARG_SRC, d.src_desc());
    add(DNNL_ARG_WEIGHTS, d.weights_desc());
    add(DNNL_ARG_BIAS, d.bias_desc());
    add(DNNL_ARG_DST, d.dst_desc());
    add(DNNL_ARG_SCRATCHPAD, d.scratchpad_desc());
    set(DNNL_ARG_SCRATCHPAD, scratch.data());
  }
  void set(int argument, const void* data) {
    const auto found = arguments.find(argument);
    if (found != arguments.end()) found->second.set_data_handle(const_cast<void*>(data));
  }

  dnnl::matmul product;
  dnnl::stream stream;
  Block scratch;
  std::unordered_map<int, dnnl::memory> arguments;
};

Gemm::Gemm() = default;
Gemm::Gemm(const GemmShape& shape) {
  const OneThread one;
  primitive_ = std::make_unique<Primitive>(describe(shape));
}
Gemm::Gemm(Gemm&&) noexcept = default;
Gemm& Gemm::operator=(Gemm&&) noexcept = default;
Gemm::~Gemm() = default;

void Gemm::run(const void* a, const void* b, const float* bias, void* c) {
  const OneThread one;
  primitive_->set(DNNL_ARG_SRC, a);
  primitive_->set(DNNL_ARG_WEIGHTS, b);
  primitive_->set(DNNL_ARG_BIAS, bias);
  primitive_->set(DNNL_ARG_DST, c);
  primitive_->product.execute(primitive_->stream, primitive_->arguments);
}

bool supports(Precision precision) {
  if (precision == Precision::f32) return true;
  if (precision != Precision::bf16) return false;
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx:
      return true;
    default:
      return false;
  }
}

}  // namespace canter::trainer::detail
