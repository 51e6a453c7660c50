#include "nn/zip.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "canter/base/bytes.h"

namespace canter::nn::detail {
namespace {

constexpr std::uint32_t kLocalMagic = 0x04034b50;
constexpr std::uint32_t kCentralMagic = 0x02014b50;
constexpr std::uint32_t kEndMagic = 0x06054b50;
constexpr std::uint32_t kEnd64Magic = 0x06064b50;
constexpr std::uint32_t kLocator64Magic = 0x07064b50;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kLocator64Bytes = 20;
constexpr std::size_t kCentralBytes = 46;
constexpr std::size_t kLocalBytes = 30;
constexpr std::uint16_t kZip64Extra = 1;
constexpr std::uint16_t kEncryptedFlag = 1;
constexpr std::uint32_t kIn64 = 0xffffffff;  // the field's value is in the ZIP64 extra field

struct Directory {
  std::uint64_t entries = 0;
  std::uint64_t at = 0;
  std::uint64_t bytes = 0;
};

Error refuse(ErrorCode code, std::uint64_t at, const std::string& message) {
  return {code, "byte " + std::to_string(at) + ": " + message};
}

std::uint32_t u32_at(std::span<const std::byte> file, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, file.data() + at, sizeof value);
  return value;
}

// Offset of the end record: the last one whose comment fills the rest of the file.
Result<std::size_t> find_end(std::span<const std::byte> file) {
  constexpr std::size_t kMaxComment = 0xffff;
  if (file.size() >= kEndBytes) {
    const std::size_t last = file.size() - kEndBytes;
    const std::size_t first = last > kMaxComment ? last - kMaxComment : 0;
    for (std::size_t at = last + 1; at-- > first;) {
      if (u32_at(file, at) != kEndMagic) continue;
      std::uint16_t comment = 0;
      std::memcpy(&comment, file.data() + at + 20, sizeof comment);
      if (comment == file.size() - at - kEndBytes) return at;
    }
  }
  return refuse(ErrorCode::truncated, file.size(),
                "the archive's directory is missing; the file is cut off or not a ZIP archive");
}

Result<Directory> read_end64(std::span<const std::byte> file, std::size_t end_at) {
  if (end_at < kLocator64Bytes || u32_at(file, end_at - kLocator64Bytes) != kLocator64Magic)
    return refuse(ErrorCode::bad_format, end_at, "the ZIP64 locator is missing");
  ByteReader locator(file.subspan(end_at - kLocator64Bytes), "ZIP64 locator");
  locator.get_bytes(8, "header");
  const auto at = locator.get<std::uint64_t>("offset");
  if (at >= end_at)
    return refuse(ErrorCode::truncated, end_at - kLocator64Bytes,
                  "the ZIP64 directory is said to be at byte " + std::to_string(at));
  ByteReader in(file.subspan(at, end_at - at), "ZIP64 directory", at);
  if (in.get<std::uint32_t>("magic") != kEnd64Magic)
    in.fail(ErrorCode::bad_format, "this is not a ZIP64 directory");
  in.get_bytes(28, "header");
  Directory directory;
  directory.entries = in.get<std::uint64_t>("number of entries");
  directory.bytes = in.get<std::uint64_t>("size of the directory");
  directory.at = in.get<std::uint64_t>("offset of the directory");
  if (!in.ok()) return in.error();
  return directory;
}

Result<Directory> read_end(std::span<const std::byte> file) {
  const Result<std::size_t> end_at = find_end(file);
  if (!end_at) return end_at.error();
  ByteReader in(file.subspan(*end_at), "archive", *end_at);
  in.get<std::uint32_t>("magic");
  const auto disk = in.get<std::uint16_t>("disk");
  in.get<std::uint16_t>("first disk");
  in.get<std::uint16_t>("entries on this disk");
  Directory directory;
  directory.entries = in.get<std::uint16_t>("number of entries");
  directory.bytes = in.get<std::uint32_t>("size of the directory");
  directory.at = in.get<std::uint32_t>("offset of the directory");
  const bool in64 =
      directory.entries == 0xffff || directory.bytes == kIn64 || directory.at == kIn64;
  if (in64) {
    Result<Directory> wide = read_end64(file, *end_at);
    if (!wide) return wide.error();
    directory = *wide;
  } else if (disk != 0) {
    return refuse(ErrorCode::unsupported, *end_at, "an archive of several disks");
  }
  if (directory.at > *end_at || directory.bytes > *end_at - directory.at)
    return refuse(ErrorCode::truncated, *end_at,
                  "the directory is said to be " + std::to_string(directory.bytes) +
                      " bytes at byte " + std::to_string(directory.at) + " of " +
                      std::to_string(file.size()));
  if (directory.entries > directory.bytes / kCentralBytes)
    return refuse(ErrorCode::truncated, *end_at,
                  std::to_string(directory.entries) + " entries cannot fit in a directory of " +
                      std::to_string(directory.bytes) + " bytes");
  return directory;
}

// Sizes and offset of an entry that did not fit in 32 bits, in the order the format gives them.
struct Wide {
  std::uint64_t bytes, packed_bytes, local_at;
};

void read_extra64(ByteReader& extra, Wide& wide) {
  while (extra.ok() && extra.remaining() >= 4) {
    const auto id = extra.get<std::uint16_t>("kind of an extra field");
    const auto size = extra.get<std::uint16_t>("size of an extra field");
    ByteReader field(extra.get_bytes(size, "extra field"), "ZIP64 field");
    if (id != kZip64Extra) continue;
    for (std::uint64_t* value : {&wide.bytes, &wide.packed_bytes, &wide.local_at})
      if (*value == kIn64) *value = field.get<std::uint64_t>("value");
    if (!field.ok()) extra.fail(ErrorCode::truncated, "a ZIP64 field is cut off");
    return;
  }
}

// Where an entry's packed bytes begin: behind its local header, whose name and extra field have
// lengths of their own.
Result<std::size_t> find_data(std::span<const std::byte> file, const ZipEntry& entry,
                              std::uint64_t local_at) {
  if (local_at > file.size() || file.size() - local_at < kLocalBytes)
    return refuse(ErrorCode::truncated, file.size(),
                  "'" + entry.name + "' is said to begin at byte " + std::to_string(local_at));
  ByteReader in(file.subspan(local_at), "'" + entry.name + "'", local_at);
  if (in.get<std::uint32_t>("magic") != kLocalMagic)
    in.fail(ErrorCode::bad_format, "no entry begins here");
  in.get_bytes(22, "header");
  const auto name_bytes = in.get<std::uint16_t>("length of the name");
  const auto extra_bytes = in.get<std::uint16_t>("length of the extra field");
  const std::span<const std::byte> name = in.get_bytes(name_bytes, "name");
  in.get_bytes(extra_bytes, "extra field");
  if (in.ok() && (name.size() != entry.name.size() ||
                  std::memcmp(name.data(), entry.name.data(), name.size()) != 0))
    in.fail(ErrorCode::bad_format, "the directory calls this entry by another name");
  if (in.ok() && entry.packed_bytes > in.remaining())
    in.fail(ErrorCode::truncated, std::to_string(entry.packed_bytes) + " bytes of data, but only " +
                                      std::to_string(in.remaining()) + " remain");
  if (!in.ok()) return in.error();
  return static_cast<std::size_t>(local_at) + in.position();
}

Result<ZipEntry> read_entry(ByteReader& in, std::span<const std::byte> file) {
  if (in.get<std::uint32_t>("magic") != kCentralMagic)
    in.fail(ErrorCode::bad_format, "no entry of the directory begins here");
  in.get_bytes(4, "versions");
  const auto flags = in.get<std::uint16_t>("flags");
  const auto method = in.get<std::uint16_t>("method");
  in.get_bytes(4, "date");
  ZipEntry entry;
  entry.crc32 = in.get<std::uint32_t>("CRC");
  Wide wide{};
  wide.packed_bytes = in.get<std::uint32_t>("packed size");
  wide.bytes = in.get<std::uint32_t>("size");
  const auto name_bytes = in.get<std::uint16_t>("length of the name");
  const auto extra_bytes = in.get<std::uint16_t>("length of the extra field");
  const auto comment_bytes = in.get<std::uint16_t>("length of the comment");
  in.get_bytes(8, "attributes");
  wide.local_at = in.get<std::uint32_t>("offset of the entry");
  const std::span<const std::byte> name = in.get_bytes(name_bytes, "name");
  entry.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
  ByteReader extra(in.get_bytes(extra_bytes, "extra field"), "'" + entry.name + "'");
  read_extra64(extra, wide);
  in.get_bytes(comment_bytes, "comment");
  if (!extra.ok()) in.fail(extra.error().code, extra.error().message);
  if ((flags & kEncryptedFlag) != 0)
    in.fail(ErrorCode::unsupported, "'" + entry.name + "' is encrypted");
  if (method != 0 && method != 8)
    in.fail(ErrorCode::unsupported, "'" + entry.name + "' is packed by method " +
                                        std::to_string(method) +
                                        "; stored (0) and deflated (8) are read");
  if (method == 0 && wide.packed_bytes != wide.bytes)
    in.fail(ErrorCode::bad_value, "'" + entry.name + "' is stored, but has two sizes");
  if (!in.ok()) return in.error();
  entry.deflated = method == 8;
  entry.packed_bytes = wide.packed_bytes;
  entry.bytes = wide.bytes;
  const Result<std::size_t> data_at = find_data(file, entry, wide.local_at);
  if (!data_at) return data_at.error();
  entry.data_at = *data_at;
  return entry;
}

// Entries that share bytes are how small archives unpack to huge ones.
Result<void> check_apart(std::vector<ZipEntry>& entries) {
  std::sort(entries.begin(), entries.end(),
            [](const ZipEntry& a, const ZipEntry& b) { return a.data_at < b.data_at; });
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const ZipEntry& before = entries[i - 1];
    if (entries[i].data_at - before.data_at < before.packed_bytes)
      return refuse(ErrorCode::bad_format, entries[i].data_at,
                    "'" + entries[i].name + "' overlaps '" + before.name + "'");
  }
  std::sort(entries.begin(), entries.end(),
            [](const ZipEntry& a, const ZipEntry& b) { return a.name < b.name; });
  for (std::size_t i = 1; i < entries.size(); ++i)
    if (entries[i].name == entries[i - 1].name)
      return refuse(ErrorCode::bad_format, entries[i].data_at,
                    "the name '" + entries[i].name + "' comes twice");
  return {};
}

