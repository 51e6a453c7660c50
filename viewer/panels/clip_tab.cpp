#include <algorithm>
#include <cstdio>

#include "viewer/panels/panels.h"
#include "viewer/ui/controls.h"

namespace canter::viewer::panels {
namespace {

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[96];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
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
          ui::change(c, format("%.1f", static_cast<double>(r.source_slide_mps) * 100.0),
                     format("%.1f cm/s", static_cast<double>(r.slide_after_mps) * 100.0))
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

/// What the import noticed, in a line each; the doctor says more.
void import_notes(const ui::Context& c, const Document& document) {
  ui::heading(c, "Import");
  if (document.findings.empty()) return ui::paragraph(c, "Nothing unusual was found.");
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  for (const importer::Finding& f : document.findings) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const theme::Color color = f.state == importer::FixState::applied     ? theme::kFine
                               : f.state == importer::FixState::available ? theme::kContact
                                                                          : theme::kQuiet;
    draw.AddCircleFilled(ImVec2(at.x + c.px(4.0f), at.y + c.px(8.0f)), c.px(3.0f), color, 12);
    ImGui::Indent(c.px(16.0f));
    ui::paragraph(c, f.message, theme::kText);
    ImGui::Unindent(c.px(16.0f));
  }
  const bool fixable =
      std::any_of(document.findings.begin(), document.findings.end(),
                  [](const auto& f) { return f.state == importer::FixState::available; });
  ImGui::Dummy(ImVec2(0.0f, c.px(2.0f)));
  if (ui::wide_button(c,
                      {"clip.doctor", "Open the Import Doctor",
                       "The evidence of every finding, previews and fixes"},
                      fixable && !c.state.doctor.open))
    c.commands.push_back(command::OpenDoctor{true});
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
  if (document->preliminary)
    ui::paragraph(c, "Shown at a lower rate while the rest is prepared.", theme::kAccent);
  if (const DocumentClip* clip = c.state.clip(); clip != nullptr) about_clip(c, *clip);
  if (c.state.retargeted != nullptr) about_retarget(c, *c.state.retargeted);
  about_file(c, *document);
  import_notes(c, *document);
}

}  // namespace canter::viewer::panels
