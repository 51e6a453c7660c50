// Archives of torch.save and torch.jit.save: data.pkl names tensors as views of storages, which are
// the records data/0, data/1, … of the same archive.

#include <charconv>
#include <map>
#include <unordered_set>

#include "canter/nn/weights.h"
#include "nn/file_notes.h"
#include "nn/pickle.h"
#include "nn/printable.h"
#include "nn/strided.h"
#include "nn/torch_file.h"

namespace canter::nn {
namespace detail {
namespace {

constexpr std::string_view kPickle = "/data.pkl";
constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxVisits = std::size_t{1} << 20;
constexpr std::size_t kMaxMetadata = 4096;
constexpr std::size_t kMaxMetadataText = 4096;
constexpr std::size_t kMaxNameBytes = 1024;
// A view may show a storage more than once (an expanded bias); weights hardly do.
constexpr std::size_t kMaxViewRatio = 4;
constexpr std::size_t kMinViewBytes = std::size_t{1} << 20;

struct StorageType {
  std::string_view name;
  DType dtype;
};

constexpr StorageType kStorageTypes[] = {
    {"DoubleStorage", DType::f64},    {"FloatStorage", DType::f32}, {"HalfStorage", DType::f16},
    {"BFloat16Storage", DType::bf16}, {"LongStorage", DType::i64},  {"IntStorage", DType::i32},
    {"ShortStorage", DType::i16},     {"CharStorage", DType::i8},   {"ByteStorage", DType::u8},
    {"BoolStorage", DType::boolean},
};

std::string shortest(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

// Walks the pickle of one archive and collects its tensors.
class TorchReader {
 public:
  TorchReader(const ZipArchive& archive, std::string root, std::size_t file_bytes)
      : archive_(archive), root_(std::move(root)), file_bytes_(file_bytes) {}

  Result<WeightFile> read() {
    script_ = archive_.find(root_ + "/constants.pkl") != nullptr;
    file_.format = script_ ? "torchscript" : "pytorch";
    if (const Result<void> order = read_byte_order(); !order) return order.error();
    std::vector<std::byte> storage;
    const Result<std::span<const std::byte>> bytes =
        archive_.read(*archive_.find(root_ + std::string(kPickle)), storage);
    if (!bytes) return bytes.error();
    PickleOptions options;
    options.torchscript = script_;
    Result<PickleDocument> document = read_pickle(*bytes, options);
    if (!document) return named(root_ + std::string(kPickle), document.error());
    document_ = std::move(*document);
    if (const Result<void> done = walk(document_.root(), "", 0); !done) return done.error();
    if (script_)
      file_.notes.push_back(
          "a TorchScript archive: its weights are read, its graph is not; export the graph with "
          "torch.onnx.export(model, example_input, 'model.onnx')");
    note_non_finite(file_);
    return std::move(file_);
  }

 private:
  using Kind = PickleKind;

  Result<void> read_byte_order() {
    const ZipEntry* entry = archive_.find(root_ + "/byteorder");
    if (entry == nullptr) return {};
    std::vector<std::byte> storage;
    const Result<std::span<const std::byte>> bytes = archive_.read(*entry, storage);
    if (!bytes) return bytes.error();
    const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    if (text != "little" && text != "big")
      return Error{ErrorCode::bad_value,
                   "byteorder is " + printable(text) + "; expected 'little' or 'big'"};
    big_endian_ = text == "big";
    return {};
  }

  // A container may be met any number of times, also inside of itself: depth and visits are
  // counted.
  Result<void> walk(const PickleValue& value, const std::string& name, int depth) {
    if (depth > kMaxDepth || ++visits_ > kMaxVisits || name.size() > kMaxNameBytes)
      return Error{ErrorCode::limit,
                   "entry " + printable(name) + ": nested too deeply, or in a circle"};
    switch (value.kind) {
      case Kind::tensor:
        return add_tensor(document_.tensor(value), name.empty() ? "tensor" : name);
      case Kind::list:
      case Kind::tuple:
        // A module's lists (_flat_weights of recurrent layers) repeat its parameters.
        if (script_) return {};
        return walk_list(document_.items(value), name, depth);
      case Kind::dict:
        return walk_dict(document_.items(value), name, depth);
      case Kind::storage:
        return Error{ErrorCode::unsupported,
                     "entry " + printable(name) + " is a bare storage; save tensors"};
      default:
        add_metadata(value, name);
        return {};
    }
  }

  Result<void> walk_list(std::span<const PickleValue> items, const std::string& name, int depth) {
    for (std::size_t i = 0; i < items.size(); ++i)
      if (const Result<void> done = walk(items[i], join(name, std::to_string(i)), depth + 1); !done)
        return done;
    return {};
  }

  Result<void> walk_dict(std::span<const PickleValue> items, const std::string& name, int depth) {
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      const PickleValue& key = items[i];
      std::string text;
      if (key.kind == Kind::text) {
        text = document_.text(key);
      } else if (key.kind == Kind::integer) {
        text = std::to_string(key.integer);
      } else {
        return Error{ErrorCode::unsupported,
                     "entry " + printable(name) + " has a key that is neither text nor a number"};
      }
      if (const Result<void> done = walk(items[i + 1], join(name, text), depth + 1); !done)
        return done;
    }
    return {};
  }

  static std::string join(const std::string& name, const std::string& key) {
    return name.empty() ? key : name + "." + key;
  }

  // The attributes of TorchScript modules are settings of PyTorch; those of checkpoints are the
  // user's.
  void add_metadata(const PickleValue& value, const std::string& name) {
    if (script_ || name.empty() || file_.metadata.size() >= kMaxMetadata) return;
    switch (value.kind) {
      case Kind::boolean:
        file_.metadata.emplace(name, value.integer != 0 ? "true" : "false");
        return;
      case Kind::integer:
        file_.metadata.emplace(name, std::to_string(value.integer));
        return;
      case Kind::real:
        file_.metadata.emplace(name, shortest(std::bit_cast<double>(value.integer)));
        return;
      case Kind::text:
        if (document_.text(value).size() <= kMaxMetadataText)
          file_.metadata.emplace(name, document_.text(value));
        return;
      default:
        return;
    }
  }

  Result<void> add_tensor(const PickleTensor& view, const std::string& name) {
    const PickleStorage& storage = document_.storage(view.storage);
    const auto fail = [&](ErrorCode code, const std::string& message) {
      return Error{code, "tensor " + printable(name) + ": " + message};
    };
    const Result<Shape> shape = Shape::make(std::span(view.shape.data(), view.rank));
    if (!shape) return fail(shape.error().code, shape.error().message);
    const std::span<const std::int64_t> strides(view.strides.data(), view.rank);
    if (!view_fits(*shape, strides, view.offset, storage.num_elements))
      return fail(ErrorCode::bad_value, "shape " + shape->text() + " at offset " +
                                            std::to_string(view.offset) +
                                            " does not lie in its storage of " +
                                            std::to_string(storage.num_elements) + " elements");
    const Result<const Storage*> loaded = load(storage);
    if (!loaded) return fail(loaded.error().code, loaded.error().message);

    const DType dtype = (*loaded)->dtype;
    const std::size_t most = std::max(kMinViewBytes, file_bytes_ * kMaxViewRatio);
    const auto elements = static_cast<std::uint64_t>(shape->num_elements());
    if (elements > (most - view_bytes_) / element_size(dtype))
      return fail(ErrorCode::limit, "shape " + shape->text() +
                                        " shows its storage many times over; save a copy of the "
                                        "tensor: t.clone()");
    view_bytes_ += elements * element_size(dtype);
    Result<Tensor> tensor = Tensor::make(dtype, *shape);
    if (!tensor) return fail(tensor.error().code, tensor.error().message);
    copy_strided((*loaded)->bytes, view.offset, strides, *tensor);
    if (big_endian_) swap_byte_order(*tensor);
    if (!file_.tensors.emplace(name, std::move(*tensor)).second)
      return fail(ErrorCode::bad_format, "it comes twice");
    return {};
  }

  struct Storage {
    DType dtype = DType::f32;
    std::vector<std::byte> unpacked;
    std::span<const std::byte> bytes;
  };

  // A record of the archive, read and checked once.
  Result<const Storage*> load(const PickleStorage& storage) {
    const auto found = storages_.find(storage.key);
    DType dtype = DType::f32;
    for (const StorageType& type : kStorageTypes)
      if (type.name == storage.type) dtype = type.dtype;
    const std::string record = root_ + "/data/" + std::string(storage.key);
    if (found == storages_.end()) {
      const ZipEntry* entry = archive_.find(record);
      if (entry == nullptr)
        return Error{ErrorCode::truncated, "the archive has no record " + printable(record)};
      Storage& made = storages_[std::string(storage.key)];
      const Result<std::span<const std::byte>> bytes = archive_.read(*entry, made.unpacked);
      if (!bytes) return bytes.error();
      made.bytes = *bytes;
      made.dtype = dtype;
    }
    const Storage& loaded = storages_.find(storage.key)->second;
    if (loaded.dtype != dtype)
      return Error{ErrorCode::bad_value, "storage " + printable(storage.key) + " has two types"};
    const std::size_t size = element_size(dtype);
    if (loaded.bytes.size() / size != static_cast<std::uint64_t>(storage.num_elements) ||
        loaded.bytes.size() % size != 0)
      return Error{ErrorCode::truncated,
                   "record " + printable(record) + " has " + std::to_string(loaded.bytes.size()) +
                       " bytes; a " + std::string(storage.type) + " of " +
                       std::to_string(storage.num_elements) + " elements was expected"};
    return &loaded;
  }

  const ZipArchive& archive_;
  std::string root_;
  std::size_t file_bytes_ = 0;
  bool script_ = false;
  bool big_endian_ = false;
  PickleDocument document_;
  std::map<std::string, Storage, std::less<>> storages_;
  std::size_t visits_ = 0;
  std::size_t view_bytes_ = 0;
  WeightFile file_;
};

Result<WeightFile> read(std::span<const std::byte> bytes) {
  const Result<ZipArchive> archive = ZipArchive::open(bytes);
  if (!archive) return archive.error();
  const std::optional<std::string> root = torch_root(*archive);
  if (!root)
    return Error{ErrorCode::bad_format, "the archive has no data.pkl; torch.save did not write it"};
  return TorchReader(*archive, *root, bytes.size()).read();
}

}  // namespace

std::optional<std::string> torch_root(const ZipArchive& archive) {
  for (const ZipEntry& entry : archive.entries()) {
    const std::size_t slash = entry.name.find('/');
    if (slash != std::string::npos && std::string_view(entry.name).substr(slash) == kPickle)
      return entry.name.substr(0, slash);
  }
  return std::nullopt;
}

}  // namespace detail

Result<WeightFile> read_torch(std::span<const std::byte> bytes, std::string_view source) {
  Result<WeightFile> file = detail::read(bytes);
  if (!file) return detail::named(source, file.error());
  return file;
}

}  // namespace canter::nn
