// Damaged BVH and DeepMimic files: nothing crashes, hangs or takes memory it was not given data
// for, and whatever loads is sound.

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <random>
#include <string>

#include "canter/import/import.h"
#include "import_support.h"
#include "test_data.h"

using namespace canter;
using namespace canter::test;

namespace {

// Our own seeds of the fuzzers: one of each format.
std::vector<std::string> seeds() {
  std::vector<std::string> texts;
  for (const char* path :
       {"bvh/arm.bvh", "bvh/quirks.bvh", "deepmimic/uneven.json", "deepmimic/character.json"}) {
    const auto bytes = read_file(source_dir() / "tests/fuzz/corpus" / path);
    texts.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return texts;
}

// True if it loads; an error must say something and name the file.
bool try_load(const std::string& text) {
  const auto scene = importer::load(bytes_of(text), "seed.bvh");
  if (!scene) {
    CHECK(scene.error().message.find("seed.bvh") == 0);
    return false;
  }
  for (const RawClip& clip : scene->clips) CHECK(validate(clip, scene->skeleton).ok());
  return true;
}

long peak_memory_kb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("the seeds themselves load") {
  for (const std::string& text : seeds()) CHECK(try_load(text));
}

TEST_CASE("cut off at every byte") {
  for (const std::string& text : seeds()) {
    int loaded = 0;
    for (std::size_t n = 0; n < text.size(); ++n) loaded += try_load(text.substr(0, n)) ? 1 : 0;
    CHECK(loaded < static_cast<int>(text.size()));
  }
}

TEST_CASE("every byte changed, each in several ways") {
  for (const std::string& text : seeds())
    for (std::size_t i = 0; i < text.size(); ++i)
      for (const char c : {'\0', '\n', '{', '}', '-', '9', '.', 'e', '\x80', '"'}) {
        std::string damaged = text;
        damaged[i] = c;
        (void)try_load(damaged);
      }
}

TEST_CASE("random bits flipped, parts cut out and doubled") {
  std::mt19937 random(5);
  for (const std::string& text : seeds())
    for (int i = 0; i < 3000; ++i) {
      std::string damaged = text;
      for (unsigned k = 0; k < 1 + random() % 4; ++k)
        damaged[random() % damaged.size()] ^= static_cast<char>(1u << (random() % 8));
      const std::size_t from = random() % damaged.size();
      const std::size_t length = random() % 40;
      if (i % 3 == 1) damaged.erase(from, length);
      if (i % 3 == 2) damaged.insert(from, damaged.substr(random() % damaged.size(), length));
      (void)try_load(damaged);
    }
}

TEST_CASE("announced counts take no memory") {
  const std::string text = seeds().front();
  const long before = peak_memory_kb();
  std::string frames = text;
  frames.replace(frames.find("Frames: 2"), 9, "Frames: 2000000000");
  const auto scene = importer::load(bytes_of(frames), "frames.bvh");
  REQUIRE(scene.ok());
  CHECK(scene->clips.at(0).keys.capacity() < 1000);
  frames.replace(frames.find("2000000000"), 10, "99999999999999");
  CHECK_FALSE(try_load(frames));
  CHECK(peak_memory_kb() - before < 100 * 1024);
}

TEST_CASE("deep and wide hierarchies end at a limit, not at the end of the stack") {
  std::string deep = "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\n";
  for (int i = 0; i < 100000; ++i) deep += "JOINT a\n{\nOFFSET 0 1 0\n";
  const auto scene = importer::load(bytes_of(deep), "deep.bvh");
  REQUIRE_FALSE(scene.ok());
  CHECK(scene.error().code == ErrorCode::limit);

  std::string ends = "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 0\n";
  for (int i = 0; i < 100000; ++i) ends += "End Site\n{\nOFFSET 0 1 0\n}\n";
  const auto tips =
      importer::load(bytes_of(ends + "}\nMOTION\nFrames: 1\nFrame Time: 0.1\n"), "ends.bvh");
  REQUIRE_FALSE(tips.ok());
  CHECK(tips.error().code == ErrorCode::limit);

  // The deepest that is allowed works, with all names the same.
  std::string allowed = "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 0\n";
  for (int i = 1; i < kMaxJoints; ++i) allowed += "JOINT a\n{\nOFFSET 0 1 0\nCHANNELS 0\n";
  for (int i = 0; i < kMaxJoints; ++i) allowed += "}\n";
  CHECK(try_load(allowed + "MOTION\nFrames: 1\nFrame Time: 0.1\n"));

  for (const char* unit : {"[", "{\"a\":", "{\"Frames\":[["})
    for (const int depth : {1000, 200000}) {
      std::string json = "{\"Frames\": ";
      for (int i = 0; i < depth; ++i) json += unit;
      CHECK_FALSE(try_load(json));
    }
}

TEST_CASE("numbers too large for a sum stay finite or are refused; large angles are angles") {
  const std::string far =
      "HIERARCHY\nROOT a\n{\nOFFSET 3e38 3e38 3e38\nCHANNELS 3 Xposition Yposition Zposition\n"
      "JOINT b\n{\nOFFSET 3e38 3e38 3e38\nCHANNELS 0\n}\n}\nMOTION\nFrames: 1\nFrame Time: 0.1\n"
      "3e38 3e38 3e38\n";
  (void)try_load(far);
  CHECK(
      try_load("HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 3 Xrotation Yrotation Zrotation\n}\n"
               "MOTION\nFrames: 1\nFrame Time: 0.1\n1e30 -3.4e38 359999999\n"));
}
