#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "canter/base/math.h"

struct ImFont;

/// Every colour, font and measure of the viewer, in one place. Colours mean the same thing
/// everywhere: in 3-D, tracks and plots.
namespace canter::viewer::theme {

/// As ImGui packs it: 0xAABBGGRR.
using Color = std::uint32_t;

constexpr Color rgb(std::uint32_t hex, float alpha = 1.0f) {
  return (hex >> 16 & 0xFFu) | (hex & 0xFF00u) | (hex & 0xFFu) << 16 |
         static_cast<std::uint32_t>(alpha * 255.0f + 0.5f) << 24;
}

/// The same colour with another opacity.
constexpr Color with_alpha(Color c, float alpha) {
  return (c & 0x00FFFFFFu) | static_cast<std::uint32_t>(alpha * 255.0f + 0.5f) << 24;
}

/// Linear RGB in [0, 1] for shaders.
Vec3 linear(Color c);
/// The colour's own numbers in [0, 1] with another opacity, for lines.
Vec4 srgb(Color c, float alpha = 1.0f);

inline constexpr Color kPanel = rgb(0x171A20, 0.92f);
inline constexpr Color kRaised = rgb(0x21262E);  ///< buttons, fields, tracks
inline constexpr Color kHovered = rgb(0x2C323C);
inline constexpr Color kLine = rgb(0x2A2F39);
inline constexpr Color kText = rgb(0xD9DEE6);
inline constexpr Color kQuiet = rgb(0x8993A3);
inline constexpr Color kFaint = rgb(0x566070);
inline constexpr Color kAccent = rgb(0xF2A65A);  ///< selected or live
inline constexpr Color kLeft = rgb(0x4FA3E0);
inline constexpr Color kRight = rgb(0xE8743B);
inline constexpr Color kReference = rgb(0x7FD1C7);
inline constexpr Color kContact = rgb(0xE5C94B);
inline constexpr Color kOver = rgb(0xE4572E);  ///< over budget, saturated, an error
inline constexpr Color kFine = rgb(0x6BBF73);
inline constexpr Color kBone = rgb(0xC9C6BF);  ///< neither left nor right
inline constexpr Color kClay = rgb(0xCFC9BF);  ///< what has no colour of its own

/// Series in a fixed order that colour-blind readers can tell apart (Okabe and Ito's set, 2008).
inline constexpr std::array<Color, 7> kSeries = {rgb(0x56B4E9), rgb(0xE69F00), rgb(0x009E73),
                                                 rgb(0xCC79A7), rgb(0xF0E442), rgb(0xD55E00),
                                                 rgb(0x4C86C6)};

/// The colour of a stage of the frame, the same wherever the stage appears.
Color stage_color(std::string_view stage);

/// Light and background of the 3-D view; light is linear, background and floor are sRGB in [0, 1].
struct Stage {
  Vec3 to_light;
  Vec3 key, sky, bounce;
  Vec3 background_top, background_horizon, floor;
};
const Stage& stage();

// Measures in design pixels, on a 4-px grid; multiply by the interface's scale.
inline constexpr float kTopBar = 36.0f;
inline constexpr float kLeftPanel = 224.0f;
inline constexpr float kRightPanel = 336.0f;
inline constexpr float kTransportRow = 40.0f;
inline constexpr float kTrackRow = 28.0f;
inline constexpr float kTrackLabel = 176.0f;
inline constexpr float kGutter = 8.0f;
inline constexpr float kRound = 4.0f;

struct Fonts {
  ImFont* text = nullptr;
  ImFont* strong = nullptr;
  ImFont* small = nullptr;
  ImFont* number = nullptr;  ///< tabular figures
  ImFont* small_number = nullptr;
  ImFont* large_number = nullptr;
  std::string missing;  ///< packages whose fonts were not found, with commas between, or empty
};

/// Sets ImGui's style and loads the fonts at this scale into its atlas. Fonts that are not
/// installed fall back to others, at worst to the one built into ImGui.
/// @param folder  where fonts lie, such as kFontFolder
Fonts apply(float scale, const std::string& folder);
inline constexpr const char* kFontFolder = "/usr/share/fonts";

}  // namespace canter::viewer::theme
