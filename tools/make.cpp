// `canter make`: writes what ships, from nothing but code.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "canter/anim/clip_file.h"
#include "canter/anim/contacts.h"
#include "canter/base/hash.h"
#include "canter/import/write_glb.h"
#include "canter/nn/onnx.h"
#include "command.h"
#include "generate/character.h"
#include "generate/clips.h"
#include "generate/networks.h"
#include "generate/physique.h"
#include "generate/recordings.h"

namespace canter::tools {
namespace {

constexpr char kProvenance[] =
    "Made by the Canter project's own motion generator (canter make clips): procedural, no "
    "recorded "
    "motion. MIT licence.";

void make_clip_files(const std::string& folder, bool json) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw bad_data(folder + ": cannot create: " + error.message());
  const generate::Rig rig;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const generate::MadeClip& made : generate::make_clips(rig)) {
    CompressionReport report;
    ClipFile file;
    file.skeleton = rig.skeleton();
    file.clip = require(compress(made.clip, rig.skeleton(), {}, &report));
    file.name = made.clip.name;
    file.provenance = kProvenance;
    const std::vector<std::byte> bytes = save_clip_file(file);
    write_file(folder + "/" + file.name + ".clip", bytes);
    if (json) {
      list.push_back({{"name", file.name},
                      {"description", made.description},
                      {"frames", made.clip.num_frames()},
                      {"bytes", bytes.size()},
                      {"max_error_m", report.error.max_error_m}});
    } else {
      fmt::print("{:<16} {:5.2f} s {:7} bytes  {}\n", file.name, made.clip.duration_s(),
                 bytes.size(), made.description);
    }
  }
  if (json) fmt::print("{}\n", nlohmann::ordered_json{{"clips", list}}.dump());
}

// Slide of the feet while they stand, m/s.
float slide_of(const Skeleton& skeleton, const RawClip& clip) {
  return foot_slide_mps(skeleton, clip, require(detect_contacts(skeleton, clip)));
}

// A policy's file performed, and written with where it comes from.
void make_recording_file(const generate::Rig& rig, const generate::MadeClip& made,
                         const std::string& policy_path, const std::string& folder, bool json,
                         nlohmann::ordered_json& list) {
  const std::vector<std::byte> policy_bytes = read_file(policy_path);
  const mimic::Policy policy = require(mimic::load_policy(policy_bytes, policy_path));
  const generate::Recording recording =
      require(generate::record(policy, rig.skeleton(), made.clip));
  ClipFile file;
  file.skeleton = rig.skeleton();
  file.clip = require(compress(recording.clip, rig.skeleton()));
  file.name = made.clip.name + "_body";
  const std::string hash =
      fmt::format("{:016x}", hash_bytes(policy_bytes.data(), policy_bytes.size()));
  file.provenance = fmt::format(
      "Performed by a simulated body (canter make recordings): {}.safetensors of assets/policies, "
      "hash {}, on the generated clip {}, from {:.3f} s on. MIT licence.",
      made.clip.name, hash, made.clip.name, recording.from_s);
  const std::vector<std::byte> bytes = save_clip_file(file);
  write_file(folder + "/" + file.name + ".clip", bytes);
  const float slide = slide_of(rig.skeleton(), recording.clip);
  const float clip_slide = slide_of(rig.skeleton(), made.clip);
  if (json)
    list.push_back({{"name", file.name},
                    {"policy_hash", hash},
                    {"from_s", recording.from_s},
                    {"seam_rad", recording.seam_rad},
                    {"slide_m_s", slide},
                    {"clip_slide_m_s", clip_slide},
                    {"bytes", bytes.size()}});
  else
    fmt::print(
        "{:<16} {:5.2f} s {:7} bytes  policy {}, from {:.3f} s, seam {:.4f} rad; feet slide "
        "{:.4f} m/s, the clip's {:.4f}\n",
        file.name, recording.clip.duration_s(), bytes.size(), hash, recording.from_s,
        recording.seam_rad, slide, clip_slide);
}

