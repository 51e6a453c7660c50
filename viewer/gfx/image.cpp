#include "viewer/gfx/image.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <zlib.h>

namespace {

/// What stb_image_write compresses with: smaller files in less time than its own. The memory is
/// freed by stb. Null where zlib fails.
unsigned char* compress_png(unsigned char* data, int size, int* compressed_size, int) {
  constexpr int kLevel = 6;
  uLongf room = compressBound(static_cast<uLong>(size));
  auto* out = static_cast<unsigned char*>(std::malloc(room));
  if (out == nullptr) return nullptr;
  if (compress2(out, &room, data, static_cast<uLong>(size), kLevel) != Z_OK) {
    std::free(out);
    return nullptr;
  }
  *compressed_size = static_cast<int>(room);
  return out;
}

}  // namespace

#define STBIW_ZLIB_COMPRESS compress_png
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define STB_IMAGE_STATIC
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_NO_STDIO
#define STBI_WRITE_NO_STDIO
#include <stb_image.h>
#include <stb_image_write.h>
#pragma GCC diagnostic pop

namespace canter::viewer {

std::optional<Image> decode_image(std::span<const std::byte> bytes) {
  constexpr int kMaxSide = 8192;
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), 1u << 30));
  int width = 0, height = 0, channels = 0;
  if (stbi_info_from_memory(data, size, &width, &height, &channels) == 0) return std::nullopt;
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) return std::nullopt;
  stbi_uc* pixels = stbi_load_from_memory(data, size, &width, &height, &channels, 4);
  if (pixels == nullptr) return std::nullopt;
  Image image{width, height, {}};
  const std::size_t num_bytes =
      static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 4;
  image.rgba.assign(pixels, pixels + num_bytes);
  stbi_image_free(pixels);
  return image;
}

Image crop(const Image& image, int left, int top, int right, int bottom) {
  left = std::clamp(left, 0, image.width);
  top = std::clamp(top, 0, image.height);
  Image part{
      std::clamp(right, left, image.width) - left, std::clamp(bottom, top, image.height) - top, {}};
  const std::uint8_t* rows = image.rgba.data();
  for (int y = top; y < top + part.height; ++y) {
    const std::uint8_t* row = rows + 4 * (static_cast<std::ptrdiff_t>(y) * image.width + left);
    part.rgba.insert(part.rgba.end(), row, row + 4 * static_cast<std::ptrdiff_t>(part.width));
  }
  return part;
}

Result<void> write_png(const std::string& path, const Image& image) {
  std::vector<std::uint8_t> rgb;
  rgb.reserve(image.rgba.size() / 4 * 3);
  for (std::size_t i = 0; i < image.rgba.size(); i += 4)
    rgb.insert(rgb.end(), image.rgba.begin() + static_cast<std::ptrdiff_t>(i),
               image.rgba.begin() + static_cast<std::ptrdiff_t>(i) + 3);
  std::string encoded;
  stbi_write_png_to_func(
      [](void* out, void* data, int size) {
        static_cast<std::string*>(out)->append(static_cast<const char*>(data),
                                               static_cast<std::size_t>(size));
      },
      &encoded, image.width, image.height, 3, rgb.data(), image.width * 3);
  const std::string temporary = path + ".partial";
  std::ofstream out(temporary, std::ios::binary);
  out.write(encoded.data(), static_cast<std::streamsize>(encoded.size()));
  out.close();
  if (!out || encoded.empty() || std::rename(temporary.c_str(), path.c_str()) != 0) {
    const std::string reason = std::strerror(errno);
    std::remove(temporary.c_str());
    return Error{ErrorCode::io, path + ": cannot write the image: " + reason};
  }
  return {};
}

}  // namespace canter::viewer
