#pragma once

// Numbers in text files, read fast and exactly: parse_float gives the same float as strtof.

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace canter::importer::detail {

inline bool is_digit(char c) {
  return static_cast<unsigned char>(c - '0') < 10;
}

/// The general case, correctly rounded by the standard library.
/// @param exponent  of the number, as written
inline bool parse_float_slow(const char* p, const char* end, std::ptrdiff_t exponent,
                             float& value) {
  const auto [stop, error] = std::from_chars(p, end, value);
  if (error != std::errc::result_out_of_range) return error == std::errc();
  // Beyond the largest float or below the smallest: the place of the first digit tells which.
  const bool negative = *p == '-';
  std::ptrdiff_t digits_before_point = 0;
  bool significant = false;
  bool fraction = false;
  for (const char* q = p + (negative ? 1 : 0); q != end && (is_digit(*q) || *q == '.'); ++q) {
    if (*q == '.') {
      fraction = true;
      continue;
    }
    significant = significant || *q != '0';
    if (significant && !fraction) ++digits_before_point;
    if (!significant && fraction) --digits_before_point;
  }
  const float magnitude =
      digits_before_point + exponent > 0 ? std::numeric_limits<float>::infinity() : 0.0f;
  value = negative ? -magnitude : magnitude;
  return true;
}

/// Reads one decimal number (sign, digits, point, exponent) that starts exactly at `p`.
/// @return the first character after it, or nullptr if there is no number; "nan" and "inf" are
/// none. Too large becomes infinity, too small zero, as strtof does.
inline const char* parse_float(const char* p, const char* end, float& value) {
  static constexpr double kPowersOf10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                           1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                           1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (p != end && *p == '+') {
    ++p;
    if (p != end && *p == '-') return nullptr;
  }
  const char* const start = p;
  const bool negative = p != end && *p == '-';
  if (negative) ++p;

  // Digits before and after the point, as one integer.
  std::uint64_t mantissa = 0;
  const char* const digits = p;
  while (p != end && is_digit(*p))
    mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p++ - '0');
  std::ptrdiff_t num_digits = p - digits;
  std::ptrdiff_t exponent = 0;
  std::ptrdiff_t written_exponent = 0;
  if (p != end && *p == '.') {
    const char* const fraction = ++p;
    while (p != end && is_digit(*p))
      mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p++ - '0');
    exponent = fraction - p;
    num_digits -= exponent;
  }
  if (num_digits == 0) return nullptr;
  if (p != end && (*p == 'e' || *p == 'E')) {
    const char* q = p + 1;
    const bool negative_exponent = q != end && *q == '-';
    if (q != end && (*q == '-' || *q == '+')) ++q;
    if (q != end && is_digit(*q)) {
      for (; q != end && is_digit(*q); ++q)
        if (written_exponent < 1000000000) written_exponent = written_exponent * 10 + (*q - '0');
      if (negative_exponent) written_exponent = -written_exponent;
      exponent += written_exponent;
      p = q;
    }
  }

  // A mantissa below 2^53 and a power of ten up to 22 are exact doubles, so that one operation
  // gives the correctly rounded double. Rounding that again to float goes wrong only where it lies
  // halfway between two floats (Clinger's fast path; the check is the low 29 bits), or is denormal.
  if (num_digits <= 19 && mantissa < (1ull << 53) && exponent >= -22 && exponent <= 22) {
    const double wide = exponent < 0 ? static_cast<double>(mantissa) / kPowersOf10[-exponent]
                                     : static_cast<double>(mantissa) * kPowersOf10[exponent];
    const bool halfway = (std::bit_cast<std::uint64_t>(wide) & 0x1fffffffu) == 0x10000000u;
    if ((!halfway && wide > 1.2e-38 && wide < 3.4e38) || mantissa == 0) {
      value = static_cast<float>(negative ? -wide : wide);
      return p;
    }
  }
  return parse_float_slow(start, p, written_exponent, value) ? p : nullptr;
}

}  // namespace canter::importer::detail
