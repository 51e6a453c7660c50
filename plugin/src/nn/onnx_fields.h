#pragma once

// Field numbers of onnx.proto and its element types.

#include <cstdint>
#include <optional>

#include "canter/nn/tensor.h"

namespace canter::nn::detail::onnx {

enum Model : std::uint32_t {
  kIrVersion = 1,
  kProducer = 2,
  kModelGraph = 7,
  kOpsetImport = 8,
  kFunctions = 25
};
enum Opset : std::uint32_t { kOpsetDomain = 1, kOpsetVersion = 2 };
enum GraphField : std::uint32_t {
  kNode = 1,
  kGraphName = 2,
  kInitialiser = 5,
  kGraphInput = 11,
  kGraphOutput = 12,
  kSparseInitialiser = 15
};
enum NodeField : std::uint32_t {
  kNodeInput = 1,
  kNodeOutput = 2,
  kNodeName = 3,
  kNodeOp = 4,
  kNodeAttribute = 5,
  kNodeDomain = 7
};
enum AttributeField : std::uint32_t {
  kAttributeName = 1,
  kFloat = 2,
  kInt = 3,
  kString = 4,
  kTensor = 5,
  kSubGraph = 6,
  kFloats = 7,
  kInts = 8,
  kStrings = 9,
  kAttributeType = 20,
  kSparseTensor = 22
};
enum AttributeType : std::int32_t {
  kTypeFloat = 1,
  kTypeInt = 2,
  kTypeString = 3,
  kTypeTensor = 4,
  kTypeFloats = 6,
  kTypeInts = 7,
  kTypeStrings = 8
};
enum TensorField : std::uint32_t {
  kDims = 1,
  kDataType = 2,
  kFloatData = 4,
  kInt32Data = 5,
  kStringData = 6,
  kInt64Data = 7,
  kTensorName = 8,
  kRawData = 9,
  kDoubleData = 10,
  kExternalData = 13,
  kDataLocation = 14
};
enum ValueField : std::uint32_t { kValueName = 1, kValueType = 2 };
enum TypeField : std::uint32_t { kTensorType = 1 };
enum TensorTypeField : std::uint32_t { kElementType = 1, kShape = 2 };
enum ShapeField : std::uint32_t { kDim = 1 };
enum DimField : std::uint32_t { kDimValue = 1, kDimSymbol = 2 };

/// The element types Canter has, by their number in the file.
inline std::optional<DType> dtype_from(std::int32_t data_type) {
  switch (data_type) {
    case 1:
      return DType::f32;
    case 2:
      return DType::u8;
    case 3:
      return DType::i8;
    case 5:
      return DType::i16;
    case 6:
      return DType::i32;
    case 7:
      return DType::i64;
    case 9:
      return DType::boolean;
    case 10:
      return DType::f16;
    case 11:
      return DType::f64;
    case 16:
      return DType::bf16;
    default:
      return std::nullopt;
  }
}

inline std::int32_t data_type_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return 11;
    case DType::f32:
      return 1;
    case DType::f16:
      return 10;
    case DType::bf16:
      return 16;
    case DType::i64:
      return 7;
    case DType::i32:
      return 6;
    case DType::i16:
      return 5;
    case DType::i8:
      return 3;
    case DType::u8:
      return 2;
    case DType::boolean:
      break;
  }
  return 9;
}

}  // namespace canter::nn::detail::onnx
