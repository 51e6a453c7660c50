#include "canter/nn/weights.h"
#include "nn/file_notes.h"
#include "nn/npy.h"
#include "nn/printable.h"
#include "nn/widen.h"
#include "nn/zip.h"

namespace canter::nn {
namespace {

using namespace detail;

constexpr std::string_view kExtension = ".npy";

Result<WeightFile> read(std::span<const std::byte> bytes) {
  const Result<ZipArchive> archive = ZipArchive::open(bytes);
  if (!archive) return archive.error();
  WeightFile file;
  file.format = "npz";
  std::vector<std::byte> storage;
  for (const ZipEntry& entry : archive->entries()) {
    if (!entry.name.ends_with(kExtension))
      return Error{ErrorCode::bad_format, "the archive holds " + printable(entry.name) +
                                              "; an .npz holds .npy files only"};
    const std::string name = entry.name.substr(0, entry.name.size() - kExtension.size());
    const Result<std::span<const std::byte>> data = archive->read(entry, storage);
    if (!data) return data.error();
    Result<NpyArray> array = parse_npy(*data);
    if (!array) return named("array " + printable(name), array.error());
    if (!array->widened.empty())
      file.notes.push_back(widened_note(name, array->widened, array->tensor.dtype()));
    file.tensors.emplace(name, std::move(array->tensor));  // names in an archive are unique
  }
  note_non_finite(file);
  return file;
}

}  // namespace

Result<WeightFile> read_npz(std::span<const std::byte> bytes, std::string_view source) {
  Result<WeightFile> file = read(bytes);
  if (!file) return named(source, file.error());
  return file;
}

}  // namespace canter::nn
