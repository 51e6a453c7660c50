#include <cstdio>

#include "viewer/panels/panels.h"

namespace canter::viewer::panels {
namespace {

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[96];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

const char* state_word(importer::FixState state) {
  switch (state) {
    case importer::FixState::applied:
      return "fixed";
    case importer::FixState::available:
      return "can be fixed";
    case importer::FixState::none:
      return "noted";
  }
  return "";
}

theme::Color state_color(importer::FixState state) {
  switch (state) {
    case importer::FixState::applied:
      return theme::kFine;
    case importer::FixState::available:
      return theme::kContact;
    case importer::FixState::none:
      return theme::kQuiet;
  }
  return theme::kQuiet;
}

/// What the Import Doctor noticed: the sentence, the numbers, and what was done about it.
void finding(const ui::Context& c, const importer::Finding& f) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const ImVec2 top = ImGui::GetCursorScreenPos();
  ImGui::Indent(c.px(12.0f));
  ui::paragraph(c, f.message, theme::kText);
  if (!f.evidence.empty()) ui::paragraph(c, f.evidence);
  std::string outcome = state_word(f.state);
  if (!f.fix.empty()) outcome += ": " + f.fix;
  ui::paragraph(c, outcome, state_color(f.state));
  ImGui::Unindent(c.px(12.0f));
  const float bottom = ImGui::GetCursorScreenPos().y - c.px(4.0f);
  draw.AddRectFilled(ImVec2(top.x, top.y + c.px(2.0f)), ImVec2(top.x + c.px(3.0f), bottom),
                     state_color(f.state), c.px(1.5f));
  ImGui::Dummy(ImVec2(0.0f, c.px(4.0f)));
}

void about_clip(const ui::Context& c, const DocumentClip& d) {
  const Clip& clip = d.clip;
  ui::heading(c, d.name.c_str());
  ui::row(c, "Duration", format("%.3f s", static_cast<double>(clip.duration_s())).c_str());
  ui::row(c, "Frames", format("%d", clip.num_frames()).c_str());
  ui::row(c, "Rate", format("%.2f Hz", static_cast<double>(clip.rate_hz())).c_str());
  ui::row(c, "Compressed",
          format("%.1f kB of %.1f kB", static_cast<double>(d.compression.bytes) / 1000.0,
                 static_cast<double>(d.compression.raw_bytes) / 1000.0)
              .c_str());
  ui::row(c, "Largest error",
          format("%.3f mm", static_cast<double>(d.compression.error.max_error_m) * 1000.0).c_str());
  if (!d.tracks.contacts.feet.empty())
    ui::row(c, "Foot slide",
            format("%.1f cm/s", static_cast<double>(d.tracks.foot_slide_m_s) * 100.0).c_str());
}

/// What became of the clip on another skeleton.
void about_retarget(const ui::Context& c, const RetargetedClip& carried) {
  const RetargetReport& r = carried.report;
  ui::heading(c, "Retargeted");
  ui::row(c, "To", carried.body->title.c_str());
  ui::row(c, "Size", format("%.3f", static_cast<double>(r.scale)).c_str());
  ui::row(c, "Joints driven",
          format("%d of %d", r.mapped, carried.body->skeleton.num_joints()).c_str());
  ui::row(c, "Foot slide",
          format("%.1f > %.1f cm/s", static_cast<double>(r.source_slide_mps) * 100.0,
                 static_cast<double>(r.slide_after_mps) * 100.0)
              .c_str());
}

void about_file(const ui::Context& c, const Document& d) {
  ui::heading(c, "File");
  ui::row(c, "Format", d.format.c_str());
  ui::row(c, "Joints", format("%d", d.skeleton.num_joints()).c_str());
  if (d.mesh.has_value()) {
    ui::row(c, "Vertices", format("%zu", d.mesh->vertices.size()).c_str());
    ui::row(c, "Triangles", format("%zu", d.mesh->indices.size() / 3).c_str());
  }
  ui::row(c, "Height", format("%.2f m", static_cast<double>(d.height_m)).c_str());
  ui::row(c, "Unit", format("%g m", static_cast<double>(d.unit_m)).c_str());
  ui::row(c, "Up", d.up_axis.c_str());
  if (c.state.view.timings)
    ui::row(c, "Opened in", format("%.0f ms", static_cast<double>(d.load_ms)).c_str());
}

}  // namespace

void clip_tab(const ui::Context& c) {
  const Document* document = c.state.document();
  if (document == nullptr) {
    ui::paragraph(c,
                  "Nothing is open. Drop a BVH, FBX, glTF, Collada, DeepMimic or .clip file on "
                  "the window, or choose one at the left.");
    return;
  }
  if (const DocumentClip* clip = c.state.clip(); clip != nullptr) about_clip(c, *clip);
  if (c.state.retargeted != nullptr) about_retarget(c, *c.state.retargeted);
  about_file(c, *document);
  ui::heading(c, "Import");
  if (document->findings.empty()) ui::paragraph(c, "Nothing unusual was found.");
  ImGui::Dummy(ImVec2(0.0f, c.px(2.0f)));
  for (const importer::Finding& f : document->findings) finding(c, f);
}

}  // namespace canter::viewer::panels
