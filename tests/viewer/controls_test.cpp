#include "viewer/ui/controls.h"

#include <doctest/doctest.h>
#include <imgui.h>

#include <string>
#include <vector>

#include "viewer/ui/theme.h"

namespace canter::test {
namespace {

using namespace viewer;

/// Draws one frame of a panel without a window or graphics card.
template <class Draw>
ui::Widgets drawn(float width, Draw&& draw) {
  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.DisplaySize = ImVec2(1280.0f, 720.0f);
  const theme::Fonts fonts = theme::apply(1.0f, theme::kFontFolder);
  io.Fonts->Build();
  State state;
  Commands commands;
  ui::Widgets widgets;
  const ui::Context c{state, commands, fonts, widgets, 1.0f};
  ImGui::NewFrame();
  ui::begin_panel(c, "panel", {{0.0f, 0.0f}, {width, 720.0f}}, 16.0f, 8.0f);
  draw(c);
  ui::end_panel();
  ImGui::Render();
  ImGui::DestroyContext();
  return widgets;
}

TEST_CASE("ten tabs fit the inspector in full words") {
  const std::vector<ui::Control> ten = {{"t.clip", "Clip", ""},     {"t.compare", "Compare", ""},
                                        {"t.blend", "Blend", ""},   {"t.body", "Body", ""},
                                        {"t.policy", "Policy", ""}, {"t.phase", "Phase", ""},
                                        {"t.model", "Model", ""},   {"t.train", "Training", ""},
                                        {"t.view", "View", ""},     {"t.frame", "Frame", ""}};
  for (std::size_t count = 1; count <= ten.size(); ++count) {
    CAPTURE(count);
    std::vector<float> words;
    const ui::Widgets widgets = drawn(theme::kRightPanel, [&](const ui::Context& c) {
      const std::span<const ui::Control> tabs(ten.data(), count);
      ui::tabs(c, tabs, 0);
      for (const ui::Control& tab : tabs)
        words.push_back(
            c.fonts.small->CalcTextSizeA(c.fonts.small->FontSize, 1e9f, 0.0f, tab.label).x);
    });
    for (std::size_t i = 0; i < count; ++i) {
      const ui::Widget* a = widgets.find(ten[i].id);
      REQUIRE(a != nullptr);
      CHECK(a->rect.min.x >= 15.9f);
      CHECK(a->rect.max.x <= theme::kRightPanel - 15.9f);
      CHECK(a->rect.max.y <= 62.0f);
      CHECK_MESSAGE(a->rect.width() >= words[i] + 2.0f, ten[i].label);
      for (std::size_t k = 0; k < i; ++k) {
        const ui::Widget* b = widgets.find(ten[k].id);
        CHECK((a->rect.min.x >= b->rect.max.x || a->rect.min.y >= b->rect.max.y));
      }
    }
  }
}

TEST_CASE("an explanation comes once the mouse rests, and anew on the next control") {
  constexpr float kFrame_s = 1.0f / 60.0f;
  ui::Widgets widgets;
  const auto frames_until = [&](const char* id) {
    for (int frame = 0; frame < 100; ++frame) {
      widgets.begin_frame();
      if (widgets.rest_on(id, kFrame_s)) return frame;
      CHECK(widgets.waits());
    }
    return -1;
  };
  CHECK(frames_until("a") == 21);
  CHECK(frames_until("a") == 0);
  CHECK_FALSE(widgets.waits());
  CHECK(frames_until("b") == 21);
  // The mouse was elsewhere for a frame.
  widgets.begin_frame();
  widgets.begin_frame();
  CHECK_FALSE(widgets.waits());
  CHECK(frames_until("b") == 21);
}

TEST_CASE("text wraps between words, never within a number") {
  const auto wrap = [](std::string_view text, float width) {
    std::string lines;
    drawn(theme::kRightPanel,
          [&](const ui::Context& c) { lines = ui::wrapped(c.fonts.small, text, width); });
    return lines;
  };
  CHECK(wrap("", 100.0f) == "");
  CHECK(wrap("a b", 100.0f) == "a b");
  CHECK(wrap("one two", 1.0f) == "one\ntwo");
  CHECK(wrap("at (0.001 m, -1.439 m)", 1.0f) == "at\n(0.001\nm,\n-1.439\nm)");
  CHECK(wrap("a\nb c", 100.0f) == "a\nb c");
  const std::string lines = wrap("the root starts at (0.001 m, -1.439 m) and ends there", 120.0f);
  CHECK(lines.find('\n') != std::string::npos);
}

}  // namespace
}  // namespace canter::test
