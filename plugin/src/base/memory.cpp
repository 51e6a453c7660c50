#include "canter/base/memory.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace canter {

Block::Block(std::size_t size, std::pmr::memory_resource* memory) : Block(undefined(size, memory)) {
  if (size != 0) std::memset(data_, 0, size);
}

Block Block::undefined(std::size_t size, std::pmr::memory_resource* memory) {
  Block block;
  block.memory_ = memory;
  if (size == 0) return block;
  block.data_ = static_cast<std::byte*>(memory->allocate(align_up(size), kBlockAlignment));
  block.size_ = size;
  std::memset(block.data_ + size, 0, align_up(size) - size);
  return block;
}

Block::Block(const Block& other) : Block(undefined(other.size_, std::pmr::get_default_resource())) {
  if (size_ != 0) std::memcpy(data_, other.data_, size_);
}

Block::~Block() {
  if (data_ != nullptr) memory_->deallocate(data_, align_up(size_), kBlockAlignment);
}

void* Arena::take_bytes(std::size_t count, std::size_t item_size) {
  const auto base = reinterpret_cast<std::uintptr_t>(memory_.data());
  const std::size_t start = align_up(base + used_) - base;
  // Divided rather than multiplied: a huge count must not wrap around.
  if (start > memory_.size() || count > (memory_.size() - start) / item_size) {
    ++refused_;
    return nullptr;
  }
  used_ = start + count * item_size;
  high_water_ = std::max(high_water_, used_);
  return memory_.data() + start;
}

}  // namespace canter
