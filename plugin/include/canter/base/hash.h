#pragma once

#include <cstddef>
#include <cstdint>

namespace canter {

/// FNV-1a, 64 bit: tells data apart and notices damage; not for secrets.
class Hash {
 public:
  void add(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < size; ++i) value_ = (value_ ^ bytes[i]) * 0x100000001b3ull;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325ull;
};

inline std::uint64_t hash_bytes(const void* data, std::size_t size) {
  Hash hash;
  hash.add(data, size);
  return hash.value();
}

}  // namespace canter