void make_recording_files(const std::string& policies, const std::string& folder, bool json) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw bad_data(folder + ": cannot create: " + error.message());
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  const generate::Rig rig;
  for (const generate::MadeClip& made : generate::make_clips(rig)) {
    const std::string path = policies + "/" + made.clip.name + ".safetensors";
    if (std::filesystem::exists(path, error))
      make_recording_file(rig, made, path, folder, json, list);
  }
  if (json) fmt::print("{}\n", nlohmann::ordered_json{{"recordings", list}}.dump());
}

void make_character_file(const std::string& path, const std::string& body, bool json) {
  const generate::Physique* physique = generate::find_physique(body);
  if (physique == nullptr) throw bad_call("--character " + body + ": there is no such body");
  const generate::Character made = generate::reshape(generate::make_character(), *physique);
  const std::vector<std::byte> bytes = require(importer::write_glb(made.skeleton, &made.mesh, {}));
  write_file(path, bytes);
  const std::size_t vertices = made.mesh.vertices.size();
  const std::size_t triangles = made.mesh.indices.size() / 3;
  if (json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"vertices", vertices},
                                              {"triangles", triangles},
                                              {"joints", made.skeleton.num_joints()},
                                              {"bytes", bytes.size()}}
                           .dump());
  } else {
    fmt::print("{}: {} vertices, {} triangles, {} joints, {} bytes\n", path, vertices, triangles,
               made.skeleton.num_joints(), bytes.size());
  }
}

void make_network_files(const std::string& folder, std::uint32_t seed, bool json) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw bad_data(folder + ": cannot create: " + error.message());
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const generate::Network& network : generate::make_networks(seed)) {
    const std::vector<std::byte> bytes = nn::write_onnx(network.graph);
    write_file(folder + "/" + network.name + ".onnx", bytes);
    if (json)
      list.push_back(
          {{"name", network.name}, {"description", network.description}, {"bytes", bytes.size()}});
    else
      fmt::print("{:<16} {:9} bytes  {}\n", network.name, bytes.size(), network.description);
  }
  if (json) fmt::print("{}\n", nlohmann::ordered_json{{"networks", list}}.dump());
}

}  // namespace

void add_make(CLI::App& app) {
  CLI::App* make = app.add_subcommand("make", "Generate what ships and what benchmarks run on");
  make->require_subcommand(1);

  struct Arguments {
    std::string path, policies;
    std::uint32_t seed = 1;
    std::string body = "mannequin";
    bool json = false;
  };
  const auto arguments = std::make_shared<Arguments>();

  CLI::App* character = make->add_subcommand("character", "Write a shipped character (assets/)");
  character->add_option("OUT", arguments->path, "The .glb file to write")->required();
  std::vector<std::string> bodies;
  for (const generate::Physique& p : generate::physiques()) bodies.push_back(p.name);
  character->add_option("--character", arguments->body, "Which one: mannequin (default) or titan")
      ->check(CLI::IsMember(bodies));
  character->add_flag("--json", arguments->json, "Print one JSON object");
  character->callback(
      [arguments] { make_character_file(arguments->path, arguments->body, arguments->json); });

  CLI::App* clips = make->add_subcommand("clips", "Write the shipped clips (motion_data/)");
  clips->add_option("OUTDIR", arguments->path, "Folder for the .clip files")->required();
  clips->add_flag("--json", arguments->json, "Print one JSON object");
  clips->callback([arguments] { make_clip_files(arguments->path, arguments->json); });

  CLI::App* recordings =
      make->add_subcommand("recordings", "Write clips as bodies perform them (motion_data/)");
  recordings
      ->add_option("POLICIES", arguments->policies, "Folder of the policies (assets/policies)")
      ->required();
  recordings->add_option("OUTDIR", arguments->path, "Folder for the .clip files")->required();
  recordings->add_flag("--json", arguments->json, "Print one JSON object");
  recordings->callback(
      [arguments] { make_recording_files(arguments->policies, arguments->path, arguments->json); });

  CLI::App* networks =
      make->add_subcommand("networks", "Write the networks of the benchmarks as ONNX");
  networks->add_option("OUTDIR", arguments->path, "Folder for the .onnx files")->required();
  networks->add_option("--seed", arguments->seed, "Of the random weights");
  networks->add_flag("--json", arguments->json, "Print one JSON object");
  networks->callback(
      [arguments] { make_network_files(arguments->path, arguments->seed, arguments->json); });
}

}  // namespace canter::tools
