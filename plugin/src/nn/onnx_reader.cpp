// ONNX files: protocol buffers read field by field, every count held against the bytes there are.

#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <set>
#include <string>
#include <utility>

#include "canter/nn/onnx.h"
#include "nn/onnx_fields.h"
#include "nn/visit.h"

namespace canter::nn {

namespace {

using protozero::pbf_reader;
using namespace detail::onnx;

// Why reading ends early. Thrown inside this file only, as protozero's own exceptions are.
struct Refused : std::exception {
  explicit Refused(Error e) : error(std::move(e)) {}
  Error error;
};
[[noreturn]] void refuse(ErrorCode code, std::string message) {
  throw Refused({code, std::move(message)});
}

// Numbers of a repeated field, packed or one by one.
template <class Range, class Single, class Body>
void each(pbf_reader& reader, Range range, Single single, Body body) {
  if (reader.wire_type() == protozero::pbf_wire_type::length_delimited) {
    for (const auto value : (reader.*range)()) body(value);
  } else {
    body((reader.*single)());
  }
}

template <class Body>
void each_int64(pbf_reader& reader, Body body) {
  each(reader, &pbf_reader::get_packed_int64, &pbf_reader::get_int64, body);
}
template <class Body>
void each_float(pbf_reader& reader, Body body) {
  each(reader, &pbf_reader::get_packed_float, &pbf_reader::get_float, body);
}

class OnnxReader {
 public:
  explicit OnnxReader(std::span<const std::byte> bytes)
      : begin_(reinterpret_cast<const char*>(bytes.data())), size_(bytes.size()) {}

  Graph read() {
    pbf_reader model(protozero::data_view(begin_, size_));
    std::optional<protozero::data_view> graph;
    std::int64_t ir_version = 0;
    while (model.next()) {
      enter("model", model);
      switch (model.tag()) {
        case kIrVersion:
          ir_version = model.get_int64();
          break;
        case kProducer:
          graph_.producer = model.get_string();
          break;
        case kModelGraph:
          graph = model.get_view();
          break;
        case kOpsetImport:
          read_opset(model.get_message());
          break;
        case kFunctions:
          refuse(ErrorCode::unsupported,
                 "the model defines functions; export it with its functions inlined");
        default:
          model.skip();
      }
    }
    if (!graph) refuse(ErrorCode::bad_format, "no graph inside; this is not an ONNX model");
    if (ir_version < 3 || ir_version > 10)
      refuse(ErrorCode::unsupported,
             "IR version " + std::to_string(ir_version) + "; Canter reads 3 to 10");
    if (!has_opset_) refuse(ErrorCode::bad_format, "the model does not say which opset it uses");
    read_graph(pbf_reader(*graph));
    return std::move(graph_);
  }

  /// The part last entered, and how many bytes into the file it is.
  std::string place() const { return place_ + " at byte " + std::to_string(offset_); }

 private:
  void enter(std::string place, const pbf_reader& reader) {
    place_ = std::move(place);
    const char* const at = reader.data().data();
    if (at != nullptr) offset_ = static_cast<std::size_t>(at - begin_);
  }

  void read_opset(pbf_reader opset) {
    std::string domain;
    std::int64_t version = 0;
    while (opset.next()) {
      if (opset.tag() == kOpsetDomain)
        domain = opset.get_string();
      else if (opset.tag() == kOpsetVersion)
        version = opset.get_int64();
      else
        opset.skip();
    }
    if (version < 0 || version > 1'000'000)
      refuse(ErrorCode::bad_value, "opset version " + std::to_string(version));
    if (!domain.empty() && domain != "ai.onnx") {
      graph_.custom_opsets[domain] = static_cast<int>(version);
      return;
    }
    constexpr int kOldest = 7;
    if (version < kOldest)
      refuse(ErrorCode::unsupported, "opset " + std::to_string(version) +
                                         "; Canter reads opset 7 on, so export the model again");
    graph_.opset = static_cast<int>(version);
    has_opset_ = true;
  }

