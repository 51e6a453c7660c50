#include "canter/nn/operator.h"
#include "nn/builtin.h"

namespace canter::nn {

void OperatorSet::add(std::string domain, std::string op, OperatorFactory factory) {
  factories_[{std::move(domain), std::move(op)}] = std::move(factory);
}

const OperatorFactory* OperatorSet::find(std::string_view domain, std::string_view op) const {
  const auto found = factories_.find({std::string(domain), std::string(op)});
  return found == factories_.end() ? nullptr : &found->second;
}

std::string OperatorSet::list() const {
  std::string text;
  for (const auto& [name, factory] : factories_) {
    if (name.first == detail::kCanterDomain) continue;  // what fusion makes; no file has them
    if (!text.empty()) text += ", ";
    if (!name.first.empty()) text += name.first + ".";
    text += name.second;
  }
  return text;
}

void PlanContext::set_output(int i, DType dtype, const Shape& shape) {
  if (i >= num_outputs()) return;
  Output& output = outputs_[static_cast<std::size_t>(i)];
  output.set = true;
  output.dtype = dtype;
  output.shape = shape;
}

void PlanContext::alias_output(int i, int input, const Shape& shape) {
  set_output(i, dtype(input), shape);
  if (i < num_outputs()) outputs_[static_cast<std::size_t>(i)].alias_of = input;
}

void PlanContext::set_value(int i, Tensor value) {
  set_output(i, value.dtype(), value.shape());
  if (i >= num_outputs()) return;
  outputs_[static_cast<std::size_t>(i)].has_value = true;
  outputs_[static_cast<std::size_t>(i)].value = std::move(value);
}

std::span<std::byte> PlanContext::make_table(std::size_t bytes) {
  table_ = Block(bytes);
  return table_.bytes();
}

const OperatorSet& builtin_operators() {
  static const OperatorSet set = [] {
    OperatorSet all;
    detail::add_elementwise(all);
    detail::add_shape_operators(all);
    detail::add_movement(all);
    detail::add_linear(all);
    detail::add_convolution(all);
    detail::add_pooling(all);
    detail::add_normalisation(all);
    detail::add_reductions(all);
    detail::add_recurrent(all);
    return all;
  }();
  return set;
}

}  // namespace canter::nn
