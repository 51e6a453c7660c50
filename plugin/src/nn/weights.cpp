#include "canter/nn/weights.h"

#include <cstring>

#include "nn/npy.h"
#include "nn/torch_file.h"
#include "nn/zip.h"

namespace canter::nn {
namespace {

bool starts_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

// The opcode PROTO and a protocol.
bool is_bare_pickle(std::span<const std::byte> bytes) {
  return bytes.size() > 2 && bytes[0] == std::byte{0x80} && bytes[1] >= std::byte{2} &&
         bytes[1] <= std::byte{5};
}

// A length that fits, then a JSON object.
bool is_safetensors(std::span<const std::byte> bytes) {
  std::uint64_t header = 0;
  if (bytes.size() <= sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  return bytes[sizeof header] == std::byte{'{'} && header < (std::uint64_t{1} << 40);
}

Error unreadable(std::string_view source, ErrorCode code, const std::string& message) {
  return {code, std::string(source) + ": " + message};
}

}  // namespace

FileKind file_kind(std::span<const std::byte> bytes) {
  if (detail::is_npy(bytes)) return FileKind::npy;
  if (detail::is_zip(bytes)) {
    const Result<detail::ZipArchive> archive = detail::ZipArchive::open(bytes);
    // What is wrong with a damaged archive, either reader says.
    return archive && detail::torch_root(*archive) ? FileKind::torch : FileKind::npz;
  }
  // First, as the length of a header may begin like a pickle.
  if (is_safetensors(bytes)) return FileKind::safetensors;
  if (is_bare_pickle(bytes)) return FileKind::torch_legacy;
  return FileKind::unknown;
}

Result<WeightFile> read_weights(std::span<const std::byte> bytes, std::string_view source) {
  switch (file_kind(bytes)) {
    case FileKind::safetensors:
      return read_safetensors(bytes, source);
    case FileKind::npy:
      return read_npy(bytes, source);
    case FileKind::npz:
      return read_npz(bytes, source);
    case FileKind::torch:
      return read_torch(bytes, source);
    case FileKind::torch_legacy:
      return unreadable(source, ErrorCode::unsupported,
                        "a bare pickle, as torch.save wrote before PyTorch 1.6; save it again: "
                        "torch.save(torch.load(path, map_location='cpu'), path)");
    case FileKind::unknown:
      break;
  }
  if (starts_with(bytes, "\x89HDF"))
    return unreadable(source, ErrorCode::unsupported,
                      "an HDF5 file (Keras); export the network to ONNX with tf2onnx");
  return unreadable(source, ErrorCode::bad_format,
                    "neither ONNX, safetensors, .npz, .npy nor an archive of torch.save");
}

}  // namespace canter::nn