  void read_graph(pbf_reader graph) {
    while (graph.next()) {
      switch (graph.tag()) {
        case kNode:
          enter("node " + std::to_string(graph_.nodes.size()), graph);
          graph_.nodes.push_back(read_node(graph.get_message()));
          break;
        case kGraphName:
          graph_.name = graph.get_string();
          break;
        case kInitialiser: {
          enter("initialiser " + std::to_string(graph_.initialisers.size()), graph);
          auto [name, tensor] = read_tensor(graph.get_message());
          if (!graph_.initialisers.emplace(name, std::move(tensor)).second)
            refuse(ErrorCode::bad_format, "initialiser '" + name + "' is there twice");
          break;
        }
        case kSparseInitialiser:
          refuse(ErrorCode::unsupported, "sparse initialisers; export the model with dense ones");
        case kGraphInput:
          enter("input " + std::to_string(graph_.inputs.size()), graph);
          graph_.inputs.push_back(read_value(graph.get_message()));
          break;
        case kGraphOutput:
          enter("output " + std::to_string(graph_.outputs.size()), graph);
          graph_.outputs.push_back(read_value(graph.get_message()));
          break;
        default:
          graph.skip();
      }
    }
    // Old files list the initialisers among the inputs too.
    std::erase_if(graph_.inputs, [this](const ValueInfo& input) {
      return graph_.initialisers.contains(input.name);
    });
  }

  Node read_node(pbf_reader reader) {
    Node node;
    std::vector<protozero::data_view> attributes;
    while (reader.next()) {
      switch (reader.tag()) {
        case kNodeInput:
          node.inputs.push_back(reader.get_string());
          break;
        case kNodeOutput:
          node.outputs.push_back(reader.get_string());
          break;
        case kNodeName:
          node.name = reader.get_string();
          break;
        case kNodeOp:
          node.op = reader.get_string();
          break;
        case kNodeDomain:
          node.domain = reader.get_string();
          break;
        case kNodeAttribute:
          attributes.push_back(reader.get_view());
          break;
        default:
          reader.skip();
      }
    }
    if (node.domain == "ai.onnx") node.domain.clear();
    place_ += ", " + describe(node);
    for (const protozero::data_view& attribute : attributes)
      node.attributes.push_back(read_attribute(pbf_reader(attribute), node));
    return node;
  }

  Attribute read_attribute(pbf_reader reader, const Node& node) {
    Attribute attribute;
    std::optional<std::int32_t> type;
    std::int64_t integer = 0;
    float number = 0.0f;
    std::string text;
    std::optional<Tensor> tensor;
    std::vector<std::int64_t> integers;
    std::vector<float> numbers;
    std::vector<std::string> texts;
    while (reader.next()) {
      switch (reader.tag()) {
        case kAttributeName:
          attribute.name = reader.get_string();
          break;
        case kAttributeType:
          type = reader.get_int32();
          break;
        case kFloat:
          number = reader.get_float();
          break;
        case kInt:
          integer = reader.get_int64();
          break;
        case kString:
          text = reader.get_string();
          break;
        case kTensor:
          tensor = read_tensor(reader.get_message()).second;
          break;
        case kFloats:
          each_float(reader, [&](float value) { numbers.push_back(value); });
          break;
        case kInts:
          each_int64(reader, [&](std::int64_t value) { integers.push_back(value); });
          break;
        case kStrings:
          texts.push_back(reader.get_string());
          break;
        case kSubGraph:
          refuse(ErrorCode::unsupported,
                 describe(node) +
                     " has a sub-graph; control flow is not supported: export the "
                     "model without it (traced instead of scripted)");
        default:
          reader.skip();
      }
    }
    switch (type.value_or(kTypeInt)) {
      case kTypeFloat:
        attribute.value = number;
        break;
      case kTypeInt:
        attribute.value = integer;
        break;
      case kTypeString:
        attribute.value = std::move(text);
        break;
      case kTypeTensor:
        if (!tensor) refuse(ErrorCode::bad_format, "attribute '" + attribute.name + "' is empty");
        attribute.value = std::move(*tensor);
        break;
      case kTypeFloats:
        attribute.value = std::move(numbers);
        break;
      case kTypeInts:
        attribute.value = std::move(integers);
        break;
      case kTypeStrings:
        attribute.value = std::move(texts);
        break;
      default:
        refuse(ErrorCode::unsupported, "attribute '" + attribute.name + "' is of type " +
                                           std::to_string(*type) + ", which Canter does not read");
    }
    return attribute;
  }

