#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "canter/base/result.h"

namespace canter::nn::detail {

enum class PickleKind : std::uint8_t {
  none,
  boolean,
  integer,
  real,
  text,  ///< str and bytes
  tuple,
  list,    ///< list and set
  dict,    ///< dict, OrderedDict and TorchScript objects: keys and values in turn
  global,  ///< a name of the allow-list, not yet called
  storage,
  tensor,
};

/// One value; what it refers to lies in the PickleDocument.
struct PickleValue {
  PickleKind kind = PickleKind::none;
  std::uint32_t index = 0;   ///< container, storage or tensor; for text, its first byte
  std::int64_t integer = 0;  ///< integer, boolean, bits of a real; for text, its length
};

/// torch's typed storage: which record of the archive, and how many elements of which type.
struct PickleStorage {
  std::string_view type;  ///< "FloatStorage", …
  std::string_view key;
  std::int64_t num_elements = 0;
};

inline constexpr std::size_t kMaxPickleRank = 8;

/// A view of a storage; strides in elements.
struct PickleTensor {
  std::uint32_t storage = 0;
  std::int64_t offset = 0;
  std::size_t rank = 0;
  std::array<std::int64_t, kMaxPickleRank> shape{}, strides{};
};

/// What a pickle holds. Values refer to containers by index, so that cycles are harmless here; who
/// walks must bound the depth and the number of visits (a container may be met many times).
class PickleDocument {
 public:
  const PickleValue& root() const { return root_; }
  std::span<const PickleValue> items(const PickleValue& container) const {
    return containers_[container.index];
  }
  std::string_view text(const PickleValue& value) const {
    return bytes_.substr(value.index, static_cast<std::size_t>(value.integer));
  }
  const PickleTensor& tensor(const PickleValue& value) const { return tensors_[value.index]; }
  const PickleStorage& storage(std::uint32_t index) const { return storages_[index]; }

 private:
  friend class PickleMachine;
  std::string_view bytes_;
  PickleValue root_;
  std::vector<std::vector<PickleValue>> containers_;
  std::vector<PickleStorage> storages_;
  std::vector<PickleTensor> tensors_;
};

struct PickleOptions {
  bool torchscript = false;  ///< classes under __torch__ are read as dicts of their attributes
};

/// Reads the pickles torch.save writes (protocols 2 to 4) by interpreting data opcodes only.
/// Nothing is ever executed: every global that is not on the short list of pickle_globals.cpp is
/// refused by name, calls of those listed only build the values above. `bytes` must outlive the
/// document. Memory is at most about 40 times the pickle and never more than some 150 MB.
Result<PickleDocument> read_pickle(std::span<const std::byte> bytes,
                                   const PickleOptions& options = {});

}  // namespace canter::nn::detail
