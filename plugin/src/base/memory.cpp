#include "canter/base/memory.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace canter {
namespace {

/// A huge page of the processors Canter knows: one page fault and one TLB entry instead of 512.
constexpr std::size_t kHugePage = std::size_t{2} << 20;

// Memory of the process itself may lie in huge pages; what a host gives is taken as it is.
std::size_t alignment_of(std::size_t size, const std::pmr::memory_resource* memory) {
  return size >= kHugePage && memory == std::pmr::new_delete_resource() ? kHugePage
                                                                        : kBlockAlignment;
}

void ask_for_huge_pages([[maybe_unused]] std::byte* data, [[maybe_unused]] std::size_t size) {
#ifdef __linux__
  (void)madvise(data, size / kHugePage * kHugePage, MADV_HUGEPAGE);  // refused: small pages do
#endif
}

}  // namespace

Block::Block(std::size_t size, std::pmr::memory_resource* memory) : Block(undefined(size, memory)) {
  if (size != 0) std::memset(data_, 0, size);
}

Block Block::undefined(std::size_t size, std::pmr::memory_resource* memory) {
  Block block;
  block.memory_ = memory;
  if (size == 0) return block;
  const std::size_t alignment = alignment_of(size, memory);
  block.data_ = static_cast<std::byte*>(memory->allocate(align_up(size), alignment));
  block.size_ = size;
  if (alignment == kHugePage) ask_for_huge_pages(block.data_, size);
  std::memset(block.data_ + size, 0, align_up(size) - size);
  return block;
}

Block::Block(const Block& other) : Block(undefined(other.size_, std::pmr::get_default_resource())) {
  if (size_ != 0) std::memcpy(data_, other.data_, size_);
}

Block::~Block() {
  if (data_ != nullptr) memory_->deallocate(data_, align_up(size_), alignment_of(size_, memory_));
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
