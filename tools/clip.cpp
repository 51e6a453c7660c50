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

#include "canter/anim/mirror.h"
#include "canter/anim/model_space.h"
#include "canter/anim/reference_pose.h"
#include "canter/anim/retarget.h"
#include "canter/import/import.h"
#include "canter/import/recipe.h"
#include "canter/import/write.h"
#include "clip_clean.h"
#include "command.h"
#include "write_motion.h"

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

// ---- convert

struct ConvertArguments {
  std::string in, out, clip, trim, retarget, recipe;
  std::optional<float> fps;
  float scale = 1.0f;
  bool mirror = false, json = false;
};

// "A:B" in seconds; either side may be left out.
std::pair<double, double> parse_trim(const std::string& text, double duration_s) {
  const std::size_t colon = text.find(':');
  const auto side = [&](std::size_t from, std::size_t to, double fallback) {
    if (from == to) return fallback;
    double value = 0.0;
    const auto [end, error] = std::from_chars(text.data() + from, text.data() + to, value);
    if (error != std::errc() || end != text.data() + to || !std::isfinite(value))
      throw bad_call("clip convert: --trim " + text + ": expected A:B in seconds");
    return value;
  };
  if (colon == std::string::npos)
    throw bad_call("clip convert: --trim " + text + ": expected A:B in seconds");
  const double from = side(0, colon, 0.0);
  const double to = side(colon + 1, text.size(), duration_s);
  if (from < 0.0 || to > duration_s + 1e-4 || from > to)
    throw bad_data(fmt::format("--trim {}: expected 0 <= A <= B <= {:.6g} s, the clip's duration",
                               text, duration_s));
  return {from, std::min(to, duration_s)};
}

// The frames nearest to [from, to].
RawClip trimmed(const RawClip& clip, double from_s, double to_s) {
  const auto first = static_cast<int>(std::lround(from_s * static_cast<double>(clip.rate_hz)));
  const auto last =
      std::min(static_cast<int>(std::lround(to_s * static_cast<double>(clip.rate_hz))),
               clip.num_frames() - 1);
  RawClip out = clip;
  // A part of a loop does not close.
  out.loop = clip.loop && first == 0 && last == clip.num_frames() - 1;
  const auto joints = static_cast<std::ptrdiff_t>(clip.num_joints);
  out.keys.assign(clip.keys.begin() + first * joints, clip.keys.begin() + (last + 1) * joints);
  return out;
}

// Everything larger by a factor: rest pose, end sites and keys alike.
void scale_scene(importer::Scene& scene, float factor) {
  SkeletonDesc desc = describe(scene.skeleton);
  for (auto& joint : desc.joints) joint.rest.translation *= factor;
  for (EndSite& site : desc.end_sites) site.offset *= factor;
  scene.skeleton = require(make_skeleton(desc));
  for (RawClip& clip : scene.clips)
    for (Transform& t : clip.keys) t.translation *= factor;
  if (scene.mesh) {
    for (auto& vertex : scene.mesh->vertices) vertex.position *= factor;
    for (SkinBone& bone : scene.mesh->bones) bone.inverse_bind[3] *= Vec4(Vec3(factor), 1.0f);
  }
}

// Largest distances between the clip that was to be written and the written file, at the former's
// frames. Joints go by name: formats store them in their own order.
struct WrittenError {
  double joints_m = 0.0;
  double end_sites_m = 0.0;  // further out, where an angle's error shows more
};

WrittenError largest_error(const importer::Scene& scene, const RawClip& clip,
                           const importer::Scene& written) {
  RawClip copy = written.clips.at(0);
  copy.loop = false;  // the last frame of a loop is its end here, not its beginning
  const auto num_joints = static_cast<std::size_t>(scene.skeleton.num_joints());
  WrittenError worst;
  std::map<std::string, Vec3> found;
  for (int f = 0; f < clip.num_frames(); ++f) {
    const float time_s = static_cast<float>(f) / clip.rate_hz;
    found.clear();
    for (auto& [name, p] :
         named_positions(written.skeleton, pose_at(copy, written.skeleton, time_s)))
      found.emplace(name, p);
    const auto wanted = named_positions(scene.skeleton, clip.frame(f));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto it = found.find(wanted[i].first);
      if (it == found.end()) continue;
      double& error = i < num_joints ? worst.joints_m : worst.end_sites_m;
      error = std::max(error, static_cast<double>(glm::distance(it->second, wanted[i].second)));
    }
  }
  return worst;
}

