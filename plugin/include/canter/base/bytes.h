#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "canter/base/result.h"

namespace canter {

static_assert(std::endian::native == std::endian::little, "Canter's files are little-endian");

/// Appends plain values to a file image.
class ByteWriter {
 public:
  template <class T>
  void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    put_bytes(&value, sizeof value);
  }
  template <class T>
  void put_all(const std::vector<T>& values) {
    static_assert(std::is_trivially_copyable_v<T>);
    put_bytes(values.data(), values.size() * sizeof(T));
  }
  void put_bytes(const void* data, std::size_t size) {
    if (size == 0) return;
    const std::size_t at = bytes_.size();
    bytes_.resize(at + size);
    std::memcpy(bytes_.data() + at, data, size);
  }
  /// Length (u32) and characters.
  void put_text(std::string_view text) {
    put(static_cast<std::uint32_t>(text.size()));
    put_bytes(text.data(), text.size());
  }
  std::size_t size() const { return bytes_.size(); }
  std::span<const std::byte> bytes() const { return bytes_; }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

/// Reads plain values from bytes that may lie. The first failure sticks: later reads give zeros
/// and empty spans, so a parser checks once per stage. Every count is held against what remains.
class ByteReader {
 public:
  /// @param what  names the data in messages
  /// @param base  offset of `bytes` in its file, added to the places in messages
  ByteReader(std::span<const std::byte> bytes, std::string what, std::size_t base = 0)
      : bytes_(bytes), what_(std::move(what)), base_(base) {}

  template <class T>
  T get(const char* name) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    const std::span<const std::byte> raw = get_bytes(sizeof(T), name);
    if (raw.size() == sizeof(T)) std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }
  std::span<const std::byte> get_bytes(std::size_t size, const char* name) {
    if (!ok()) return {};
    if (size > remaining()) {
      fail(ErrorCode::truncated, std::string(name) + " takes " + std::to_string(size) +
                                     " bytes, but only " + std::to_string(remaining()) + " remain");
      return {};
    }
    at_ += size;
    return bytes_.subspan(at_ - size, size);
  }
  /// A u32 count and that many elements of at least `element_bytes` each; 0 and an error if they
  /// cannot fit in what remains. `element_bytes` 0: the elements are elsewhere.
  std::size_t get_count(std::size_t element_bytes, std::size_t most, const char* name) {
    const auto count = static_cast<std::size_t>(get<std::uint32_t>(name));
    if (!ok()) return 0;
    if (count > most || (element_bytes != 0 && count > remaining() / element_bytes)) {
      fail(count > most ? ErrorCode::limit : ErrorCode::truncated,
           std::string(name) + " is " + std::to_string(count) + "; at most " +
               std::to_string(
                   std::min(most, remaining() / std::max<std::size_t>(element_bytes, 1))) +
               " are possible here");
      return 0;
    }
    return count;
  }
  std::string get_text(std::size_t most, const char* name) {
    const std::span<const std::byte> raw = get_bytes(get_count(1, most, name), name);
    return {reinterpret_cast<const char*>(raw.data()), raw.size()};
  }

  /// Records an error at the current place, unless there is one already.
  void fail(ErrorCode code, const std::string& message) {
    if (!ok()) return;
    error_ = {code, what_ + ": byte " + std::to_string(base_ + at_) + ": " + message};
  }
  bool ok() const { return error_.message.empty(); }
  const Error& error() const { return error_; }
  std::size_t position() const { return at_; }
  std::size_t remaining() const { return bytes_.size() - at_; }

 private:
  std::span<const std::byte> bytes_;
  std::string what_;
  std::size_t base_ = 0;
  std::size_t at_ = 0;
  Error error_;
};

}  // namespace canter
