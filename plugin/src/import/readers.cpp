#include "import/readers.h"

namespace canter::importer::detail {

std::string to_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  bool valid = true;
  for (std::size_t i = 0; i < text.size() && valid;) {
    const unsigned char lead = byte(i);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xc2 ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    valid = length > 0 && i + length <= text.size();
    for (std::size_t k = 1; valid && k < length; ++k) valid = (byte(i + k) & 0xc0) == 0x80;
    // Overlong forms, surrogates and values above U+10FFFF.
    if (valid && length == 3)
      valid = !(lead == 0xe0 && byte(i + 1) < 0xa0) && !(lead == 0xed && byte(i + 1) >= 0xa0);
    if (valid && length == 4)
      valid = !(lead == 0xf0 && byte(i + 1) < 0x90) && !(lead == 0xf4 && byte(i + 1) >= 0x90);
    i += length;
  }
  if (valid) return std::string(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (byte(i) < 0x80) {
      out += text[i];
    } else {
      out += static_cast<char>(0xc0 | (byte(i) >> 6));
      out += static_cast<char>(0x80 | (byte(i) & 0x3f));
    }
  }
  return out;
}

std::string file_stem(std::string_view name) {
  const std::size_t slash = name.find_last_of("/\\");
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  const std::size_t dot = name.rfind('.');
  return to_utf8(dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot));
}

}  // namespace canter::importer::detail
