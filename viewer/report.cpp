#include "viewer/report.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

namespace canter::viewer {
namespace {

nlohmann::ordered_json row(const char* name, const char* group, const Trace::Stats& s) {
  return {{"name", name},       {"group", group},     {"p50_us", s.p50_us},
          {"p95_us", s.p95_us}, {"p99_us", s.p99_us}, {"max_us", s.max_us}};
}

void add_rows(nlohmann::ordered_json& stages, const char* group, const Trace* trace) {
  if (trace == nullptr) return;
  for (int s = 0; s < trace->num_stages(); ++s)
    stages.push_back(row(trace->stage_name(s), group, trace->stats(s)));
}

}  // namespace

Result<void> write_report(const std::string& path, const Options& options, const State& state) {
  nlohmann::ordered_json stages = nlohmann::ordered_json::array();
  add_rows(stages, "simulation", state.simulation);
  add_rows(stages, "drawing", state.drawing);
  nlohmann::ordered_json report;
  report["stages"] = std::move(stages);
  report["frames"] = state.drawing->num_frames();
  report["measured_frames"] = state.drawing->num_kept();
  const Trace::Stats frame = state.drawing->stats(-1);
  report["frame_p50_us"] = frame.p50_us;
  report["frame_p99_us"] = frame.p99_us;
  if (state.simulation != nullptr) report["simulation_p50_us"] = state.simulation->stats(-1).p50_us;
  report["width"] = options.width;
  report["height"] = options.height;
  report["seed"] = options.seed;
  report["renderer"] = state.renderer;
  report["quality"] = state.quality;
  if (const Document* d = state.document(); d != nullptr) report["file"] = d->path;
  if (const DocumentClip* c = state.clip(); c != nullptr) report["clip"] = c->name;
  report["time_s"] = state.timeline.time_s;

  std::ofstream out(path);
  out << report.dump(2) << '\n';
  out.close();
  if (!out)
    return Error{ErrorCode::io, path + ": cannot write the report: " + std::strerror(errno)};
  return {};
}

}  // namespace canter::viewer
