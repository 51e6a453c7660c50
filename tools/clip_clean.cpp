// canter clip clean: a motion made fit for a body that has to follow it physically.

#include "clip_clean.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "canter/mimic/clean.h"
#include "canter/mimic/clip_task.h"
#include "command.h"
#include "write_motion.h"

namespace canter::tools {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string in, out;
  mimic::CleanOptions options;
  bool no_jumps = false, no_ground = false, no_seam = false, no_limits = false, json = false;
};

Json json_of(const mimic::ClipFaults& f) {
  return {{"lowest_m", f.lowest_m},
          {"contact_share", f.contact_share},
          {"seam_rad", f.seam_rad},
          {"seam_height_m", f.seam_height_m},
          {"seam_velocity_rad_s", f.seam_velocity_rad_s},
          {"limit_rad", f.limit_rad},
          {"speed_rad_s", f.speed_rad_s},
          {"acceleration_rad_s2", f.acceleration_rad_s2}};
}

void print_row(const char* name, double before, double after, const char* unit) {
  fmt::print("  {:<24} {:>9.3f} {:>9.3f}  {}\n", name, before, after, unit);
}

void clean(Arguments a) {
  const importer::Scene scene = require(importer::load_file(a.in));
  if (scene.clips.empty()) throw bad_data(a.in + ": holds no clip");
  const mimic::BodyClip fitted =
      require(mimic::fit_clip(scene.skeleton, scene.clips.front(), a.in));
  const physics::Model model = require(physics::make_model(fitted.body));
  a.options.jumps = !a.no_jumps;
  a.options.ground = !a.no_ground;
  a.options.seam = !a.no_seam;
  a.options.limits = !a.no_limits;
  Result<mimic::CleanedClip> cleaned =
      mimic::clean_clip(model, fitted.skeleton, fitted.clip, a.options);
  if (!cleaned) throw bad_data(a.in + ": " + cleaned.error().message);
  importer::Scene written;
  written.skeleton = cleaned->skeleton;
  const std::vector<std::byte> bytes = encode_motion(written, cleaned->clip, a.out);
  write_file(a.out, bytes);

  const mimic::ClipFaults &before = cleaned->before, &after = cleaned->after;
  if (a.json) {
    const Json out = {{"body", fitted.body.name},     {"frames", cleaned->clip.num_frames()},
                      {"fps", cleaned->clip.rate_hz}, {"bytes", bytes.size()},
                      {"before", json_of(before)},    {"after", json_of(after)}};
    fmt::print("{}\n", out.dump(2, ' ', false, Json::error_handler_t::replace));
    return;
  }
  fmt::print("{}: {} frames at {:.6g} Hz, {} bytes\n  {:<24} {:>9} {:>9}\n", a.out,
             cleaned->clip.num_frames(), cleaned->clip.rate_hz, bytes.size(), fitted.body.name,
             "before", "after");
  print_row("lowest point", before.lowest_m, after.lowest_m, "m");
  print_row("frames in contact", before.contact_share, after.contact_share, "share");
  print_row("seam, joints", before.seam_rad, after.seam_rad, "rad");
  print_row("seam, height", before.seam_height_m, after.seam_height_m, "m");
  print_row("seam, velocities", before.seam_velocity_rad_s, after.seam_velocity_rad_s, "rad/s");
  print_row("beyond hinges' range", before.limit_rad, after.limit_rad, "rad");
  print_row("fastest joint", before.speed_rad_s, after.speed_rad_s, "rad/s");
  print_row("largest acceleration", before.acceleration_rad_s2, after.acceleration_rad_s2,
            "rad/s2");
}

}  // namespace

void add_clip_clean(CLI::App& clip) {
  auto a = std::make_shared<Arguments>();
  CLI::App* command = clip.add_subcommand(
      "clean", "Ground contact, loop seam, joint limits, for a body that follows it physically");
  command->add_option("IN", a->in, "Any readable motion file")->required();
  command->add_option("OUT", a->out, "The file to write; its extension says the format")
      ->required();
  command->add_option("--seam", a->options.seam_s, "Seconds bent at each side of the seam");
  command->add_option("--hover", a->options.hover_m, "Links this close to the ground stand, m");
  command->add_option("--rate", a->options.least_rate_hz, "Least frame rate of the result, Hz");
  command->add_flag("--no-jumps", a->no_jumps,
                    "Leave joints that jump away and back, and ends that jump");
  command->add_flag("--no-ground", a->no_ground, "Leave the height as it is");
  command->add_flag("--no-seam", a->no_seam, "Leave the seam as it is");
  command->add_flag("--no-limits", a->no_limits, "Leave joints beyond their range");
  command->add_flag("--json", a->json, "Print one JSON object");
  command->callback([a] { clean(*a); });
}

}  // namespace canter::tools
