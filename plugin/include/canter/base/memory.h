#pragma once

#include <cstddef>
#include <memory_resource>
#include <span>
#include <utility>

namespace canter {

/// Alignment of every asset, pose and arena block: one cache line, one AVX-512 vector.
inline constexpr std::size_t kBlockAlignment = 64;

constexpr std::size_t align_up(std::size_t size, std::size_t alignment = kBlockAlignment) {
  return (size + alignment - 1) / alignment * alignment;
}

/// One zeroed allocation aligned to kBlockAlignment, taken from a memory resource and returned to
/// it. Movable, copyable (the copy comes from the default resource).
class Block {
 public:
  Block() = default;
  explicit Block(std::size_t size,
                 std::pmr::memory_resource* memory = std::pmr::get_default_resource());
  /// The same with its contents undefined but for the last kBlockAlignment bytes or less, which
  /// fill up to the alignment and are zero.
  static Block undefined(std::size_t size,
                         std::pmr::memory_resource* memory = std::pmr::get_default_resource());
  Block(const Block& other);
  Block(Block&& other) noexcept
      : memory_(other.memory_),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Block& operator=(Block other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Block();

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::span<std::byte> bytes() { return {data_, size_}; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

  /// The `count` objects of trivial type T that start `offset` bytes into the block.
  template <class T>
  std::span<T> at(std::size_t offset, std::size_t count) {
    return {reinterpret_cast<T*>(data_ + offset), count};
  }
  template <class T>
  std::span<const T> at(std::size_t offset, std::size_t count) const {
    return {reinterpret_cast<const T*>(data_ + offset), count};
  }

 private:
  std::pmr::memory_resource* memory_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Stack of scratch memory over a block the caller owns. Allocation never fails loudly: a full
/// arena returns an empty span and counts it, and the caller does the smaller thing.
class Arena {
 public:
  explicit Arena(std::span<std::byte> memory) : memory_(memory) {}

  /// Uninitialised storage for `count` trivial objects, aligned to kBlockAlignment; empty if full.
  template <class T>
  std::span<T> take(std::size_t count) {
    void* p = take_bytes(count, sizeof(T));
    return p == nullptr ? std::span<T>() : std::span<T>(static_cast<T*>(p), count);
  }

  std::size_t used() const { return used_; }
  std::size_t capacity() const { return memory_.size(); }
  std::size_t high_water() const { return high_water_; }
  /// How many requests did not fit since construction.
  std::size_t refused() const { return refused_; }

  /// Returns everything taken since its construction.
  class Scope {
   public:
    explicit Scope(Arena& arena) : arena_(arena), used_(arena.used_) {}
    ~Scope() { arena_.used_ = used_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Arena& arena_;
    std::size_t used_;
  };

 private:
  void* take_bytes(std::size_t count, std::size_t item_size);

  std::span<std::byte> memory_;
  std::size_t used_ = 0;
  std::size_t high_water_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace canter
