#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "canter/nn/architecture.h"
#include "nn/layer_spec.h"

namespace canter::nn::detail {

using Names = std::vector<std::string>;

/// Collects the nodes of a graph while layers are read. The first failure sticks; what is made
/// after it does not matter.
class LayerBuilder {
 public:
  explicit LayerBuilder(TensorMap tensors);

  Graph graph;

  /// Names of nodes and values made from here on begin with this.
  void begin_layer(const std::string& name, const std::string& where);

  // ---- values

  /// Rank of a value; -1 where it is not known.
  int rank(const std::string& value) const;
  void set_rank(const std::string& value, int rank);
  bool is_value(const std::string& name) const { return ranks_.contains(name); }
  /// The value, or else the tensor of this name as a value.
  std::string resolve(const std::string& name);

  // ---- weights

  bool has_tensor(const std::string& name) const;
  /// A tensor of the file as a value, f32 where it is floating. Fails where it is absent.
  std::string weight(const std::string& name);
  /// The same as a tensor, for layers that rearrange it.
  Tensor weight_tensor(const std::string& name);
  /// A tensor of the file, its type kept.
  std::string tensor_as_stored(const std::string& name);
  /// A tensor made here, under a name of its own. All together may take 64 MB or four times the
  /// weights, so that a short file cannot ask for much memory.
  std::string constant(Tensor tensor, const std::string& what = "constant");
  /// The same under a name of the file's.
  void named_constant(const std::string& name, Tensor tensor);
  std::string scalar(float value) { return constant(Tensor::of<float>({}, {value}), "number"); }
  std::string indices(std::span<const std::int64_t> values);

  // ---- nodes

  /// A node of one output, whose rank is `rank`. `part` tells it from the layer's others.
  std::string emit(const std::string& op, Names inputs, int rank, const std::string& part = "",
                   std::vector<Attribute> attributes = {});
  Names emit_many(const std::string& op, Names inputs, std::size_t outputs,
                  const std::string& part = "", std::vector<Attribute> attributes = {});
  std::string transpose(const std::string& value, const std::vector<std::int64_t>& perm,
                        const std::string& part = "transpose");
  std::string reshape(const std::string& value, const std::vector<std::int64_t>& shape,
                      const std::string& part = "reshape");
  /// y = x Wᵀ + b; an empty bias is none.
  std::string linear(const std::string& x, const std::string& weight, const std::string& bias,
                     const std::string& part = "");
  std::string layer_norm(const std::string& x, const std::string& weight, const std::string& bias,
                         double eps, const std::string& part = "");
  /// Gives values of the current layer other names.
  void rename_outputs(const Names& from, const Names& to);

  /// Names of tensors nobody asked for.
  std::vector<std::string> unused() const;

  void fail(ErrorCode code, const std::string& message);
  bool ok() const { return error_.message.empty(); }
  const Error& error() const { return error_; }

 private:
  std::string unique(const std::string& base);
  Tensor* find_tensor(const std::string& name);
  std::string move_to_graph(const std::string& name, Tensor& tensor);

  TensorMap tensors_;
  std::map<std::string, int> ranks_;
  std::map<std::string, bool> used_;
  std::string layer_, where_;
  std::size_t first_node_ = 0;
  std::size_t constant_bytes_ = 0;
  std::size_t most_constant_bytes_ = 0;
  Error error_;
};

/// What a layer type makes of its inputs: its outputs, the main one first.
using LayerFunction = Names (*)(LayerBuilder& builder, LayerSpec& spec, const Names& inputs);

struct LayerType {
  const char* name;
  LayerFunction function;
};

// The types of one file each.
std::span<const LayerType> dense_layers();  // linear, embedding, norms, normalisers
std::span<const LayerType> activation_layers();
std::span<const LayerType> conv_layers();  // convolution and pooling
std::span<const LayerType> recurrent_layers();
std::span<const LayerType> attention_layers();
std::span<const LayerType> shape_layers();  // reshape, slice, concat …
std::span<const LayerType> math_layers();   // arithmetic, spectrum

/// Whether `spec` names the tensors of a layer: "tensors": "fc" means fc.weight, fc.bias; each can
/// also be given by its own key. Absent optional ones, and those set to false, are empty.
std::string tensor_name(const LayerBuilder& builder, LayerSpec& spec, const std::string& key,
                        bool optional = false);

}  // namespace canter::nn::detail
