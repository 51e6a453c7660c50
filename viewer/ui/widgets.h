#pragma once

#include <imgui.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace canter::viewer::ui {

struct Rect {
  ImVec2 min{0.0f, 0.0f};
  ImVec2 max{0.0f, 0.0f};
  float width() const { return max.x - min.x; }
  float height() const { return max.y - min.y; }
};

/// Something on screen that scripts and tests can name.
struct Widget {
  std::string id;  ///< "panel.widget", the same from run to run
  Rect rect;
  bool explained = false;  ///< has a tooltip
  bool changed = false;    ///< differs from its default
  Rect shown;              ///< what of `rect` its panel shows; panels scroll

  bool shows(ImVec2 point) const {
    return point.x >= shown.min.x && point.x < shown.max.x && point.y >= shown.min.y &&
           point.y < shown.max.y;
  }
};

/// The controls and panels of the last frame, in the order they were drawn.
class Widgets {
 public:
  void begin_frame() {
    widgets_.clear();
    if (!rests_) resting_on_.clear();
    rests_ = false;
  }
  void add(Widget widget) { widgets_.push_back(std::move(widget)); }
  /// nullptr if no widget of this id was drawn.
  const Widget* find(std::string_view id) const {
    for (const Widget& widget : widgets_)
      if (widget.id == id) return &widget;
    return nullptr;
  }
  std::span<const Widget> all() const { return widgets_; }

  /// What the mouse is on calls this every frame. True once it has rested there long enough to want
  /// an explanation: one at once would cover what is beside it on every move.
  bool rest_on(std::string_view id, float dt_s) {
    rests_ = true;
    rested_s_ = resting_on_ == id ? rested_s_ + dt_s : 0.0f;
    resting_on_ = id;
    return rested_s_ >= kTooltipDelay_s;
  }
  /// Whether an explanation is due soon.
  bool waits() const { return !resting_on_.empty() && rested_s_ < kTooltipDelay_s; }
  static constexpr float kTooltipDelay_s = 0.35f;

  /// The panel that draws this widget scrolls to it.
  std::string scroll_to;

 private:
  std::vector<Widget> widgets_;
  std::string resting_on_;
  float rested_s_ = 0.0f;
  bool rests_ = false;  ///< on something, this frame
};

}  // namespace canter::viewer::ui
