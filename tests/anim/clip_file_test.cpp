#include "canter/anim/clip_file.h"

#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "canter/base/hash.h"
#include "synthetic.h"

using namespace canter;

namespace {

ClipFile example() {
  ClipFile file;
  file.skeleton = test::synthetic_skeleton(67);
  file.clip = compress(test::synthetic_clip(file.skeleton, 41, 30.0f), file.skeleton).value();
  file.name = "walk";
  file.provenance = "made by a test";
  file.chunks = {{"contacts", {std::byte{1}, std::byte{2}}}, {"empty", {}}};
  return file;
}

// Makes the checksum right again, so that a damaged file gets past it.
void reseal(std::vector<std::byte>& bytes) {
  if (bytes.size() < 24) return;
  const std::uint64_t checksum = hash_bytes(bytes.data() + 24, bytes.size() - 24);
  std::memcpy(bytes.data() + 16, &checksum, sizeof checksum);
}

}  // namespace

TEST_CASE("a clip file loads back as it was saved") {
  const ClipFile file = example();
  const std::vector<std::byte> bytes = save_clip_file(file);
  CHECK(is_clip_file(bytes));
  const Result<ClipFile> loaded = load_clip_file(bytes);
  REQUIRE_MESSAGE(loaded.ok(), loaded.error().message);
  CHECK(loaded->name == "walk");
  CHECK(loaded->provenance == "made by a test");
  CHECK(loaded->skeleton.hash() == file.skeleton.hash());
  CHECK(loaded->skeleton.end_sites().size() == file.skeleton.end_sites().size());
  REQUIRE(loaded->find("contacts") != nullptr);
  CHECK(loaded->find("contacts")->bytes.size() == 2);
  CHECK(loaded->find("empty") != nullptr);
  CHECK(loaded->find("absent") == nullptr);
  CHECK(save_clip_file(*loaded) == bytes);

  Pose a(file.skeleton);
  Pose b(file.skeleton);
  for (const float t : {0.0f, 0.31f, 1.0f}) {
    sample(file.clip, t, a);
    sample(loaded->clip, t, b);
    for (int j = 0; j < a.num_joints(); ++j) CHECK(a.get(j).rotation == b.get(j).rotation);
  }
}

TEST_CASE("a clip file cut off anywhere is refused") {
  const std::vector<std::byte> bytes = save_clip_file(example());
  for (std::size_t size = 0; size < bytes.size(); size += size < 4000 ? 1 : 97) {
    std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_FALSE(load_clip_file(cut).ok());
    reseal(cut);
    CHECK_FALSE(load_clip_file(cut).ok());
  }
}

TEST_CASE("a flipped bit is noticed; behind a right checksum it never crashes") {
  const std::vector<std::byte> bytes = save_clip_file(example());
  std::mt19937 random(20240607);
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::byte> damaged = bytes;
    // Half of the damage goes where the counts are.
    const std::size_t at = random() % (i % 2 == 0 ? bytes.size() : std::size_t{6000});
    damaged[at] ^= static_cast<std::byte>(1u << (random() % 8));
    CHECK_FALSE(load_clip_file(damaged).ok());
    reseal(damaged);
    const Result<ClipFile> loaded = load_clip_file(damaged);
    if (!loaded) continue;
    Pose pose(loaded->skeleton);
    for (const float t : {0.0f, 0.5f, 1e9f, -1.0f}) sample(loaded->clip, t, pose);
  }
}

TEST_CASE("what is not a clip file is refused by name") {
  std::vector<std::byte> bytes = save_clip_file(example());
  bytes[8] = std::byte{99};
  CHECK(load_clip_file(bytes).error().code == ErrorCode::unsupported);
  bytes[0] = std::byte{'X'};
  CHECK(load_clip_file(bytes).error().message.find("not a .clip file") != std::string::npos);
  CHECK_FALSE(load_clip_file({}).ok());
  CHECK_FALSE(is_clip_file({}));
}

TEST_CASE("a chunk without a name is refused") {
  // Found by the fuzzer: it loaded, and could not be saved again.
  std::vector<std::byte> bytes = save_clip_file(example());
  constexpr std::size_t kNumChunksAt = 12;
  ++reinterpret_cast<std::uint8_t&>(bytes[kNumChunksAt]);
  bytes.insert(bytes.end(), 8, std::byte{0});  // no name, no bytes
  reseal(bytes);
  const Result<ClipFile> loaded = load_clip_file(bytes);
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().message.find("without a name") != std::string::npos);
}

TEST_CASE("a clip of another skeleton is refused") {
  const ClipFile file = example();
  const Skeleton other = test::synthetic_skeleton(66);
  const Result<Clip> clip = load_clip(file.clip.data(), other);
  REQUIRE_FALSE(clip.ok());
  CHECK(clip.error().message.find("another skeleton") != std::string::npos);
}
