#include "viewer/query.h"

#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "viewer/timeline.h"
#include "viewer/ui/series.h"
#include "viewer/view_table.h"

namespace canter::viewer {
namespace {

using State_ = const State&;

Answer yes_no(bool yes) {
  return std::string(yes ? "yes" : "no");
}

/// Resident memory of this process, without what the C library holds but nobody uses: that depends
/// on which thread freed last and hides a leak as well as it feigns one.
double memory_mb() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
  std::ifstream in("/proc/self/statm");
  double total = 0.0, resident = 0.0;
  in >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

Answer last_notice(State_ s) {
  return s.notices.empty() ? std::string() : s.notices.back().title + ": " + s.notices.back().text;
}

constexpr Query kQueries[] = {
    {"time", "of the cursor, s", [](State_ s) -> Answer { return s.timeline.time_s; }},
    {"frame", "nearest to the cursor",
     [](State_ s) -> Answer { return static_cast<double>(current_frame(s.timeline)); }},
    {"duration", "of the clip, s", [](State_ s) -> Answer { return s.timeline.duration_s; }},
    {"in", "point, s", [](State_ s) -> Answer { return s.timeline.in_s; }},
    {"out", "point, s", [](State_ s) -> Answer { return s.timeline.out_s; }},
    {"speed", "as a factor; negative: backwards",
     [](State_ s) -> Answer { return static_cast<double>(s.timeline.speed); }},
    {"playing", "yes or no", [](State_ s) { return yes_no(s.timeline.playing); }},
    {"loop", "yes or no", [](State_ s) { return yes_no(s.timeline.loop); }},
    {"document", "name of the file on stage",
     [](State_ s) -> Answer { return s.document() != nullptr ? s.document()->title : ""; }},
    {"clip", "its name",
     [](State_ s) -> Answer { return s.clip() != nullptr ? s.clip()->name : ""; }},
    {"shown_on", "what it plays on", [](State_ s) -> Answer { return s.shown_on; }},
    {"documents", "open files",
     [](State_ s) -> Answer { return static_cast<double>(s.documents.size()); }},
    {"notices", "messages over the view",
     [](State_ s) -> Answer { return static_cast<double>(s.notices.size()); }},
    {"notice", "the newest message", last_notice},
    {"panels", "yes or no", [](State_ s) { return yes_no(s.view.panels); }},
    {"tab", "of the inspector, from 0",
     [](State_ s) -> Answer { return static_cast<double>(s.view.tab); }},
    {"help", "yes or no", [](State_ s) { return yes_no(s.view.help); }},
    {"hint", "yes or no: whether the first-run hint shows",
     [](State_ s) { return yes_no(s.hint); }},
    {"budget_us", "of the simulation of a frame",
     [](State_ s) -> Answer { return static_cast<double>(s.budget_us); }},
    {"quality", "that was asked for", [](State_ s) -> Answer { return s.quality_wanted; }},
    {"seam_mm", "the farthest a joint jumps where the loop closes",
     [](State_ s) -> Answer {
       return s.clip() != nullptr ? static_cast<double>(s.clip()->tracks.seam.gap_m) * 1000.0 : 0.0;
     }},
    {"foot_slide_cm_s", "mean speed of standing feet",
     [](State_ s) -> Answer {
       return s.clip() != nullptr ? static_cast<double>(s.clip()->tracks.foot_slide_m_s) * 100.0
                                  : 0.0;
     }},
    {"hover", "time the mouse reads, s; -1: none",
     [](State_ s) -> Answer { return s.hover_s.value_or(-1.0); }},
    {"looking_back", "yes or no: whether a frame of the history is looked at",
     [](State_ s) { return yes_no(s.held != nullptr); }},
    {"doctor", "yes or no: whether its card is open",
     [](State_ s) { return yes_no(s.doctor.open); }},
    {"preview", "yes or no: whether a fix is previewed",
     [](State_ s) { return yes_no(s.doctor.preview != nullptr); }},
    {"fixes", "that were applied to the file on stage, with blanks between",
     [](State_ s) -> Answer {
       std::string codes;
       if (s.document() != nullptr)
         for (const std::string& fix : s.document()->recipe.fixes)
           codes += (codes.empty() ? "" : " ") + fix;
       return codes;
     }},
    {"ground_cm", "height the clip stands at",
     [](State_ s) -> Answer {
       return s.clip() != nullptr ? static_cast<double>(s.clip()->tracks.contacts.ground_m) * 100.0
                                  : 0.0;
     }},
    {"unit_m", "metres per unit of the file on stage",
     [](State_ s) -> Answer {
       return s.document() != nullptr ? static_cast<double>(s.document()->unit_m) : 0.0;
     }},
    {"height_m", "of the skeleton on stage",
     [](State_ s) -> Answer {
       return s.document() != nullptr ? static_cast<double>(s.document()->height_m) : 0.0;
     }},
    {"recording", "file that is being written", [](State_ s) -> Answer { return s.recording; }},
    {"blend_slide_cm_s", "of the inertialized transition on the blend bench; -1: none",
     [](State_ s) -> Answer {
       return s.blend.result == nullptr
                  ? -1.0
                  : 100.0 * static_cast<double>(s.blend.result->foot_slide_m_s[kInertialize]);
     }},
    {"beside", "what stands beside the clip",
     [](State_ s) -> Answer { return s.compared != nullptr ? s.compared->title : ""; }},
    {"difference_now_cm", "mean distance between the compared joints at the cursor",
     [](State_ s) -> Answer {
       const double at =
           s.timeline.duration_s > 0.0 ? s.timeline.time_s / s.timeline.duration_s : 0.0;
       return 100.0 * static_cast<double>(plot::value_at(s.difference_m, static_cast<float>(at)));
     }},
    {"body", "what moves the character: kinematic, simulated or ragdoll",
     [](State_ s) -> Answer {
       constexpr const char* kModes[] = {"kinematic", "simulated", "ragdoll"};
       return s.body.view.state == nullptr
                  ? kModes[0]
                  : kModes[static_cast<std::size_t>(s.body.view.state->mode)];
     }},
    {"body_policy", "what drives the body; empty: no policy",
     [](State_ s) -> Answer {
       const auto& choices = s.body.choices;
       const auto i = static_cast<std::size_t>(s.body.choice);
       return i < choices.size() && choices[i] != nullptr ? choices[i]->words : std::string();
     }},
    {"body_reward", "of the body's last action, 0 to 1",
     [](State_ s) -> Answer {
       return s.body.view.state == nullptr ? 0.0
                                           : static_cast<double>(s.body.view.state->reward_paper);
     }},
    {"body_ends", "times the body began again",
     [](State_ s) -> Answer {
       return s.body.view.state == nullptr ? 0.0 : static_cast<double>(s.body.view.state->num_ends);
     }},
    {"boxes", "thrown at the body that are still there",
     [](State_ s) -> Answer { return static_cast<double>(s.body.num_boxes); }},
    {"pull_n", "force with which the mouse pulls the body; 0: it does not",
     [](State_ s) -> Answer {
       return s.body.hold ? static_cast<double>(glm::length(s.body.hold->force_n)) : 0.0;
     }},
    {"phase", "of the shown character's primary channel, cycles; -1: none",
     [](State_ s) -> Answer {
       return s.phase.shown.main() == nullptr ? -1.0
                                              : static_cast<double>(s.phase.shown.main()->phase);
     }},
    {"phase_mode", "what made it: none, centred, carried, past-only or frame",
     [](State_ s) -> Answer { return std::string(phase::mode_name(s.phase.shown.mode)); }},
    {"phase_hz", "its speed, cycles per second; 0: none",
     [](State_ s) -> Answer {
       return s.phase.shown.main() == nullptr
                  ? 0.0
                  : static_cast<double>(s.phase.shown.main()->frequency_hz);
     }},
    {"phase_ahead", "of what it is held against, cycles without sign; 1: nothing",
     [](State_ s) -> Answer {
       const auto *shown = s.phase.shown.main(), *beside = s.phase.beside.main();
       return shown == nullptr || beside == nullptr
                  ? 1.0
                  : static_cast<double>(
                        std::abs(phase::cycle_difference(shown->phase, beside->phase)));
     }},
    {"training_samples", "that the body has learned from here",
     [](State_ s) -> Answer { return static_cast<double>(s.body.training.samples); }},
    {"training", "yes or no: whether a body learns now",
     [](State_ s) { return yes_no(s.body.training.active()); }},
    {"opened_ms", "from dropping the last file to its first pose",
     [](State_ s) -> Answer { return static_cast<double>(s.opened_ms); }},
    {"undo_depth", "changes that can be undone",
     [](State_ s) -> Answer { return static_cast<double>(s.undo_depth); }},
    {"redo_depth", "changes that can be redone",
     [](State_ s) -> Answer { return static_cast<double>(s.redo_depth); }},
    {"memory_mb", "resident memory, MB", [](State_) -> Answer { return memory_mb(); }},
};

}  // namespace

std::span<const Query> queries() {
  return kQueries;
}

std::optional<Answer> ask(const State& state, std::string_view name) {
  const auto query = std::find_if(std::begin(kQueries), std::end(kQueries),
                                  [&](const Query& q) { return name == q.name; });
  for (const ViewFlag& flag : view_flags())
    if (name == flag.name) return yes_no(state.view.*flag.value);
  for (const ViewNumber& n : view_numbers())
    if (name == n.name) return static_cast<double>(state.view.*n.value);
  if (query == std::end(kQueries)) return std::nullopt;
  return query->answer(state);
}

std::string to_text(const Answer& answer) {
  if (const std::string* text = std::get_if<std::string>(&answer)) return *text;
  char number[32];
  std::snprintf(number, sizeof number, "%.6g", std::get<double>(answer));
  return number;
}

}  // namespace canter::viewer
