#include "viewer/script_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "viewer/gfx/image.h"
#include "viewer/query.h"

namespace canter::viewer {
namespace {

constexpr double kFrame_s = 1.0 / 60.0;
constexpr double kPatience_s = 30.0;
constexpr double kLearningPatience_s = 120.0;
constexpr int kDifferent = 12;  ///< of 255 in a channel: more than rounding of another driver

Error fault(std::string text) {
  return Error{ErrorCode::bad_value, std::move(text)};
}

std::optional<double> number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value)) return std::nullopt;
  return value;
}

Result<Image> read_image(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::optional<Image> image = decode_image(std::as_bytes(std::span(bytes)));
  if (!image) return fault(path + " is no image");
  return std::move(*image);
}

/// Share of the pixels that differ clearly; 1 for images of different sizes.
double share_different(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height) return 1.0;
  std::size_t different = 0;
  for (std::size_t i = 0; i < a.rgba.size(); i += 4) {
    int largest = 0;
    for (std::size_t c = 0; c < 3; ++c)
      largest = std::max(largest, std::abs(int{a.rgba[i + c]} - int{b.rgba[i + c]}));
    different += largest > kDifferent;
  }
  return 4.0 * static_cast<double>(different) / static_cast<double>(a.rgba.size());
}

/// Carries out a script step by step. Every function answers for one verb.
class Runner {
 public:
  explicit Runner(ScriptHost& host) : host_(host) {}

  /// Errors carry the line.
  Result<void> run(const std::string& name, const std::vector<ScriptStep>& steps) {
    for (const ScriptStep& step : steps) {
      if (step.verb == "repeat") {
        for (int i = 0; i < std::atoi(step.arguments[0].c_str()); ++i)
          if (Result<void> done = run(name, step.body); !done) return done;
        continue;
      }
      if (Result<void> done = perform(step.verb, step.arguments); !done)
        return Error{done.error().code,
                     name + ":" + std::to_string(step.line) + ": " + done.error().message};
    }
    return {};
  }

 private:
  using Arguments = std::vector<std::string>;
  using Verb = Result<void> (Runner::*)(const Arguments&);

  Result<void> perform(const std::string& verb, const Arguments& a) {
    static const std::map<std::string, Verb> kTable = {
        {"open", &Runner::open},
        {"drop", &Runner::drop},
        {"wait", &Runner::wait},
        {"seek", &Runner::seek},
        {"play", &Runner::play},
        {"key", &Runner::key},
        {"click", &Runner::click},
        {"double_click", &Runner::double_click},
        {"hover", &Runner::hover},
        {"drag", &Runner::drag},
        {"hold", &Runner::hold_at},
        {"release", &Runner::release},
        {"wheel", &Runner::wheel},
        {"type", &Runner::type},
        {"pad", &Runner::pad},
        {"resize", &Runner::resize},
        {"lose_graphics", &Runner::lose_graphics},
        {"same", &Runner::same},
        {"differ", &Runner::differ},
        {"expect", &Runner::expect},
        {"print", &Runner::print},
        {"mark", &Runner::mark},
        {"report", &Runner::report},
        {"screenshot", &Runner::screenshot},
        {"record", &Runner::record},
    };
    return (this->*kTable.at(verb))(a);
  }

  /// A frame in which no time passes: what was asked for takes effect and is drawn.
  Result<void> settle() { return host_.frame(0.0); }

  Result<void> open(const Arguments& a) {
    if (Result<void> opened = host_.open(a[0]); !opened) return opened;
    return settle();
  }

  Result<void> drop(const Arguments& a) {
    host_.ask(command::OpenFile{a[0]});
    return settle();
  }

  Result<void> wait(const Arguments& a) {
    if (a[0] == "idle") return wait_idle();
    if (a[0] == "learned") return wait_learned();
    const std::optional<double> frames = number(a[0]);
    if (!frames || *frames < 0.0) return fault("wait " + a[0] + ": expected a count or 'idle'");
    for (int i = 0; i < static_cast<int>(*frames); ++i)
      if (Result<void> done = host_.frame(kFrame_s); !done) return done;
    return {};
  }

