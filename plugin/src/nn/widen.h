#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "canter/base/result.h"
#include "canter/nn/tensor.h"

namespace canter::nn::detail {

/// An element type as files have them: a DType, or one that is widened to a DType.
struct FileType {
  enum class Kind : std::uint8_t { plain, u16, u32, u64, f8_e4m3, f8_e5m2 };
  Kind kind = Kind::plain;
  DType dtype = DType::f32;  ///< what it becomes
  std::size_t bytes = 4;     ///< of one element in the file

  bool widened() const { return kind != Kind::plain; }
};

/// The type of this name ("F32", "BOOL", "F8_E4M3"), or nothing.
std::optional<FileType> safetensors_type(std::string_view name);
/// All names, for messages.
std::string safetensors_types();
/// "F32", "BOOL", …
std::string_view safetensors_name(DType dtype);

/// A tensor of these elements: copied, or widened exactly. The data must be as long as the shape
/// needs (asserted). Errors: bad_value (a boolean other than 0 and 1, a u64 beyond i64), limit.
Result<Tensor> widen(const FileType& type, const Shape& shape, std::span<const std::byte> data);

/// "tensor 'x': U16 became i32".
std::string widened_note(std::string_view name, std::string_view type, DType dtype);

}  // namespace canter::nn::detail
