#pragma once

#include <cstdint>

namespace canter {

/// Names a thing inside a World by value. {0, 0} is null; once its thing is gone a handle never
/// matches again, whatever takes its place.
template <class Tag>
struct Handle {
  std::uint32_t index1 = 0;  ///< slot + 1
  std::uint32_t generation = 0;

  constexpr explicit operator bool() const { return index1 != 0; }
  friend constexpr bool operator==(const Handle&, const Handle&) = default;
};

using CharacterId = Handle<struct CharacterTag>;
using ClipId = Handle<struct ClipTag>;
using MaskId = Handle<struct MaskTag>;

}  // namespace canter
