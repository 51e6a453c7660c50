#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "canter/base/result.h"

namespace canter::viewer {

/// Eight bits per channel, rows from the top.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgba;
};

/// PNG, JPEG and what else stb_image reads, up to 8192 pixels a side; nothing otherwise.
std::optional<Image> decode_image(std::span<const std::byte> bytes);

/// The part from (left, top) up to (right, bottom), clipped to the image.
Image crop(const Image& image, int left, int top, int right, int bottom);

/// Writes a PNG without its alpha channel, through a temporary file.
Result<void> write_png(const std::string& path, const Image& image);

}  // namespace canter::viewer
