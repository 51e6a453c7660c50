#include "canter/base/memory.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>

#include "heap_probe.h"

using namespace canter;

namespace {

class CountingResource : public std::pmr::memory_resource {
 public:
  std::size_t live = 0;
  std::size_t alignment = 0;  ///< asked for last

 private:
  void* do_allocate(std::size_t size, std::size_t wanted) override {
    live += size;
    alignment = wanted;
    return std::pmr::new_delete_resource()->allocate(size, wanted);
  }
  void do_deallocate(void* p, std::size_t size, std::size_t wanted) override {
    live -= size;
    std::pmr::new_delete_resource()->deallocate(p, size, wanted);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

bool is_aligned(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p) % kBlockAlignment == 0;
}

}  // namespace

TEST_CASE("a block of undefined contents ends in zeros up to its alignment") {
  CountingResource memory;
  {
    const Block block = Block::undefined(100, &memory);
    CHECK(block.size() == 100);
    CHECK(memory.live == 128);
    CHECK(std::all_of(block.data() + 100, block.data() + 128,
                      [](std::byte b) { return b == std::byte{0}; }));
    CHECK(Block::undefined(0, &memory).data() == nullptr);
  }
  CHECK(memory.live == 0);
}

TEST_CASE(
    "large blocks of the process may lie in huge pages; a host is asked for no more than a line") {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  const Block own(kHugePage + 100);
  CHECK(reinterpret_cast<std::uintptr_t>(own.data()) % kHugePage == 0);
  CHECK(std::ranges::all_of(own.bytes(), [](std::byte b) { return b == std::byte{0}; }));
  CountingResource memory;
  const Block given(kHugePage + 100, &memory);
  CHECK(memory.alignment == kBlockAlignment);
}

TEST_CASE("a block is aligned, zeroed, and returns its memory where it came from") {
  CountingResource memory;
  {
    Block a(100, &memory);
    CHECK(is_aligned(a.data()));
    CHECK(memory.live == 128);
    CHECK(std::ranges::all_of(a.bytes(), [](std::byte b) { return b == std::byte{0}; }));
    a.at<int>(64, 2)[1] = 7;
    Block b = a;
    CHECK(b.at<int>(64, 2)[1] == 7);
    CHECK(memory.live == 128);  // copies come from the default resource
    Block c = std::move(a);
    CHECK(c.at<int>(64, 2)[1] == 7);
    CHECK(a.data() == nullptr);
    c = Block();
    CHECK(memory.live == 0);
  }
  CHECK(memory.live == 0);
}

TEST_CASE("an arena gives aligned memory back in reverse and remembers the most it held") {
  Block block(1024);
  Arena arena(block.bytes());
  test::HeapProbe probe;
  {
    Arena::Scope outer(arena);
    CHECK(is_aligned(arena.take<float>(3).data()));
    {
      Arena::Scope inner(arena);
      const auto doubles = arena.take<double>(10);
      CHECK(doubles.size() == 10);
      CHECK(is_aligned(doubles.data()));
    }
    CHECK(arena.used() == 12);
  }
  CHECK(arena.used() == 0);
  CHECK(arena.high_water() == 64 + 80);
  CHECK(probe.count() == 0);
}

TEST_CASE("a full arena refuses, counts it, and goes on serving what fits") {
  Block block(256);
  Arena arena(block.bytes());
  CHECK(arena.take<std::byte>(257).empty());
  CHECK(arena.take<std::byte>(SIZE_MAX).empty());
  CHECK(arena.take<double>(SIZE_MAX / 8 + 2).empty());  // wraps to 8 bytes if multiplied
  CHECK(arena.refused() == 3);
  CHECK(arena.take<std::byte>(256).size() == 256);
  CHECK(arena.take<std::byte>(1).empty());
  Arena nothing({});
  CHECK(nothing.take<int>(1).empty());
}

TEST_CASE("an arena over memory of any alignment aligns what it gives") {
  Block block(512);
  Arena arena(block.bytes().subspan(3, 300));
  const auto a = arena.take<float>(4);
  REQUIRE_FALSE(a.empty());
  CHECK(is_aligned(a.data()));
}
