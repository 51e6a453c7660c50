#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace canter::nn::detail {

/// What calling an allowed global builds.
enum class PickleGlobal : std::uint8_t {
  refused,
  ordered_dict,       ///< an empty dict
  rebuild_tensor,     ///< (storage, offset, size, stride, …): a view of a storage
  rebuild_parameter,  ///< (tensor, …): the tensor
  first_argument,  ///< (value, …): the value; torch.Size, set, device, TorchScript's typed lists
  storage_type,    ///< named by storages, never called
  dtype,           ///< named by metadata, never called
  script_class,    ///< a class of a TorchScript archive
};

/// The allow-list. Anything else is `refused`.
PickleGlobal find_pickle_global(std::string_view module, std::string_view name, bool torchscript);

/// Why a global is refused, and what to do, for a message.
std::string refused_global(std::string_view module, std::string_view name);

}  // namespace canter::nn::detail
