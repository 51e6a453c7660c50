#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "viewer/panels/panels.h"
#include "viewer/ui/controls.h"
#include "viewer/ui/plot.h"

namespace canter::viewer::panels {
namespace {

using Status = TrainingProgress::Status;

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[96];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

std::string clock_text(double seconds) {
  const int s = static_cast<int>(seconds);
  return format("%d:%02d", s / 60, s % 60);
}

/// A dark field of this height over the whole width, for a plot.
ui::Rect field(const ui::Context& c, float height) {
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ui::Rect area{min, {min.x + ImGui::GetContentRegionAvail().x, min.y + c.px(height)}};
  ImGui::GetWindowDrawList()->AddRectFilled(area.min, area.max, theme::kRaised,
                                            c.px(theme::kRound));
  return area;
}

const char* status_text(Status status) {
  switch (status) {
    case Status::running:
      return "learning";
    case Status::paused:
      return "paused";
    case Status::stopping:
      return "stopping";
    case Status::stopped:
      return "stopped";
    case Status::failed:
      return "failed";
    case Status::none:
      break;
  }
  return "";
}

/// Return over time, evaluated and while exploring; the axis ends now.
void learning_curve(const ui::Context& c, const TrainingProgress& t) {
  const ui::Rect area = field(c, 112.0f);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const ui::Rect inside{{area.min.x + c.px(6.0f), area.min.y + c.px(20.0f)},
                        {area.max.x - c.px(6.0f), area.max.y - c.px(6.0f)}};
  const double end_s = std::max(t.seconds, 1.0);
  const auto place = [&](const TrainingPoint& p, float value) {
    const float x = static_cast<float>(p.seconds / end_s);
    return ImVec2(inside.min.x + x * inside.width(),
                  inside.max.y - std::clamp(value, 0.0f, 1.0f) * inside.height());
  };
  plot::level(draw, inside, 1.0f, {0.0f, 1.0f}, theme::kLine);
  plot::level(draw, inside, 0.5f, {0.0f, 1.0f}, theme::kLine);
  std::vector<ImVec2> noisy, evaluated;
  for (const TrainingPoint& p : t.curve) {
    noisy.push_back(place(p, p.noisy_reward));
    if (p.evaluated) evaluated.push_back(place(p, p.reward));
  }
  draw.AddPolyline(noisy.data(), static_cast<int>(noisy.size()), theme::kQuiet, 0, c.px(1.0f));
  draw.AddPolyline(evaluated.data(), static_cast<int>(evaluated.size()), theme::kAccent, 0,
                   c.px(2.0f));
  for (const ImVec2& p : evaluated) draw.AddCircleFilled(p, c.px(2.5f), theme::kAccent, 10);
  ui::text_at(draw, c.fonts.small, ImVec2(area.min.x + c.px(6.0f), area.min.y + c.px(3.0f)),
              theme::kQuiet, "return, of 1");
  ui::text_at(draw, c.fonts.small_number, ImVec2(area.max.x - c.px(6.0f), area.min.y + c.px(3.0f)),
              theme::kText, clock_text(t.seconds), 1.0f);
  ImGui::InvisibleButton("body.curve", ImVec2(area.width(), area.height()));
  ui::mark(c, "body.curve",
           "Orange: return without noise from evenly spread starts, 1 is perfect for 20 s. Grey: "
           "mean reward of a step while it explores");
}

void training(const ui::Context& c) {
  const TrainingProgress& t = c.state.body.training;
  ui::heading(c, "Train here");
  if (!can_train()) {
    ui::paragraph(c, "This build has no trainer: install libdnnl-dev and configure again.");
    return;
  }
  if (t.status == Status::none || t.status == Status::stopped || t.status == Status::failed) {
    if (ui::wide_button(c,
                        {"body.train", "Train on this clip",
                         "The body learns the clip on the other cores, and performs with the "
                         "newest policy every few seconds"},
                        c.state.body.choices.size() < 2))
      c.commands.push_back(command::StartTraining{});
    if (t.status == Status::none) {
      ui::paragraph(c, "A walk takes about a minute or two; a flip some minutes.");
      return;
    }
  }
  if (!t.error.empty()) ui::paragraph(c, t.error, theme::kOver);
  learning_curve(c, t);
  ui::row(c, t.clip.c_str(), status_text(t.status),
          t.status == Status::running ? theme::kAccent : theme::kText);
  if (t.starts > 0) {
    ui::row(c, "Best return", format("%.3f", static_cast<double>(t.best_reward)).c_str());
    ui::row(c, "Mean life", format("%.1f s", static_cast<double>(t.life_s)).c_str());
    ui::row(c, "Survive", format("%d of %d", t.survived, t.starts).c_str());
  }
  ui::row(c, "Samples", format("%.2f M", static_cast<double>(t.samples) * 1e-6).c_str());
  if (c.state.view.timings)
    ui::row(c, "Samples per second", format("%.0f", t.samples_per_s).c_str());
  if (t.active()) {
    const bool paused = t.status == Status::paused;
    if (ui::text_button(c, "body.pause", paused ? "go on" : "pause",
                        "Training stands still; the body performs on", paused))
      c.commands.push_back(command::PauseTraining{!paused});
    ImGui::SameLine(0.0f, c.px(4.0f));
    if (ui::text_button(c, "body.stop", "stop", "Ends training; the best policy stays"))
      c.commands.push_back(command::StopTraining{});
    ImGui::SameLine(0.0f, c.px(4.0f));
  }
  if (ui::text_button(c, "body.keep", "keep the best",
                      "Writes the best policy so far as CLIP.policy.safetensors"))
    c.commands.push_back(command::KeepPolicy{});
  if (!c.state.body.kept.empty()) ui::paragraph(c, "Kept as " + c.state.body.kept, theme::kFine);
}

void policies(const ui::Context& c) {
  const BodyPanel& body = c.state.body;
  ui::heading(c, "Driven by");
  for (std::size_t i = 0; i < body.choices.size(); ++i) {
    const BodyPolicyPtr& p = body.choices[i];
    const std::string words = p == nullptr ? "muscles that follow the clip, no policy" : p->words;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 size(ImGui::GetContentRegionAvail().x, c.px(24.0f));
    const std::string id = "body.policy." + std::to_string(i);
    const bool clicked = ImGui::InvisibleButton(id.c_str(), size);
    const bool chosen = static_cast<int>(i) == body.choice;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    if (chosen || ImGui::IsItemHovered())
      draw.AddRectFilled(at, ImVec2(at.x + size.x, at.y + size.y),
                         chosen ? theme::with_alpha(theme::kAccent, 0.16f) : theme::kHovered,
                         c.px(theme::kRound));
    ui::text_at(draw, c.fonts.small,
                ImVec2(at.x + c.px(8.0f), at.y + 0.5f * (size.y - c.fonts.small->FontSize)),
                chosen ? theme::kText : theme::kQuiet,
                ui::fit(c.fonts.small, words, size.x - c.px(16.0f)));
    ui::mark(c, id, "Lets this policy drive the body from its next action on");
    if (clicked) c.commands.push_back(command::ChoosePolicy{static_cast<int>(i)});
  }
}

void how_it_fares(const ui::Context& c) {
  const BodyPanel& body = c.state.body;
  if (body.view.task == nullptr) return;
  const BodyState& s = *body.view.state;
  ui::heading(c, "How it fares");
  ui::row(c, "Reward", format("%.3f", static_cast<double>(s.reward_paper)).c_str());
  ui::row(c, "Joint error",
          format("%.1f deg", static_cast<double>(s.joint_error_rad) * 57.29578).c_str());
  ui::row(c, "Position error",
          format("%.1f cm", static_cast<double>(s.position_error_m) * 100.0).c_str());
  ui::row(c, "Begun again", format("%u times", s.num_ends).c_str(),
          s.num_ends == 0 ? theme::kFine : theme::kText);
  if (s.num_ends > 0) ui::paragraph(c, std::string("Last: ") + mimic::describe(s.last_end));
}

void reward_terms(const ui::Context& c) {
  const BodyHistory& history = c.state.body.history;
  ui::heading(c, "Reward, last 10 s");
  const auto rows = reward_rows();
  if (history.terms.size() != rows.size()) return;
  const auto curve = [&](const char* name, const char* tip, const std::vector<float>& values,
                         theme::Color color) {
    const ui::Rect area = field(c, 30.0f);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const float share =
        static_cast<float>(values.size()) / static_cast<float>(BodyHistory::kActions);
    const float label = c.px(84.0f), number = c.px(44.0f);
    const ui::Rect inside{{area.min.x + label, area.min.y + c.px(3.0f)},
                          {area.max.x - number, area.max.y - c.px(3.0f)}};
    const ui::Rect known{{inside.max.x - share * inside.width(), inside.min.y}, inside.max};
    plot::curve(draw, known, values, {0.0f, 1.0f}, color, c.px(1.5f));
    const float y = area.min.y + 0.5f * (area.height() - c.fonts.small->FontSize);
    ui::text_at(draw, c.fonts.small, ImVec2(area.min.x + c.px(6.0f), y), color, name);
    if (!values.empty())
      ui::text_at(draw, c.fonts.small_number, ImVec2(area.max.x - c.px(6.0f), y), theme::kText,
                  format("%.2f", static_cast<double>(values.back())), 1.0f);
    const std::string id = std::string("body.reward.") + name;
    ImGui::InvisibleButton(id.c_str(), ImVec2(area.width(), area.height()));
    ui::mark(c, id, tip);
  };
  curve("reward", "All terms, weighted as published; 1 is the reference itself", history.reward,
        theme::kAccent);
  for (std::size_t i = 0; i < rows.size(); ++i)
    curve(rows[i].name, rows[i].tip, history.terms[i], theme::kSeries[i]);
}

void torques(const ui::Context& c) {
  const BodyView& view = c.state.body.view;
  if (view.task == nullptr) return;
  ui::heading(c, "Torque, of each joint's limit");
  const auto& joints = view.task->model().body().joints;
  for (std::size_t j = 0; j < joints.size(); ++j) {
    if (!(joints[j].torque_limit_nm > 0.0f)) continue;
    const float share = view.torque_shares[j];
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, height = c.px(17.0f);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const float bar = at.x + c.px(108.0f), end = at.x + width - c.px(44.0f);
    draw.AddRectFilled(ImVec2(bar, at.y + c.px(4.0f)), ImVec2(end, at.y + c.px(11.0f)),
                       theme::kRaised, c.px(2.0f));
    draw.AddRectFilled(
        ImVec2(bar, at.y + c.px(4.0f)),
        ImVec2(bar + std::clamp(share, 0.0f, 1.0f) * (end - bar), at.y + c.px(11.0f)),
        share > 0.98f ? theme::kOver : theme::kFine, c.px(2.0f));
    ui::text_at(draw, c.fonts.small, at, theme::kQuiet, joints[j].name);
    ui::text_at(draw, c.fonts.small_number, ImVec2(at.x + width, at.y), theme::kText,
                format("%.0f %%", static_cast<double>(share) * 100.0), 1.0f);
    ImGui::Dummy(ImVec2(width, height - ImGui::GetStyle().ItemSpacing.y));
  }
}

void throw_boxes(const ui::Context& c) {
  if (const auto m_s =
          ui::slider(c, {"body.throw_m_s", "Throw", "How fast a box flies that is thrown"},
                     c.state.body.throw_m_s, {2.0f, 20.0f, 8.0f, "m/s", 0}))
    c.commands.push_back(command::SetThrow{*m_s});
  if (ui::text_button(c, "body.throw", "a box (X)",
                      "Throws a box of 20 cm and 0.8 kg at the body, from where you look"))
    c.commands.push_back(command::ThrowBox{});
}

void hands_on(const ui::Context& c) {
  const BodyPanel& body = c.state.body;
  ui::heading(c, "Hands on");
  if (const auto n =
          ui::slider(c, {"body.push_n", "Push", "Force of a push on the pelvis, for 0.2 s"},
                     body.push_n, {50.0f, 600.0f, 150.0f, "N", 0}))
    c.commands.push_back(command::SetPush{*n});
  struct Way {
    const char* id;
    const char* label;
    float forward, left;
  };
  constexpr std::array<Way, 4> kWays = {{{"body.push.forward", "forward", 1, 0},
                                         {"body.push.back", "back", -1, 0},
                                         {"body.push.left", "left", 0, 1},
                                         {"body.push.right", "right", 0, -1}}};
  for (const Way& way : kWays) {
    if (ui::text_button(c, way.id, way.label, "Pushes the pelvis this way"))
      c.commands.push_back(command::PushBody{way.forward * body.push_n, way.left * body.push_n});
    ImGui::SameLine(0.0f, c.px(4.0f));
  }
  ImGui::NewLine();
  throw_boxes(c);
  if (const auto on =
          ui::toggle(c,
                     {"body.pull", "Pull with the mouse (P)",
                      "Left drag on the body takes a limb and pulls it, with up to 600 N"},
                     body.pulls, false))
    c.commands.push_back(command::SetPull{*on});
  const bool limp = body.view.state != nullptr && body.view.state->mode == BodyMode::ragdoll;
  if (ui::text_button(c, "body.reset", "put back", "Back onto the reference, where that is now"))
    c.commands.push_back(command::ResetBody{});
  ImGui::SameLine(0.0f, c.px(4.0f));
  if (ui::text_button(c, "body.limp", "limp", "No muscles: a ragdoll", limp))
    c.commands.push_back(command::SetRagdoll{!limp});
  if (const auto on =
          ui::toggle(c, {"body.reference", "Show the clip", "What the body imitates, in teal"},
                     c.state.view.reference, true))
    c.commands.push_back(command::SetFlag{&ViewSettings::reference, *on});
  if (!c.state.view.reference) return;
  if (const auto on = ui::toggle(
          c,
          {"body.beside", "Beside it", "The clip beside the body; otherwise a ghost in its place"},
          c.state.view.beside, true))
    c.commands.push_back(command::SetFlag{&ViewSettings::beside, *on});
}

}  // namespace

void body_tab(const ui::Context& c) {
  const BodyPanel& body = c.state.body;
  if (c.state.clip() == nullptr) {
    ui::paragraph(c,
                  "No clip is on stage. Open one, or drop a policy (.safetensors) to see it "
                  "performed.");
    return;
  }
  if (body.setup == nullptr) {
    ui::paragraph(c,
                  "A clip moves the character. Give it a body, and it has to do the motion "
                  "itself, against gravity and pushes.");
    if (ui::wide_button(c,
                        {"body.simulate", "Simulate this clip",
                         "Muscles, floor and gravity instead of keys; with the policy that ships "
                         "for the clip, if there is one"},
                        true))
      c.commands.push_back(command::Simulate{true});
    training(c);
    return;
  }
  policies(c);
  // What one watches comes first.
  const bool learning = body.training.active();
  if (learning) training(c);
  how_it_fares(c);
  hands_on(c);
  reward_terms(c);
  if (!learning) training(c);
  torques(c);
  ImGui::Dummy(ImVec2(0.0f, c.px(4.0f)));
  if (ui::wide_button(c,
                      {"body.dismiss", "Back to the clip", "The clip moves the character again"}))
    c.commands.push_back(command::Simulate{false});
}

}  // namespace canter::viewer::panels
