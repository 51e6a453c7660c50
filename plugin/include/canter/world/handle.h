#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <utility>
#include <vector>

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

/// Shared things under handles with generations. A place is used again once its thing is gone.
template <class Id, class T>
class HandleTable {
 public:
  explicit HandleTable(std::pmr::memory_resource* memory) : places_(memory) {}

  Id add(std::shared_ptr<T> thing) {
    for (std::uint32_t i = 0; i < places_.size(); ++i) {
      // A place whose generations are used up stays empty for good.
      if (places_[i].thing == nullptr && places_[i].generation != UINT32_MAX)
        return occupy(i, std::move(thing));
    }
    places_.push_back({});
    return occupy(static_cast<std::uint32_t>(places_.size() - 1), std::move(thing));
  }
  /// False: stale handle.
  bool remove(Id id) {
    if (find(id) == nullptr) return false;
    places_[id.index1 - 1].thing.reset();
    return true;
  }
  /// Puts another thing under a handle. False: stale handle.
  bool replace(Id id, std::shared_ptr<T> thing) {
    if (find(id) == nullptr) return false;
    places_[id.index1 - 1].thing = std::move(thing);
    return true;
  }
  /// A null pointer for a stale handle.
  const std::shared_ptr<T>& find(Id id) const {
    static const std::shared_ptr<T> kNone;
    if (id.index1 == 0 || id.index1 > places_.size()) return kNone;
    const Place& place = places_[id.index1 - 1];
    return place.generation == id.generation ? place.thing : kNone;
  }

  std::uint32_t num_places() const { return static_cast<std::uint32_t>(places_.size()); }
  /// Handle of the thing in a place, null where it is empty.
  Id at(std::uint32_t place) const {
    return places_[place].thing == nullptr ? Id{} : Id{place + 1, places_[place].generation};
  }

 private:
  struct Place {
    std::shared_ptr<T> thing;
    std::uint32_t generation = 0;
  };

  Id occupy(std::uint32_t i, std::shared_ptr<T> thing) {
    places_[i].thing = std::move(thing);
    return {i + 1, ++places_[i].generation};
  }

  std::pmr::vector<Place> places_;
};

using CharacterId = Handle<struct CharacterTag>;
using ClipId = Handle<struct ClipTag>;
using MaskId = Handle<struct MaskTag>;

}  // namespace canter