  Result<void> wait_idle() {
    const auto start = std::chrono::steady_clock::now();
    while (host_.busy()) {
      const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
      if (waited.count() > kPatience_s) return fault("still busy after half a minute");
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      if (Result<void> done = settle(); !done) return done;
    }
    return settle();
  }

  // Until the body in training has learned more than now.
  Result<void> wait_learned() {
    const auto start = std::chrono::steady_clock::now();
    const std::int64_t before = host_.state().body.training.samples;
    const auto progress = [&]() -> const TrainingProgress& { return host_.state().body.training; };
    while (progress().samples == before) {
      if (!progress().active()) return fault("no body is in training; " + progress().error);
      const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
      if (waited.count() > kLearningPatience_s) return fault("nothing was learned in two minutes");
      if (Result<void> done = host_.frame(kFrame_s); !done) return done;
    }
    return {};
  }

  Result<void> seek(const Arguments& a) {
    const std::optional<double> time_s = number(a[0]);
    if (!time_s) return fault("seek " + a[0] + ": expected seconds");
    host_.ask(command::Seek{*time_s});
    return settle();
  }

  Result<void> play(const Arguments& a) {
    if (!a.empty())
      if (Result<void> chosen = host_.choose_clip(a[0]); !chosen) return chosen;
    if (!host_.state().timeline.playing) host_.ask(command::TogglePlay{});
    return settle();
  }

  Result<void> key(const Arguments& a) {
    if (!host_.press(a[0])) return fault("there is no key '" + a[0] + "'");
    return settle();
  }

  /// Brings a widget into view and puts the mouse on it.
  Result<void> point_at(const std::string& id, double x, double y) {
    const auto place = [&](const ui::Widget& widget) {
      return ImVec2(widget.rect.min.x + static_cast<float>(x) * widget.rect.width(),
                    widget.rect.min.y + static_cast<float>(y) * widget.rect.height());
    };
    const ui::Widget* widget = host_.widgets().find(id);
    if (widget == nullptr || !widget->shows(place(*widget))) {
      host_.widgets().scroll_to = id;
      // Scrolling takes effect in the frame after the one that asks for it.
      for (int i = 0; i < 2; ++i)
        if (Result<void> done = settle(); !done) return done;
      host_.widgets().scroll_to.clear();
      widget = host_.widgets().find(id);
    }
    if (widget == nullptr) return fault("nothing on screen is called '" + id + "'" + similar(id));
    const ImVec2 at = place(*widget);
    if (!widget->shows(at)) return fault("'" + id + "' is outside of what its panel shows");
    host_.pointer().x = at.x;
    host_.pointer().y = at.y;
    return settle();
  }

  /// "; its panel has …": for the reader of the message.
  std::string similar(const std::string& id) const {
    const std::string panel = id.substr(0, id.find('.') + 1);
    std::string found;
    for (const ui::Widget& widget : host_.widgets().all())
      if (!panel.empty() && widget.id.compare(0, panel.size(), panel) == 0)
        found += (found.empty() ? "; there is " : ", ") + widget.id;
    return found;
  }

  Result<void> point_at(const Arguments& a) {
    const std::optional<double> x = a.size() > 2 ? number(a[1]) : 0.5;
    const std::optional<double> y = a.size() > 2 ? number(a[2]) : 0.5;
    if (!x || !y || a.size() == 2) return fault("expected two numbers from 0 to 1 after " + a[0]);
    return point_at(a[0], *x, *y);
  }

  Result<void> hold(bool left) {
    host_.pointer().left = left;
    return settle();
  }

  Result<void> click(const Arguments& a) { return click(a, 1); }
  Result<void> double_click(const Arguments& a) { return click(a, 2); }
  Result<void> click(const Arguments& a, int times) {
    if (Result<void> there = point_at(a); !there) return there;
    for (int i = 0; i < times; ++i) {
      if (Result<void> down = hold(true); !down) return down;
      if (Result<void> up = hold(false); !up) return up;
    }
    return settle();
  }

  Result<void> hover(const Arguments& a) { return point_at(a); }

  Result<void> drag(const Arguments& a) {
    if (Result<void> held = hold_at(a); !held) return held;
    return release(a);
  }

