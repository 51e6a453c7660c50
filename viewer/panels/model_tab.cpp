#include <algorithm>
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

std::string bytes_text(std::size_t bytes) {
  const auto b = static_cast<double>(bytes);
  return bytes < 1000000 ? format("%.1f kB", b * 1e-3) : format("%.2f MB", b * 1e-6);
}

theme::Color verdict_color(nn::Verdict verdict) {
  return verdict == nn::Verdict::green   ? theme::kFine
         : verdict == nn::Verdict::amber ? theme::kContact
                                         : theme::kOver;
}

/// What the passport came to, as a light and its numbers.
void passport(const ui::Context& c, const ModelDocument& model) {
  ui::heading(c, "Passport");
  if (!model.verification) {
    ui::paragraph(c,
                  "The file carries none. canter model convert writes one that proves, on every "
                  "load, that what was exported is what runs.");
    return;
  }
  const nn::Verification& v = *model.verification;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::GetWindowDrawList()->AddCircleFilled(ImVec2(at.x + c.px(5.0f), at.y + c.px(9.0f)),
                                              c.px(5.0f), verdict_color(v.verdict), 16);
  ImGui::Indent(c.px(18.0f));
  ui::row(c, "Verdict", nn::verdict_name(v.verdict), verdict_color(v.verdict));
  ImGui::Unindent(c.px(18.0f));
  ui::row(c, "Largest error", format("%.2e", v.max_abs_error).c_str());
  ui::row(c, "Green up to", format("%.2e", v.allowed).c_str());
  const float room = 0.6f * ImGui::GetContentRegionAvail().x;
  ui::row(c, "Worst layer", ui::fit(c.fonts.text, v.worst_layer, room).c_str());
  for (const std::string& finding : v.findings) ui::paragraph(c, finding, theme::kContact);
}

void about(const ui::Context& c, const ModelDocument& model) {
  ui::heading(c, model.title.c_str());
  ui::row(c, "Format", model.format.c_str());
  if (!model.source.empty()) ui::row(c, "From", model.source.c_str());
  ui::row(c, "Precision", model.precision.c_str());
  for (const ModelDocument::Value& v : model.inputs)
    ui::row(c, ("In: " + v.name).c_str(), v.shape.c_str());
  for (const ModelDocument::Value& v : model.outputs)
    ui::row(c, ("Out: " + v.name).c_str(), v.shape.c_str());
  ui::row(c, "Parameters",
          format("%lld", static_cast<long long>(model.summary.parameters)).c_str());
  ui::row(c, "Weights", bytes_text(model.weight_bytes).c_str());
  ui::row(c, "Workspace", bytes_text(model.workspace_bytes).c_str());
}

constexpr float kNumberColumn = 56.0f;

/// Name and operator at the left, size and time at the right, the share of the time as a bar below.
void layer_row(const ui::Context& c, const ModelDocument& model, std::size_t index) {
  const ModelDocument::Layer& layer = model.layers[index];
  const bool timings = c.state.view.timings;
  const float width = ImGui::GetContentRegionAvail().x;
  const float height = c.px(36.0f);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float names = width - 2.0f * c.px(kNumberColumn) - c.px(4.0f);
  ui::text_at(draw, c.fonts.small, ImVec2(at.x, at.y + c.px(2.0f)), theme::kText,
              ui::fit(c.fonts.small, layer.op, names));
  ui::text_at(draw, c.fonts.small, ImVec2(at.x, at.y + c.px(16.0f)), theme::kQuiet,
              ui::fit(c.fonts.small, layer.name, names));
  ui::text_at(draw, c.fonts.small_number,
              ImVec2(at.x + width - c.px(kNumberColumn), at.y + c.px(2.0f)), theme::kQuiet,
              layer.weight_bytes == 0 ? "" : bytes_text(layer.weight_bytes), 1.0f);
  if (timings) {
    ui::text_at(draw, c.fonts.small_number, ImVec2(at.x + width, at.y + c.px(2.0f)), theme::kText,
                format("%.2f", static_cast<double>(layer.us)), 1.0f);
    const float share = model.total_us > 0.0f ? std::min(layer.us / model.total_us, 1.0f) : 0.0f;
    const float bottom = at.y + height - c.px(3.0f);
    draw.AddRectFilled(ImVec2(at.x, bottom - c.px(2.0f)), ImVec2(at.x + share * width, bottom),
                       theme::kAccent, c.px(1.0f));
  }
  const std::string id = "model.layer." + std::to_string(index);
  ImGui::InvisibleButton(id.c_str(), ImVec2(width, height));
  ui::mark(c, id,
           (layer.op + " " + layer.name + ": " + std::to_string(layer.parameters) +
            " parameters. The bar: its share of a run.")
               .c_str());
}

void layers(const ui::Context& c, const ModelDocument& model) {
  ui::heading(c, "Layers");
  if (c.state.view.timings)
    ui::row(c, "A run of one example",
            format("%.2f \u00b5s", static_cast<double>(model.total_us)).c_str());
  const float width = ImGui::GetContentRegionAvail().x;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  ui::text_at(draw, c.fonts.small, at, theme::kFaint, "in the order in which they run");
  ui::text_at(draw, c.fonts.small, ImVec2(at.x + width - c.px(kNumberColumn), at.y), theme::kFaint,
              "weights", 1.0f);
  if (c.state.view.timings)
    ui::text_at(draw, c.fonts.small, ImVec2(at.x + width, at.y), theme::kFaint, "\u00b5s", 1.0f);
  ImGui::Dummy(ImVec2(width, c.px(14.0f)));
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const ModelDocument::Layer& layer = model.layers[i];
    // What costs nothing and holds nothing was worked out when the network was planned.
    if (layer.us > 0.0f || layer.weight_bytes > 0) layer_row(c, model, i);
  }
}

}  // namespace

void model_tab(const ui::Context& c) {
  if (c.state.model == nullptr) {
    ui::paragraph(
        c,
        "No network is open. Drop an .onnx, .safetensors, .npz or .pt file on the window. "
        "Weights without a graph need an architecture file beside them: the same name "
        "with .json.");
    return;
  }
  const ModelDocument& model = *c.state.model;
  about(c, model);
  passport(c, model);
  layers(c, model);
  if (!model.notes.empty()) ui::heading(c, "Notes");
  for (const std::string& note : model.notes) ui::paragraph(c, note);
}

}  // namespace canter::viewer::panels
