#include "import/number.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

using canter::importer::detail::parse_float;

namespace {

// The same bits as strtof, and all of the text read.
bool agrees(const std::string& text) {
  float value = 0.0f;
  const char* end = parse_float(text.data(), text.data() + text.size(), value);
  const float want = std::strtof(text.c_str(), nullptr);
  if (end == text.data() + text.size() && std::memcmp(&value, &want, sizeof value) == 0)
    return true;
  MESSAGE(text << ": " << value << ", strtof " << want);
  return false;
}

}  // namespace

TEST_CASE("parse_float gives the bits of strtof on random numbers of every shape") {
  std::mt19937_64 random(20240601);
  const auto digits = [&](int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += static_cast<char>('0' + random() % 10);
    return out;
  };
  for (int i = 0; i < 300000; ++i) {
    std::string text = random() % 2 == 0 ? "-" : "";
    const int whole = static_cast<int>(random() % 8);
    const int fraction = static_cast<int>(random() % 14) + (whole == 0 ? 1 : 0);
    text += digits(whole);
    if (fraction > 0) text += "." + digits(fraction);
    if (random() % 4 == 0)
      text +=
          (random() % 2 == 0 ? "e" : "E") + std::to_string(static_cast<int>(random() % 90) - 50);
    if (!agrees(text)) FAIL_CHECK("differs");
  }
}

TEST_CASE("parse_float rounds right halfway between two floats, where doubles round twice") {
  std::mt19937_64 random(7);
  int hard = 0;
  for (int i = 0; i < 100000; ++i) {
    // The exact decimal midpoint of two neighbouring floats, and digits just off it.
    const float low = std::ldexp(1.0f + static_cast<float>(random() % (1 << 23)) * 0x1p-23f,
                                 static_cast<int>(random() % 20) - 4);
    const double middle =
        0.5 * (static_cast<double>(low) + static_cast<double>(std::nextafter(low, INFINITY)));
    char text[80];
    std::snprintf(text, sizeof text, "%.*f", 10 + static_cast<int>(random() % 30), middle);
    std::string s = text;
    if (random() % 3 == 0) s += "1";
    if (random() % 3 == 0) s[s.size() - 1] = '9';
    if (!agrees(s)) FAIL_CHECK("differs");
    ++hard;
  }
  CHECK(hard == 100000);
}

TEST_CASE("parse_float at the ends of the range and of the grammar") {
  for (const char* text : {"0",
                           "-0",
                           "0.0",
                           "00012.5000",
                           ".5",
                           "5.",
                           "-.5e1",
                           "1e22",
                           "1e-22",
                           "1e23",
                           "3.4028235e38",
                           "3.4028236e38",
                           "1.17549435e-38",
                           "1.1754942e-38",
                           "1e-45",
                           "1.4e-45",
                           "7e-46",
                           "1e-60",
                           "16777217",
                           "16777219",
                           "9007199254740993",
                           "123456789012345678901234567890",
                           "0.000000000000000000000000000000000000000000001",
                           "1e0000000001",
                           "1e400",
                           "-1e-400",
                           "0.00e500",
                           "8.5899345920001e9"})
    CHECK(agrees(text));
  const auto parsed = [](const std::string& text, float& value) {
    const char* end = parse_float(text.data(), text.data() + text.size(), value);
    return end == nullptr ? std::string("none") : std::string(text.data(), end);
  };
  float value = 0.0f;
  for (const char* text : {"", "-", "+", ".", "-.", "e5", "nan", "inf", "-inf", "+-1", "--1", "x"})
    CHECK(parsed(text, value) == "none");
  CHECK(parsed("+2.5", value) == "+2.5");
  CHECK(value == 2.5f);
  CHECK(parsed("1e", value) == "1");
  CHECK(parsed("1e+", value) == "1");
  CHECK(parsed("1.2.3", value) == "1.2");
  CHECK(parsed("0x10", value) == "0");
  CHECK(parsed("1e99", value) == "1e99");
  CHECK(std::isinf(value));
  CHECK(parsed("-1e999999999999", value) == "-1e999999999999");
  CHECK(parsed("1e-999999999999", value) == "1e-999999999999");
  CHECK(value == 0.0f);
}
