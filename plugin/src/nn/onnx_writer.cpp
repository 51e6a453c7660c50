#include <protozero/pbf_writer.hpp>
#include <string>
#include <type_traits>

#include "canter/nn/onnx.h"
#include "nn/onnx_fields.h"

namespace canter::nn {

namespace {

using protozero::pbf_writer;
using namespace detail::onnx;

constexpr int kWrittenIrVersion = 8;

std::string tensor_message(const Tensor& tensor, const std::string& name) {
  std::string message;
  pbf_writer writer(message);
  for (const std::int64_t extent : tensor.shape().dims()) writer.add_int64(kDims, extent);
  writer.add_int32(kDataType, data_type_of(tensor.dtype()));
  writer.add_string(kTensorName, name);
  writer.add_bytes(kRawData, reinterpret_cast<const char*>(tensor.bytes().data()),
                   tensor.bytes().size());
  return message;
}

struct AttributeWriter {
  pbf_writer& writer;

  void operator()(std::int64_t value) {
    writer.add_int64(kInt, value);
    writer.add_int32(kAttributeType, kTypeInt);
  }
  void operator()(float value) {
    writer.add_float(kFloat, value);
    writer.add_int32(kAttributeType, kTypeFloat);
  }
  void operator()(const std::string& value) {
    writer.add_string(kString, value);
    writer.add_int32(kAttributeType, kTypeString);
  }
  void operator()(const std::vector<std::int64_t>& values) {
    writer.add_packed_int64(kInts, values.begin(), values.end());
    writer.add_int32(kAttributeType, kTypeInts);
  }
  void operator()(const std::vector<float>& values) {
    writer.add_packed_float(kFloats, values.begin(), values.end());
    writer.add_int32(kAttributeType, kTypeFloats);
  }
  void operator()(const std::vector<std::string>& values) {
    for (const std::string& value : values) writer.add_string(kStrings, value);
    writer.add_int32(kAttributeType, kTypeStrings);
  }
  void operator()(const Tensor& value) {
    writer.add_message(kTensor, tensor_message(value, ""));
    writer.add_int32(kAttributeType, kTypeTensor);
  }
};

std::string node_message(const Node& node) {
  std::string message;
  pbf_writer writer(message);
  for (const std::string& input : node.inputs) writer.add_string(kNodeInput, input);
  for (const std::string& output : node.outputs) writer.add_string(kNodeOutput, output);
  writer.add_string(kNodeName, node.name);
  writer.add_string(kNodeOp, node.op);
  for (const Attribute& attribute : node.attributes) {
    pbf_writer inner(writer, kNodeAttribute);
    inner.add_string(kAttributeName, attribute.name);
    std::visit(AttributeWriter{inner}, attribute.value);
  }
  writer.add_string(kNodeDomain, node.domain);
  return message;
}

std::string value_message(const ValueInfo& value) {
  std::string message;
  pbf_writer writer(message);
  writer.add_string(kValueName, value.name);
  pbf_writer type(writer, kValueType);
  pbf_writer tensor(type, kTensorType);
  tensor.add_int32(kElementType, data_type_of(value.dtype));
  if (!value.has_rank) return message;
  pbf_writer shape(tensor, kShape);
  for (const Dim& dim : value.dims) {
    pbf_writer inner(shape, kDim);
    if (dim.dynamic())
      inner.add_string(kDimSymbol, dim.symbol);
    else
      inner.add_int64(kDimValue, dim.size);
  }
  return message;
}

std::string graph_message(const Graph& graph) {
  std::string message;
  pbf_writer writer(message);
  for (const Node& node : graph.nodes) writer.add_message(kNode, node_message(node));
  writer.add_string(kGraphName, graph.name);
  for (const auto& [name, tensor] : graph.initialisers)
    writer.add_message(kInitialiser, tensor_message(tensor, name));
  for (const ValueInfo& value : graph.inputs) writer.add_message(kGraphInput, value_message(value));
  for (const ValueInfo& value : graph.outputs)
    writer.add_message(kGraphOutput, value_message(value));
  return message;
}

void add_opset(pbf_writer& model, const std::string& domain, int version) {
  pbf_writer opset(model, kOpsetImport);
  opset.add_string(kOpsetDomain, domain);
  opset.add_int64(kOpsetVersion, version);
}

}  // namespace

std::vector<std::byte> write_onnx(const Graph& graph) {
  std::string message;
  pbf_writer model(message);
  model.add_int64(kIrVersion, kWrittenIrVersion);
  model.add_string(kProducer, graph.producer);
  model.add_message(kModelGraph, graph_message(graph));
  add_opset(model, "", graph.opset);
  for (const auto& [domain, version] : graph.custom_opsets) add_opset(model, domain, version);
  const auto* begin = reinterpret_cast<const std::byte*>(message.data());
  return {begin, begin + message.size()};
}

}  // namespace canter::nn