// Held per entry against the limit of all, so that no sum can overflow.
Result<void> check_size(const std::vector<ZipEntry>& entries, std::size_t file_bytes) {
  const std::size_t most = std::max(
      kMinZipBytes, file_bytes > SIZE_MAX / kMaxZipRatio ? SIZE_MAX : file_bytes * kMaxZipRatio);
  std::size_t total = 0;
  for (const ZipEntry& entry : entries) {
    if (entry.bytes > most - total)
      return refuse(ErrorCode::limit, entry.data_at,
                    "'" + entry.name + "' unpacks to " + std::to_string(entry.bytes) +
                        " bytes; an archive of " + std::to_string(file_bytes) +
                        " bytes may unpack to " + std::to_string(most) + " in all");
    total += entry.bytes;
  }
  return {};
}

Result<void> inflate_into(std::span<const std::byte> packed, std::span<std::byte> out,
                          const ZipEntry& entry) {
  constexpr std::size_t kMaxChunk = std::numeric_limits<uInt>::max();
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return refuse(ErrorCode::limit, entry.data_at, "zlib could not start");
  int status = Z_OK;
  std::size_t consumed = 0;
  std::size_t made = 0;
  while (status == Z_OK) {
    const std::size_t in_bytes = std::min(kMaxChunk, packed.size() - consumed);
    const std::size_t out_bytes = std::min(kMaxChunk, out.size() - made);
    // zlib's interface is not const-correct; it does not write to its input.
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data() + consumed));
    stream.avail_in = static_cast<uInt>(in_bytes);
    Bytef none = 0;
    stream.next_out = out_bytes == 0 ? &none : reinterpret_cast<Bytef*>(out.data() + made);
    stream.avail_out = static_cast<uInt>(out_bytes);
    status = inflate(&stream, Z_NO_FLUSH);
    consumed += in_bytes - stream.avail_in;
    made += out_bytes - stream.avail_out;
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || made != out.size())
    return refuse(ErrorCode::bad_format, entry.data_at + consumed,
                  "'" + entry.name + "' does not unpack to the " + std::to_string(out.size()) +
                      " bytes its directory entry announces");
  return {};
}

