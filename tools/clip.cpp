// canter clip: what a motion file holds, poses out of it, and conversion.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "canter/anim/clip_file.h"
#include "canter/anim/model_space.h"
#include "canter/import/import.h"
#include "canter/import/write.h"
#include "command.h"

namespace canter::tools {
namespace {

using Json = nlohmann::ordered_json;

// Floats as people write them: 0.01, not 0.009999999776482582, and no negative zero.
Json number(float value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value + 0.0f);
  double short_value = 0.0;
  std::from_chars(text, end, short_value);
  return short_value;
}

void print(const Json& json) {
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

// Usual units by name, others as metres.
std::string unit_name(float unit_m) {
  const std::pair<float, const char*> units[] = {{1.0f, "m"},     {0.1f, "dm"},
                                                 {0.01f, "cm"},   {0.001f, "mm"},
                                                 {0.0254f, "in"}, {0.0254f / 0.45f, "in/0.45"}};
  for (const auto& [size, name] : units)
    if (std::abs(unit_m - size) < 1e-4f * size) return name;
  return fmt::format("{:.6g} m", unit_m);
}

std::string_view state_name(importer::FixState state) {
  switch (state) {
    case importer::FixState::applied:
      return "applied";
    case importer::FixState::available:
      return "available";
    case importer::FixState::none:
      break;
  }
  return "none";
}

// The clip a caller means: by name, else by index; the first where nothing is said.
std::size_t choose_clip(const importer::Scene& scene, const std::string& file,
                        const std::string& wanted) {
  if (scene.clips.empty()) throw bad_data(file + ": holds no clip");
  if (wanted.empty()) return 0;
  for (std::size_t i = 0; i < scene.clips.size(); ++i)
    if (scene.clips[i].name == wanted) return i;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), index);
  if (error == std::errc() && end == wanted.data() + wanted.size() && index < scene.clips.size())
    return index;
  std::string names;
  for (const RawClip& clip : scene.clips) names += (names.empty() ? "" : ", ") + clip.name;
  throw bad_data(
      fmt::format("{}: no clip '{}'; it holds {} ({})", file, wanted, scene.clips.size(), names));
}

// World positions in order: joints, then end sites as `<joint>_end` (`_end2` and so on for more).
std::vector<std::pair<std::string, Vec3>> named_positions(const Skeleton& skeleton,
                                                          std::span<const Transform> locals) {
  std::vector<Transform> models(static_cast<std::size_t>(skeleton.num_joints()));
  model_transforms(skeleton, locals, models);
  std::vector<std::pair<std::string, Vec3>> positions;
  std::map<std::string, int> used;
  const auto add = [&](const std::string& name, const Vec3& p) {
    const int n = ++used[name];
    positions.emplace_back(n == 1 ? name : name + std::to_string(n), p);
  };
  for (int j = 0; j < skeleton.num_joints(); ++j)
    add(std::string(skeleton.name(j)), models[static_cast<std::size_t>(j)].translation);
  for (const EndSite& site : skeleton.end_sites())
    add(std::string(skeleton.name(site.joint)) + "_end",
        transform_point(models[static_cast<std::size_t>(site.joint)], site.offset));
  return positions;
}

std::vector<Transform> pose_at(const RawClip& clip, const Skeleton& skeleton, float time_s) {
  Pose pose(skeleton);
  sample(clip, time_s, pose);
  std::vector<Transform> locals;
  for (int j = 0; j < skeleton.num_joints(); ++j) locals.push_back(pose.get(j));
  return locals;
}

// ---- info

