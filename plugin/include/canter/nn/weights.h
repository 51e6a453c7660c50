#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/base/result.h"
#include "canter/nn/tensor.h"

namespace canter::nn {

/// Texts by name, in the order of their names.
using TextMap = std::map<std::string, std::string, std::less<>>;

/// Tensors out of a file that holds no graph, dense and little-endian, bits as in the file.
/// Element types Canter does not compute with are widened exactly: U16 to i32, U32 and U64 to i64
/// (values beyond it are refused), F8 to f16; a note says so.
struct WeightFile {
  std::string format;  ///< "safetensors", "npz", "npy", "pytorch", "torchscript"
  TensorMap tensors;   ///< nested checkpoints: keys joined by dots
  TextMap metadata;    ///< safetensors: __metadata__; PyTorch: numbers and texts of the checkpoint
  /// What the user should know: tensors with NaN or infinite values, widened types, a graph that
  /// was left aside. One sentence each.
  std::vector<std::string> notes;
};

/// One sentence for every tensor that holds NaN or infinite values. The readers below have done it.
std::vector<std::string> notes_on(const TensorMap& tensors);

/// Formats of files that hold a network or its weights.
enum class FileKind : std::uint8_t {
  unknown,
  safetensors,
  npy,
  npz,
  torch,         ///< archives of torch.save and torch.jit.save
  torch_legacy,  ///< what torch.save wrote before PyTorch 1.6, and other bare pickles
};
/// Told by the first bytes and, for archives, by the names inside. ONNX has no mark of its own.
FileKind file_kind(std::span<const std::byte> bytes);

/// Reads weights of any of the formats below, told by content.
/// @param source  name of the data in messages
/// Errors name source, place (tensor or byte), found and expected: truncated, bad_format,
/// bad_value, unsupported (what else could be done is said), limit.
/// Memory stays a small multiple of `bytes`: archives that unpack to more than 32 times their
/// size and views that take more than 4 times the file are refused (1 MiB is always allowed).
Result<WeightFile> read_weights(std::span<const std::byte> bytes, std::string_view source);

/// safetensors: all element types; headers padded or not. Tensors that overlap, lie outside of the
/// data, come twice or leave bytes that belong to none are refused.
Result<WeightFile> read_safetensors(std::span<const std::byte> bytes, std::string_view source);

/// NumPy's .npy of versions 1 to 3: both byte orders, C and Fortran order. bool, signed and
/// unsigned integers and floating point of 16 to 64 bits.
Result<WeightFile> read_npy(std::span<const std::byte> bytes, std::string_view source);

/// NumPy's .npz: a ZIP archive of .npy files, stored or deflated.
Result<WeightFile> read_npz(std::span<const std::byte> bytes, std::string_view source);

/// The archives of torch.save (state dicts, nested checkpoints, views that share a storage) and of
/// torch.jit.save (the weights only). Nothing in them is executed: objects other than containers
/// and tensors are refused by name.
Result<WeightFile> read_torch(std::span<const std::byte> bytes, std::string_view source);

/// Version 1 .npy, C order, little-endian. bf16, which NumPy lacks, is written as f32.
std::vector<std::byte> write_npy(const ConstTensorView& tensor);

/// A safetensors file whose data begin at a multiple of 8 bytes: tensors by falling element size,
/// then by name.
std::vector<std::byte> write_safetensors(const TensorMap& tensors, const TextMap& metadata = {});

}  // namespace canter::nn