  // The parts of a tensor as they are in the file.
  struct TensorParts {
    std::string name;
    std::vector<std::int64_t> dims;
    std::int32_t data_type = 0;
    std::optional<protozero::data_view> raw;
    pbf_reader all;
  };

  std::pair<std::string, Tensor> read_tensor(pbf_reader reader) {
    TensorParts parts;
    parts.all = reader;
    bool external = false;
    while (reader.next()) {
      switch (reader.tag()) {
        case kDims:
          each_int64(reader, [&](std::int64_t extent) { parts.dims.push_back(extent); });
          break;
        case kDataType:
          parts.data_type = reader.get_int32();
          break;
        case kTensorName:
          parts.name = reader.get_string();
          break;
        case kRawData:
          parts.raw = reader.get_view();
          break;
        case kExternalData:
          external = true;
          reader.skip();
          break;
        case kDataLocation:
          external |= reader.get_int32() == 1;
          break;
        default:
          reader.skip();
      }
    }
    const std::string what = "tensor '" + parts.name + "'";
    if (external)
      refuse(ErrorCode::unsupported,
             what +
                 " keeps its data in another file; save the model as one file "
                 "(onnx.save_model(..., save_as_external_data=False))");
    const std::optional<DType> dtype = dtype_from(parts.data_type);
    if (!dtype)
      refuse(ErrorCode::unsupported, what + " has element type " + std::to_string(parts.data_type) +
                                         ", which Canter does not read");
    const Result<Shape> shape = Shape::make(parts.dims);
    if (!shape) refuse(shape.error().code, what + ": " + shape.error().message);
    return {parts.name, parts.raw ? raw_tensor(*dtype, *shape, *parts.raw, what)
                                  : typed_tensor(*dtype, *shape, parts.all, what)};
  }

  static Tensor raw_tensor(DType dtype, const Shape& shape, protozero::data_view raw,
                           const std::string& what) {
    const Result<std::size_t> size = checked_size_bytes(dtype, shape);
    if (!size || *size != raw.size())
      refuse(ErrorCode::bad_format, what + " of shape " + shape.text() + " and type " +
                                        std::string(dtype_name(dtype)) + " holds " +
                                        std::to_string(raw.size()) + " bytes");
    return Tensor::copy_of({dtype, shape, reinterpret_cast<const std::byte*>(raw.data())});
  }

  // Values of one of the typed fields, in the type of that field.
  template <class T>
  static std::vector<T> typed_values(pbf_reader reader) {
    std::vector<T> values;
    const auto add = [&](auto value) { values.push_back(static_cast<T>(value)); };
    while (reader.next()) {
      if (reader.tag() == kFloatData && std::is_same_v<T, float>)
        each_float(reader, add);
      else if (reader.tag() == kDoubleData && std::is_same_v<T, double>)
        each(reader, &pbf_reader::get_packed_double, &pbf_reader::get_double, add);
      else if (reader.tag() == kInt64Data && std::is_same_v<T, std::int64_t>)
        each_int64(reader, add);
      else if (reader.tag() == kInt32Data && std::is_same_v<T, std::int32_t>)
        each(reader, &pbf_reader::get_packed_int32, &pbf_reader::get_int32, add);
      else
        reader.skip();
    }
    return values;
  }

  template <class Stored, class Body>
  static Tensor from_values(DType dtype, const Shape& shape, const std::vector<Stored>& values,
                            const std::string& what, Body element) {
    if (static_cast<std::int64_t>(values.size()) != shape.num_elements())
      refuse(ErrorCode::bad_format, what + " of shape " + shape.text() + " holds " +
                                        std::to_string(values.size()) + " elements");
    Tensor tensor = Tensor::make(dtype, shape).value();
    for (std::size_t i = 0; i < values.size(); ++i) element(tensor, i, values[i]);
    return tensor;
  }

