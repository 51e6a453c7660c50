#include "viewer/ui/theme.h"

#include <imgui.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace canter::viewer::theme {
namespace {

/// Where a font lies below the folder of fonts, and what stands in for it.
struct FontFiles {
  const char* package;  ///< of Debian, that has it
  std::array<const char*, 2> wanted;
  const char* stand_in;
};
constexpr FontFiles kTextFont = {
    "fonts-inter",
    {"opentype/inter/Inter-Regular.otf", "truetype/inter/Inter-Regular.ttf"},
    "truetype/dejavu/DejaVuSans.ttf"};
constexpr FontFiles kStrongFont = {
    "fonts-inter",
    {"opentype/inter/Inter-SemiBold.otf", "truetype/inter/Inter-SemiBold.ttf"},
    "truetype/dejavu/DejaVuSans-Bold.ttf"};
constexpr FontFiles kNumberFont = {"fonts-jetbrains-mono",
                                   {"truetype/jetbrains-mono/JetBrainsMono-Regular.ttf",
                                    "truetype/jetbrains-mono/JetBrainsMono-Regular.otf"},
                                   "truetype/dejavu/DejaVuSansMono.ttf"};

/// Basic Latin and Latin-1, general punctuation, and the few symbols the panels write.
constexpr ImWchar kGlyphs[] = {0x20,   0xFF,   0x0100, 0x017F, 0x2010, 0x2027, 0x2030, 0x203A,
                               0x2190, 0x2193, 0x2264, 0x2265, 0x03B1, 0x03C9, 0};

/// Whether a file begins as TrueType and OpenType fonts do; ImGui ends the program over others.
bool is_font(const std::filesystem::path& path) {
  std::array<char, 4> magic{};
  std::ifstream(path, std::ios::binary).read(magic.data(), magic.size());
  const std::string_view found(magic.data(), magic.size());
  return found == "OTTO" || found == "true" || found == std::string_view("\0\1\0\0", 4);
}

ImFont* load_font(const std::filesystem::path& folder, const char* file, float size) {
  if (!is_font(folder / file)) return nullptr;
  ImFontConfig config;
  config.OversampleH = 2;
  config.OversampleV = 1;
  return ImGui::GetIO().Fonts->AddFontFromFileTTF((folder / file).c_str(), size, &config, kGlyphs);
}

/// Never null. @param missing  gains the package whose font was not found
ImFont* load_font(const std::filesystem::path& folder, const FontFiles& files, float size,
                  std::string& missing) {
  for (const char* file : files.wanted)
    if (ImFont* font = load_font(folder, file, size)) return font;
  if (missing.find(files.package) == std::string::npos)
    missing += (missing.empty() ? "" : ", ") + std::string(files.package);
  if (ImFont* font = load_font(folder, files.stand_in, size)) return font;
  ImFontConfig built_in;
  built_in.SizePixels = std::round(size);
  return ImGui::GetIO().Fonts->AddFontDefault(&built_in);
}

ImVec4 vec(Color c) {
  return ImGui::ColorConvertU32ToFloat4(c);
}

void set_colors(ImGuiStyle& style) {
  ImVec4* c = style.Colors;
  // No colour of ImGui's own survives: whatever is not named below is a raised surface.
  for (int i = 0; i < ImGuiCol_COUNT; ++i) c[i] = vec(kRaised);
  for (const int i : {ImGuiCol_WindowBg, ImGuiCol_MenuBarBg}) c[i] = vec(kPanel);
  for (const int i : {ImGuiCol_ChildBg, ImGuiCol_BorderShadow, ImGuiCol_ScrollbarBg,
                      ImGuiCol_TableRowBg, ImGuiCol_NavHighlight})
    c[i] = ImVec4(0.0f, 0.0f, 0.0f, 0.0f);
  c[ImGuiCol_PopupBg] = vec(rgb(0x1D2128, 0.98f));
  c[ImGuiCol_Text] = vec(kText);
  c[ImGuiCol_TextDisabled] = vec(kQuiet);
  for (const int i : {ImGuiCol_Border, ImGuiCol_Separator, ImGuiCol_TableBorderLight,
                      ImGuiCol_TableBorderStrong, ImGuiCol_ScrollbarGrab})
    c[i] = vec(kLine);
  for (const int i : {ImGuiCol_ButtonHovered, ImGuiCol_HeaderHovered, ImGuiCol_FrameBgHovered,
                      ImGuiCol_ScrollbarGrabHovered, ImGuiCol_ScrollbarGrabActive})
    c[i] = vec(kHovered);
  for (const int i : {ImGuiCol_CheckMark, ImGuiCol_SliderGrab, ImGuiCol_SliderGrabActive,
                      ImGuiCol_DragDropTarget, ImGuiCol_PlotLines, ImGuiCol_PlotHistogram,
                      ImGuiCol_PlotLinesHovered, ImGuiCol_PlotHistogramHovered})
    c[i] = vec(kAccent);
  c[ImGuiCol_TextSelectedBg] = vec(with_alpha(kAccent, 0.35f));
  c[ImGuiCol_ModalWindowDimBg] = vec(rgb(0x0B0D10, 0.5f));
}

}  // namespace