  Result<void> release(const Arguments&) {
    if (Result<void> up = hold(false); !up) return up;
    return settle();
  }

  Result<void> hold_at(const Arguments& a) {
    std::array<double, 4> at{};
    for (std::size_t i = 0; i < 4; ++i) {
      const std::optional<double> value = number(a[i + 1]);
      if (!value) return fault("'" + a[i + 1] + "' is no number");
      at[i] = *value;
    }
    if (Result<void> there = point_at(a[0], at[0], at[1]); !there) return there;
    if (Result<void> down = hold(true); !down) return down;
    constexpr int kMoves = 4;
    const ui::Rect rect = host_.widgets().find(a[0])->rect;
    for (int i = 1; i <= kMoves; ++i) {
      const double t = static_cast<double>(i) / kMoves;
      Pointer& pointer = host_.pointer();
      pointer.x = rect.min.x + static_cast<float>(std::lerp(at[0], at[2], t)) * rect.width();
      pointer.y = rect.min.y + static_cast<float>(std::lerp(at[1], at[3], t)) * rect.height();
      if (Result<void> moved = settle(); !moved) return moved;
    }
    return {};
  }

  Result<void> wheel(const Arguments& a) {
    const std::optional<double> steps = number(a[1]);
    if (!steps) return fault("wheel: '" + a[1] + "' is no number");
    if (Result<void> there = point_at(a[0], 0.5, 0.5); !there) return there;
    host_.pointer().wheel = static_cast<float>(*steps);
    if (Result<void> turned = settle(); !turned) return turned;
    return settle();
  }

  Result<void> type(const Arguments& a) {
    host_.pointer().text = a[0];
    if (Result<void> typed = settle(); !typed) return typed;
    return settle();
  }

  Result<void> pad(const Arguments& a) {
    const std::optional<double> value = number(a[1]);
    if (!value) return fault("pad: '" + a[1] + "' is no number");
    if (!set_control(host_.gamepad(), a[0], static_cast<float>(*value)))
      return fault("a gamepad has no control '" + a[0] + "'");
    return settle();
  }

  Result<void> resize(const Arguments& a) {
    int width = 0, height = 0, used = 0;
    if (std::sscanf(a[0].c_str(), "%dx%d%n", &width, &height, &used) != 2 ||
        static_cast<std::size_t>(used) != a[0].size() || width < 0 || height < 0 || width > 16384 ||
        height > 16384)
      return fault("resize " + a[0] + ": expected WIDTHxHEIGHT, such as 1280x720");
    host_.resize(width, height);
    return settle();
  }

  Result<void> lose_graphics(const Arguments&) {
    host_.lose_graphics();
    return settle();
  }

  Result<void> screenshot(const Arguments& a) {
    if (Result<void> drawn = settle(); !drawn) return drawn;
    return host_.screenshot(a[0], a.size() > 1 ? a[1] : "");
  }

  Result<void> record(const Arguments& a) {
    if (a[0] == "off")
      host_.ask(command::Record{{}, true});
    else
      host_.ask(command::Record{a[0], false});
    return settle();
  }

  Result<double> difference(const Arguments& a) {
    Result<Image> first = read_image(a[0]);
    if (!first) return first.error();
    Result<Image> second = read_image(a[1]);
    if (!second) return second.error();
    return share_different(*first, *second);
  }

  Result<void> compare(const Arguments& a, bool same) {
    const std::optional<double> share = a.size() > 2 ? number(a[2]) : 0.001;
    if (!share) return fault("'" + a[2] + "' is no share of the pixels");
    Result<double> found = difference(a);
    if (!found) return found.error();
    if ((*found <= *share) == same) return {};
    char text[96];
    std::snprintf(text, sizeof text, "%.4f of the pixels differ, expected %s %.4f", *found,
                  same ? "at most" : "more than", *share);
    return fault(a[0] + " and " + a[1] + ": " + text);
  }

  Result<void> same(const Arguments& a) { return compare(a, true); }
  Result<void> differ(const Arguments& a) { return compare(a, false); }

