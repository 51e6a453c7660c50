#include "nn/printable.h"

namespace canter::nn::detail {

std::string printable(std::string_view name) {
  constexpr std::size_t kMost = 120;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "'";
  for (const char c : name.substr(0, kMost)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  return out + (name.size() > kMost ? "…'" : "'");
}

}  // namespace canter::nn::detail