// Left and right exchanged. The mesh does not follow: it is not symmetric in general.
void mirror_scene(importer::Scene& scene) {
  RawClip& clip = scene.clips.front();
  const JointMap map = map_joints(scene.skeleton);
  const std::vector<Transform> reference = reference_pose(scene.skeleton, map, &clip);
  MirrorSettings settings;
  settings.reference = reference;
  clip = mirror_clip(scene.skeleton, make_mirror(scene.skeleton, settings), clip);
}

// The motion carried onto the skeleton of another file, with that file's mesh.
void retarget_scene(importer::Scene& scene, const std::string& rig) {
  importer::Scene target = require(importer::load_file(rig));
  Result<RawClip> moved = retarget(scene.skeleton, scene.clips.front(), target.skeleton);
  if (!moved) throw bad_data("--retarget " + rig + ": " + moved.error().message);
  moved->name = scene.clips.front().name;
  scene.skeleton = std::move(target.skeleton);
  scene.mesh = std::move(target.mesh);
  scene.clips.front() = std::move(*moved);
}

// The scene's chosen clip after all that was asked for except another rate.
RawClip edited(importer::Scene& scene, const ConvertArguments& a) {
  if (!(a.scale > 0.0f) || !std::isfinite(a.scale))
    throw bad_call("clip convert: --scale must be above 0");
  RawClip clip = scene.clips[choose_clip(scene, a.in, a.clip)];
  scene.clips = {};
  if (!a.trim.empty()) {
    const auto [from_s, to_s] = parse_trim(a.trim, static_cast<double>(clip.duration_s()));
    clip = trimmed(clip, from_s, to_s);
  }
  scene.clips.push_back(std::move(clip));
  if (a.mirror) mirror_scene(scene);
  if (!a.retarget.empty()) retarget_scene(scene, a.retarget);
  if (a.scale != 1.0f) scale_scene(scene, a.scale);
  return scene.clips.front();
}

void convert(const ConvertArguments& a) {
  importer::Recipe recipe;
  if (!a.recipe.empty()) recipe = require(importer::load_recipe(a.recipe));
  importer::Scene scene = require(importer::load_with_recipe(a.in, recipe));
  const RawClip source = edited(scene, a);
  RawClip clip = source;
  if (a.fps) {
    if (!(*a.fps > 0.0f) || !std::isfinite(*a.fps) || *a.fps > 10000.0f)
      throw bad_call("clip convert: --fps must be above 0 and at most 10000");
    clip = resample(clip, *a.fps);
  }
  const std::vector<std::byte> bytes = encode_motion(scene, clip, a.out);
  write_file(a.out, bytes);

  importer::Options options;
  if (motion_extension(a.out) == ".bvh") options.unit_m = importer::BvhOptions{}.unit_m;
  const importer::Scene written = require(importer::load_file(a.out, options));
  const WrittenError error = largest_error(scene, source, written);
  if (a.json) {
    Json out;
    out["frames"] = clip.num_frames();
    out["fps"] = number(clip.rate_hz);
    out["bytes"] = bytes.size();
    out["max_error_m"] = error.joints_m;
    out["max_end_site_error_m"] = error.end_sites_m;
    print(out);
    return;
  }
  fmt::print("{}: {} frames at {:.6g} Hz, {} bytes, largest error {:.3g} m\n", a.out,
             clip.num_frames(), clip.rate_hz, bytes.size(), error.joints_m);
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
  {
    auto a = std::make_shared<ConvertArguments>();
    CLI::App* command =
        group->add_subcommand("convert", "Writes a motion in another format (.clip, .bvh, .glb)");
    command->add_option("IN", a->in, "Any readable motion file")->required();
    command->add_option("OUT", a->out, "The file to write; its extension says the format")
        ->required();
    command->add_option("--clip", a->clip, "Which clip of several: its name or index");
    command->add_option("--fps", a->fps, "Frame rate of the result");
    command->add_option("--scale", a->scale, "Factor on all lengths");
    command->add_option("--trim", a->trim, "A:B, the part to keep, in seconds");
    command->add_flag("--mirror", a->mirror, "Exchange left and right");
    command->add_option("--retarget", a->retarget, "Carry onto the skeleton of this file");
    command->add_option("--recipe", a->recipe,
                        "Apply these fixes first, as the viewer's Import Doctor saved them");
    command->add_flag("--json", a->json, "One JSON object");
    command->callback([a] { convert(*a); });
  }
  add_clip_clean(*group);
}

}  // namespace canter::tools
