// canter phase extract: the phases of a clip, baked into a file.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "canter/import/import.h"
#include "canter/phase/track.h"
#include "command.h"
#include "phase.h"
#include "phase_motions.h"

namespace canter::tools {
namespace {

struct ExtractArguments {
  std::string clip, out;
  std::string network = shipped_phase_network();
  bool live = false;
  bool json = false;
};

void extract(const ExtractArguments& a) {
  const auto scene = require(importer::load_file(a.clip));
  if (scene.clips.empty()) throw bad_data(a.clip + ": holds no clip");
  const phase::Autoencoder network = load_phase_network(a.network);
  const phase::Body body = phase::make_body(scene.skeleton);
  const RawClip& clip = scene.clips.front();
  if (3 * body.num_points() != network.info().dims)
    throw bad_data(fmt::format("{}: trained on {} points; a humanoid has {}", a.network,
                               network.info().dims / 3, body.num_points()));
  const auto features = require(
      phase::motion_features(scene.skeleton, body, clip, phase::settings_for(network, a.live)));
  const phase::PhaseTrack track = a.live ? phase::extract_live(network, features, clip.loop)
                                         : phase::extract_phases(network, features, clip.loop);
  const std::string out = a.out.empty() ? a.clip + ".phase" : a.out;
  const auto bytes = phase::save_phase_track(
      track, {{"clip", a.clip}, {"network", std::filesystem::path(a.network).filename().string()}});
  write_file(out, bytes);
  if (a.json) {
    nlohmann::ordered_json json = {{"file", out},
                                   {"frames", track.frames()},
                                   {"fps", track.rate_hz},
                                   {"channels", track.channels},
                                   {"primary", track.primary},
                                   {"mode", phase::mode_name(track.mode)},
                                   {"bytes", bytes.size()},
                                   {"missing", body.missing}};
    fmt::print("{}\n", json.dump(2));
    return;
  }
  fmt::print("{}: {} frames at {} fps, {} channels, {}\n", out, track.frames(), track.rate_hz,
             track.channels, phase::mode_name(track.mode));
  for (const std::string& part : body.missing)
    fmt::print("the skeleton has no {}: the point moves with what it hangs on\n", part);
}

}  // namespace

void add_phase_extract(CLI::App& phase) {
  CLI::App* command = phase.add_subcommand("extract", "Writes the phases of a clip to a file");
  auto a = std::make_shared<ExtractArguments>();
  command->add_option("CLIP", a->clip, "Any motion Canter reads")->required();
  command->add_option("--out", a->out, "The file; default: CLIP.phase");
  command->add_option("--network", a->network, "A Periodic Autoencoder");
  command->add_flag("--live", a->live, "As a live character sees them: no future");
  command->add_flag("--json", a->json, "One JSON object on stdout");
  command->callback([a] { extract(*a); });
}

}  // namespace canter::tools
