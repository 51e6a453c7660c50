#pragma once

#include "canter/world/snapshot.h"
#include "capi/context.h"

namespace canter::capi {

inline std::span<const std::byte> snapshot_bytes(const void* bytes, std::size_t size) {
  require_argument(bytes != nullptr || size == 0, "the bytes are null but their size is not 0");
  return {static_cast<const std::byte*>(bytes), size};
}

/// The contract of both save functions: *size always receives the bytes needed; null, 0 just asks.
template <class Save>
void save_to(void* buffer, std::size_t capacity, std::size_t* size, std::size_t needed,
             Save&& save) {
  if (size != nullptr) *size = needed;
  if (buffer == nullptr) {
    require_argument(capacity == 0, "the buffer is null but its capacity is not 0");
    return;
  }
  take(save(std::span(static_cast<std::byte*>(buffer), capacity)), CANTER_STATUS_INVALID_ARGUMENT);
}

}  // namespace canter::capi