Vec3 linear(Color c) {
  const auto channel = [&](int shift) {
    const float s = static_cast<float>(c >> shift & 0xFFu) / 255.0f;
    return s <= 0.04045f ? s / 12.92f : std::pow((s + 0.055f) / 1.055f, 2.4f);
  };
  return {channel(0), channel(8), channel(16)};
}

Vec4 srgb(Color c, float alpha) {
  return Vec4(static_cast<float>(c & 0xFFu), static_cast<float>(c >> 8 & 0xFFu),
              static_cast<float>(c >> 16 & 0xFFu), 255.0f * alpha) /
         255.0f;
}

Color stage_color(std::string_view name) {
  // The order of the frame, so that neighbours in a stack differ.
  constexpr std::string_view kStages[] = {"sample", "phase",    "observe", "infer",
                                          "drive",  "simulate", "pose"};
  for (std::size_t i = 0; i < std::size(kStages); ++i)
    if (name == kStages[i]) return kSeries[i];
  if (name == "model") return rgb(0x8FD3C1);
  if (name == "skin") return rgb(0xB08BBF);
  if (name == "scene") return rgb(0x7A8CA8);
  if (name == "panels") return rgb(0xA89A7A);
  if (name == "gui") return rgb(0xC9A27E);
  return rgb(0x6A7484);
}

const Stage& stage() {
  static const Stage kStage = {
      .to_light = {0.45f, 0.95f, 0.6f},
      .key = Vec3(0.98f, 0.94f, 0.88f) * 0.88f,
      .sky = Vec3(0.42f, 0.47f, 0.56f) * 0.55f,
      .bounce = Vec3(0.30f, 0.28f, 0.27f) * 0.42f,
      .background_top = Vec3(0x1B, 0x1F, 0x26) / 255.0f,
      .background_horizon = Vec3(0x36, 0x3D, 0x48) / 255.0f,
      .floor = Vec3(0x59, 0x62, 0x6F) / 255.0f,
  };
  return kStage;
}

Fonts apply(float scale, const std::string& folder) {
  ImGuiStyle style;
  style.WindowPadding = ImVec2(12.0f, 8.0f);
  style.FramePadding = ImVec2(8.0f, 4.0f);
  style.ItemSpacing = ImVec2(8.0f, 4.0f);
  style.ItemInnerSpacing = ImVec2(8.0f, 4.0f);
  style.CellPadding = ImVec2(4.0f, 3.0f);
  style.ScrollbarSize = 10.0f;
  style.WindowRounding = 0.0f;
  style.ChildRounding = style.FrameRounding = style.PopupRounding = style.GrabRounding = kRound;
  style.ScrollbarRounding = kRound;
  style.WindowBorderSize = 0.0f;
  style.PopupBorderSize = 1.0f;
  style.WindowMinSize = ImVec2(1.0f, 1.0f);
  style.ScaleAllSizes(scale);
  set_colors(style);
  ImGui::GetStyle() = style;

  Fonts fonts;
  ImGui::GetIO().Fonts->Clear();
  fonts.text = load_font(folder, kTextFont, 15.0f * scale, fonts.missing);
  fonts.strong = load_font(folder, kStrongFont, 15.0f * scale, fonts.missing);
  fonts.small = load_font(folder, kTextFont, 13.0f * scale, fonts.missing);
  fonts.number = load_font(folder, kNumberFont, 14.0f * scale, fonts.missing);
  fonts.small_number = load_font(folder, kNumberFont, 12.0f * scale, fonts.missing);
  fonts.large_number = load_font(folder, kNumberFont, 17.0f * scale, fonts.missing);
  return fonts;
}

}  // namespace canter::viewer::theme