void info(const std::string& file, const std::string& wanted, bool raw, bool json) {
  importer::Options options;
  options.raw = raw;
  const importer::Scene scene = require(importer::load_file(file, options));
  const RawClip none;
  const RawClip& clip = scene.clips.empty() ? none : scene.clips[choose_clip(scene, file, wanted)];
  if (json) {
    Json out;
    out["format"] = scene.format;
    out["joints"] = scene.skeleton.num_joints();
    out["end_sites"] = scene.skeleton.end_sites().size();
    out["clip"] = clip.name;
    out["frames"] = clip.num_frames();
    out["fps"] = number(scene.clips.empty() ? 0.0f : clip.rate_hz);
    out["duration_s"] = number(clip.duration_s());
    out["loop"] = clip.loop;
    out["unit"] = unit_name(scene.unit_m);
    out["unit_m"] = number(scene.unit_m);
    out["up_axis"] = scene.up_axis;
    out["clips"] = Json::array();
    for (const RawClip& c : scene.clips) out["clips"].push_back(c.name);
    if (scene.mesh)
      out["mesh"] = {{"vertices", scene.mesh->vertices.size()},
                     {"triangles", scene.mesh->indices.size() / 3},
                     {"materials", scene.mesh->materials.size()}};
    out["findings"] = Json::array();
    for (const importer::Finding& f : scene.findings)
      out["findings"].push_back({{"code", f.code},
                                 {"message", f.message},
                                 {"evidence", f.evidence},
                                 {"fix", f.fix},
                                 {"state", state_name(f.state)}});
    print(out);
    return;
  }
  fmt::print("{}\n", file);
  fmt::print("  format    {}, {} up, unit {}\n", scene.format, scene.up_axis,
             unit_name(scene.unit_m));
  fmt::print("  skeleton  {} joints, {} end sites\n", scene.skeleton.num_joints(),
             scene.skeleton.end_sites().size());
  for (const RawClip& c : scene.clips)
    fmt::print("  clip      {}: {} frames at {:.6g} Hz, {:.3f} s{}\n", c.name, c.num_frames(),
               c.rate_hz, c.duration_s(), c.loop ? ", loops" : "");
  if (scene.mesh)
    fmt::print("  mesh      {} vertices, {} triangles, {} materials\n", scene.mesh->vertices.size(),
               scene.mesh->indices.size() / 3, scene.mesh->materials.size());
  for (const importer::Finding& f : scene.findings) {
    fmt::print("  finding   {}: {}\n", f.code, f.message);
    if (!f.evidence.empty()) fmt::print("            {}\n", f.evidence);
    if (!f.fix.empty()) fmt::print("            fix ({}): {}\n", state_name(f.state), f.fix);
  }
}

// ---- pose

struct PoseArguments {
  std::string file, clip;
  std::optional<double> time_s;
  std::optional<int> frame;
  bool raw = false, json = false;
};

void pose(const PoseArguments& a) {
  if (a.time_s.has_value() == a.frame.has_value())
    throw bad_call("clip pose: give either --time or --frame");
  importer::Options options;
  options.raw = a.raw;
  const importer::Scene scene = require(importer::load_file(a.file, options));
  const RawClip& clip = scene.clips[choose_clip(scene, a.file, a.clip)];
  std::vector<Transform> locals;
  double time_s = a.time_s.value_or(0.0);
  if (a.frame) {
    if (*a.frame < 0 || *a.frame >= clip.num_frames())
      throw bad_data(fmt::format("{}: no frame {}; the clip has {} (the first is 0)", a.file,
                                 *a.frame, clip.num_frames()));
    const auto keys = clip.frame(*a.frame);
    locals.assign(keys.begin(), keys.end());
    time_s = *a.frame / static_cast<double>(clip.rate_hz);
  } else {
    if (!std::isfinite(time_s)) throw bad_call("clip pose: --time must be finite");
    locals = pose_at(clip, scene.skeleton, static_cast<float>(time_s));
  }
  const auto positions = named_positions(scene.skeleton, locals);
  if (a.json) {
    Json out;
    out["time_s"] = time_s;
    out["positions"] = Json::object();
    for (const auto& [name, p] : positions)
      out["positions"][name] = {number(p.x), number(p.y), number(p.z)};
    print(out);
    return;
  }
  fmt::print("{} at {:.6g} s\n", clip.name, time_s);
  for (const auto& [name, p] : positions)
    fmt::print("  {:<24} {:12.6f} {:12.6f} {:12.6f}\n", name, p.x, p.y, p.z);
}

}  // namespace

void add_clip(CLI::App& app) {
  CLI::App* group = app.add_subcommand("clip", "Motion files: what they hold, poses, conversion");
  group->require_subcommand(1);

  {
    struct Arguments {
      std::string file, clip;
      bool raw = false, json = false;
    };
    auto a = std::make_shared<Arguments>();
    CLI::App* command =
        group->add_subcommand("info", "What is in a file, and what is wrong with it");
    command->add_option("FILE", a->file, "BVH, DeepMimic, glTF, FBX, Collada or .clip")->required();
    command->add_option("--clip", a->clip, "Which clip of several: its name or index");
    command->add_flag("--raw", a->raw, "The file's own units, axes and frame rate");
    command->add_flag("--json", a->json, "One JSON object");
    command->callback([a] { info(a->file, a->clip, a->raw, a->json); });
  }
  {
    auto a = std::make_shared<PoseArguments>();
    CLI::App* command = group->add_subcommand("pose", "World positions of all joints at a time");
    command->add_option("FILE", a->file, "Any readable motion file")->required();
    command->add_option("--time", a->time_s, "Seconds from the start");
    command->add_option("--frame", a->frame, "Frame number; the first is 0");
    command->add_option("--clip", a->clip, "Which clip of several: its name or index");
    command->add_flag("--raw", a->raw, "The file's own units and axes, uncorrected");
    command->add_flag("--json", a->json, "One JSON object");
    command->callback([a] { pose(*a); });
  }
}

}  // namespace canter::tools
