#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/base/result.h"

namespace canter::nn::detail {

/// One file inside an archive.
struct ZipEntry {
  std::string name;
  bool deflated = false;
  std::uint32_t crc32 = 0;
  std::size_t packed_bytes = 0;  ///< in the archive
  std::size_t bytes = 0;         ///< unpacked
  std::size_t data_at = 0;       ///< offset of the packed bytes in the archive
};

/// Directory of a ZIP archive (APPNOTE 6.3: stored and deflated entries, ZIP64) over bytes that
/// must outlive it. Refused: encryption, several disks, other methods, entries that overlap, two
/// entries of one name, and archives that unpack to more than `kMaxZipRatio` times their size.
class ZipArchive {
 public:
  static Result<ZipArchive> open(std::span<const std::byte> file);

  const std::vector<ZipEntry>& entries() const { return entries_; }
  /// The entry of this name, or null.
  const ZipEntry* find(std::string_view name) const;
  /// Offset of the packed bytes is the entry's `data_at`. Checks the CRC. A stored entry is a view
  /// into the archive; a deflated one is unpacked into `storage`, which must outlive the view.
  Result<std::span<const std::byte>> read(const ZipEntry& entry,
                                          std::vector<std::byte>& storage) const;

 private:
  std::span<const std::byte> file_;
  std::vector<ZipEntry> entries_;  // by name
};

/// Starts like a ZIP archive.
bool is_zip(std::span<const std::byte> file);

/// Trained weights hardly compress; a thousandfold (deflate's bound) is a bomb. Small archives may
/// unpack to kMinZipBytes in any case.
inline constexpr std::size_t kMaxZipRatio = 32;
inline constexpr std::size_t kMinZipBytes = std::size_t{1} << 20;

}  // namespace canter::nn::detail
