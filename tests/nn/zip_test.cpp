#include "nn/zip.h"

#include <doctest/doctest.h>

#include "file_makers.h"

using namespace canter;
using namespace canter::test;
using nn::detail::ZipArchive;

namespace {

std::string read(const ZipArchive& archive, std::string_view name) {
  const auto* entry = archive.find(name);
  REQUIRE(entry != nullptr);
  std::vector<std::byte> storage;
  const auto bytes = archive.read(*entry, storage);
  REQUIRE_MESSAGE(bytes.ok(), (bytes.ok() ? "" : bytes.error().message));
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

// Why the archive, or else its entry "a", is refused.
std::string refusal(const std::string& file) {
  const std::vector<std::byte> bytes = to_bytes(file);
  const Result<ZipArchive> archive = ZipArchive::open(bytes);
  if (!archive) return archive.error().message;
  std::vector<std::byte> storage;
  const auto* entry = archive->find("a");
  REQUIRE(entry != nullptr);
  const auto read = archive->read(*entry, storage);
  return read ? "" : read.error().message;
}

bool has(const std::string& text, std::string_view part) {
  CAPTURE(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("zip: stored, deflated, ZIP64 and streamed entries read back") {
  const std::string content(3000, 'x');
  const std::vector<std::byte> file = to_bytes(make_zip({{"stored", content},
                                                         {"deflated", content + "y", true},
                                                         {"wide", content + "z", true, true},
                                                         {"streamed", "abc", true, false, true},
                                                         {"empty", "", true},
                                                         {"nothing", ""}}));
  const Result<ZipArchive> archive = ZipArchive::open(file);
  REQUIRE(archive.ok());
  CHECK(archive->entries().size() == 6);
  CHECK(read(*archive, "stored") == content);
  CHECK(read(*archive, "deflated") == content + "y");
  CHECK(read(*archive, "wide") == content + "z");
  CHECK(read(*archive, "streamed") == "abc");
  CHECK(read(*archive, "empty").empty());
  CHECK(read(*archive, "nothing").empty());
  CHECK(archive->find("none") == nullptr);
}

TEST_CASE("zip: every truncation is refused") {
  const std::string file =
      make_zip({{"a", "content of a", true}, {"b", "content of b", false, true}});
  CHECK(refusal(file).empty());
  for (std::size_t size = 0; size < file.size(); ++size)
    CHECK_FALSE(refusal(file.substr(0, size)).empty());
}

TEST_CASE("zip: damage is refused with its place") {
  const std::string good = make_zip({{"a", "content", false}, {"b", "content", false}});
  std::string file = good;
  file[file.find("content")] = 'C';
  CHECK(has(refusal(file), "byte 31: the CRC of 'a' does not match"));

  file = good;
  file[file.find("content") - 1] = 'c';  // the local name
  CHECK(has(refusal(file), "another name"));

  file = make_zip({{"a", "content"}, {"a", "content"}});
  CHECK(has(refusal(file), "'a' comes twice"));

  file = good;
  const std::size_t central = file.find("PK\x01\x02");
  file[central + 10] = 12;  // bzip2
  CHECK(has(refusal(file), "method 12"));
  file = good;
  file[central + 8] = 1;
  CHECK(has(refusal(file), "encrypted"));
}

TEST_CASE("zip: bombs are refused before they are unpacked") {
  // Deflate's thousandfold.
  const std::string zeros(std::size_t{8} << 20, '\0');
  CHECK(has(refusal(make_zip({{"a", zeros, true}})), "may unpack to 1048576"));
  // Many small ones together.
  std::vector<ZipItem> items;
  for (int i = 0; i < 20; ++i)
    items.push_back({std::string(1, static_cast<char>('a' + i)), zeros.substr(0, 100000), true});
  CHECK(has(refusal(make_zip(items)), "in all"));
  // Entries that share their data: the second directory entry shows the first's bytes.
  std::string shared = make_zip({{"a", std::string(100, 'q')}, {"a", "w"}});
  const std::size_t first = shared.find("PK\x01\x02");
  const std::size_t second = shared.find("PK\x01\x02", first + 1);
  shared.replace(second, 47, shared.substr(first, 47));
  CHECK(has(refusal(shared), "overlaps"));
  // A size that is a lie.
  std::string liar = make_zip({{"a", "content", true}});
  const std::size_t central = liar.find("PK\x01\x02");
  liar[central + 24] = 100;
  CHECK(has(refusal(liar), "does not unpack to the 100 bytes"));
}