  /// Of the state, of a widget ("widget:ID", "changed:ID", "top:ID"), or how much a marked number
  /// grew.
  std::optional<Answer> answer(const std::string& name) {
    const auto after = [&](const char* prefix) -> std::optional<std::string> {
      const std::size_t length = std::char_traits<char>::length(prefix);
      if (name.compare(0, length, prefix) != 0) return std::nullopt;
      return name.substr(length);
    };
    if (name == "unexplained") return unexplained();
    constexpr std::string_view kGrown = ".grown";
    if (name.size() > kGrown.size() && name.ends_with(kGrown)) {
      const std::string marked = name.substr(0, name.size() - kGrown.size());
      const std::optional<Answer> now = answer(marked);
      const auto mark = marks_.find(marked);
      if (!now || mark == marks_.end() || !std::holds_alternative<double>(*now))
        return std::nullopt;
      return std::get<double>(*now) - mark->second;
    }
    if (const auto id = after("widget:"))
      return std::string(host_.widgets().find(*id) != nullptr ? "yes" : "no");
    if (const auto id = after("changed:")) {
      const ui::Widget* widget = host_.widgets().find(*id);
      return std::string(widget != nullptr && widget->changed ? "yes" : "no");
    }
    if (const auto id = after("top:")) {
      const ui::Widget* widget = host_.widgets().find(*id);
      if (widget == nullptr) return std::nullopt;
      return static_cast<double>(widget->rect.min.y);
    }
    return ask(host_.state(), name);
  }

  /// Controls on screen that say nothing when hovered.
  Answer unexplained() const {
    std::string ids;
    for (const ui::Widget& widget : host_.widgets().all())
      if (!widget.explained) ids += (ids.empty() ? "" : " ") + widget.id;
    return ids;
  }

  Result<void> expect(const Arguments& a) {
    const std::string relation = a.size() == 3 ? a[1] : "=";
    const std::string& wanted = a.back();
    const std::optional<Answer> found = answer(a[0]);
    if (!found) return fault("expect: nothing is known as '" + a[0] + "'");
    const std::optional<bool> holds = compare(*found, relation, wanted);
    if (!holds) return fault("expect: '" + relation + " " + wanted + "' cannot be compared");
    if (*holds) return {};
    return fault("expected " + a[0] + " " + relation + " " + wanted + ", found " +
                 (to_text(*found).empty() ? "nothing" : to_text(*found)));
  }

  static std::optional<bool> compare(const Answer& found, const std::string& relation,
                                     const std::string& wanted) {
    if (relation == "contains") return to_text(found).find(wanted) != std::string::npos;
    if (const double* value = std::get_if<double>(&found)) {
      const std::optional<double> limit = number(wanted);
      if (!limit) return std::nullopt;
      // Single precision and rounding to frames show beyond the fourth decimal.
      const bool equal = std::abs(*value - *limit) <= 1e-4 * std::max(1.0, std::abs(*limit));
      if (relation == "=") return equal;
      if (relation == "!=") return !equal;
      if (relation == "<") return *value < *limit;
      if (relation == ">") return *value > *limit;
      return std::nullopt;
    }
    if (relation == "=") return to_text(found) == wanted;
    if (relation == "!=") return to_text(found) != wanted;
    return std::nullopt;
  }

  Result<void> print(const Arguments& a) {
    const std::optional<Answer> found = answer(a[0]);
    if (!found) return fault("nothing is known as '" + a[0] + "'");
    std::printf("%s: %s\n", a[0].c_str(), to_text(*found).c_str());
    return {};
  }

  Result<void> mark(const Arguments& a) {
    const std::optional<Answer> found = answer(a[0]);
    if (!found || !std::holds_alternative<double>(*found))
      return fault("mark: '" + a[0] + "' is no number");
    marks_[a[0]] = std::get<double>(*found);
    return {};
  }

  Result<void> report(const Arguments& a) { return host_.report(a[0]); }

  ScriptHost& host_;
  std::map<std::string, double> marks_;
};

}  // namespace

Result<void> run_script(const Script& script, ScriptHost& host) {
  if (Result<void> first = host.frame(0.0); !first) return first;
  return Runner(host).run(script.name, script.steps);
}

}  // namespace canter::viewer