std::uint32_t crc_of(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace

Result<ZipArchive> ZipArchive::open(std::span<const std::byte> file) {
  const Result<Directory> directory = read_end(file);
  if (!directory) return directory.error();
  ZipArchive archive;
  archive.file_ = file;
  ByteReader in(file.subspan(directory->at, directory->bytes), "archive", directory->at);
  archive.entries_.reserve(directory->entries);
  for (std::uint64_t i = 0; i < directory->entries; ++i) {
    Result<ZipEntry> entry = read_entry(in, file);
    if (!entry) return entry.error();
    archive.entries_.push_back(std::move(*entry));
  }
  if (const Result<void> apart = check_apart(archive.entries_); !apart) return apart.error();
  if (const Result<void> size = check_size(archive.entries_, file.size()); !size)
    return size.error();
  return archive;
}

const ZipEntry* ZipArchive::find(std::string_view name) const {
  const auto at =
      std::lower_bound(entries_.begin(), entries_.end(), name,
                       [](const ZipEntry& entry, std::string_view n) { return entry.name < n; });
  return at != entries_.end() && at->name == name ? &*at : nullptr;
}

Result<std::span<const std::byte>> ZipArchive::read(const ZipEntry& entry,
                                                    std::vector<std::byte>& storage) const {
  const std::span<const std::byte> packed = file_.subspan(entry.data_at, entry.packed_bytes);
  std::span<const std::byte> bytes = packed;
  if (entry.deflated) {
    storage.resize(entry.bytes);
    if (const Result<void> done = inflate_into(packed, storage, entry); !done) return done.error();
    bytes = storage;
  }
  if (crc_of(bytes) != entry.crc32)
    return refuse(ErrorCode::bad_format, entry.data_at,
                  "the CRC of '" + entry.name +
                      "' does not match; the file is damaged, or was written without CRCs");
  return bytes;
}

bool is_zip(std::span<const std::byte> file) {
  return file.size() >= kEndBytes &&
         (u32_at(file, 0) == kLocalMagic || u32_at(file, 0) == kEndMagic);
}

}  // namespace canter::nn::detail