  static Tensor typed_tensor(DType dtype, const Shape& shape, const pbf_reader& all,
                             const std::string& what) {
    const auto same = [](Tensor& tensor, std::size_t i, auto value) {
      tensor.as<decltype(value)>()[i] = value;
    };
    switch (dtype) {
      case DType::f32:
        return from_values(dtype, shape, typed_values<float>(all), what, same);
      case DType::f64:
        return from_values(dtype, shape, typed_values<double>(all), what, same);
      case DType::i64:
        return from_values(dtype, shape, typed_values<std::int64_t>(all), what, same);
      default:
        break;
    }
    // Everything narrower travels as int32, halves as their bits.
    return from_values(dtype, shape, typed_values<std::int32_t>(all), what,
                       [](Tensor& tensor, std::size_t i, std::int32_t value) {
                         const std::size_t width = element_size(tensor.dtype());
                         std::memcpy(tensor.bytes().data() + i * width, &value, width);
                       });
  }

  ValueInfo read_value(pbf_reader reader) {
    ValueInfo value;
    value.has_rank = false;
    while (reader.next()) {
      if (reader.tag() == kValueName) {
        value.name = reader.get_string();
      } else if (reader.tag() == kValueType) {
        read_type(reader.get_message(), value);
      } else {
        reader.skip();
      }
    }
    if (value.dims.size() > static_cast<std::size_t>(Shape::kMaxRank))
      refuse(ErrorCode::limit, "'" + value.name + "' has rank " +
                                   std::to_string(value.dims.size()) + "; the limit is " +
                                   std::to_string(Shape::kMaxRank));
    return value;
  }

  void read_type(pbf_reader type, ValueInfo& value) {
    while (type.next()) {
      if (type.tag() != kTensorType)
        refuse(ErrorCode::unsupported, "'" + value.name + "' is not a tensor");
      pbf_reader tensor = type.get_message();
      while (tensor.next()) {
        if (tensor.tag() == kElementType) {
          const std::int32_t data_type = tensor.get_int32();
          const std::optional<DType> dtype = dtype_from(data_type);
          if (!dtype)
            refuse(ErrorCode::unsupported, "'" + value.name + "' has element type " +
                                               std::to_string(data_type) +
                                               ", which Canter does not read");
          value.dtype = *dtype;
        } else if (tensor.tag() == kShape) {
          value.has_rank = true;
          read_shape(tensor.get_message(), value);
        } else {
          tensor.skip();
        }
      }
    }
  }

  static void read_shape(pbf_reader shape, ValueInfo& value) {
    while (shape.next()) {
      if (shape.tag() != kDim) {
        shape.skip();
        continue;
      }
      Dim dim;
      pbf_reader reader = shape.get_message();
      while (reader.next()) {
        if (reader.tag() == kDimValue)
          dim.size = reader.get_int64();
        else if (reader.tag() == kDimSymbol)
          dim.symbol = reader.get_string();
        else
          reader.skip();
      }
      value.dims.push_back(std::move(dim));
    }
  }

  const char* begin_;
  std::size_t size_;
  Graph graph_;
  bool has_opset_ = false;
  std::string place_ = "model";
  std::size_t offset_ = 0;
};

}  // namespace

Result<Graph> read_onnx(std::span<const std::byte> bytes, std::string_view source) {
  OnnxReader reader(bytes);
  const auto where = [&] { return std::string(source) + ": " + reader.place() + ": "; };
  try {
    return reader.read();
  } catch (const Refused& e) {
    return Error{e.error.code, where() + e.error.message};
  } catch (const protozero::end_of_buffer_exception&) {
    return Error{ErrorCode::truncated, where() + "the data ends before what it announces"};
  } catch (const protozero::exception& e) {
    return Error{ErrorCode::bad_format, where() + "not a protocol buffer (" + e.what() + ")"};
  }
}

}  // namespace canter::nn
