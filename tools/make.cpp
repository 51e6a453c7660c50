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
#include "canter/import/write_glb.h"
#include "canter/nn/onnx.h"
#include "command.h"
#include "generate/character.h"
#include "generate/clips.h"
#include "generate/networks.h"
#include "generate/physique.h"

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
    std::string path;
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

  CLI::App* networks =
      make->add_subcommand("networks", "Write the networks of the benchmarks as ONNX");
  networks->add_option("OUTDIR", arguments->path, "Folder for the .onnx files")->required();
  networks->add_option("--seed", arguments->seed, "Of the random weights");
  networks->add_flag("--json", arguments->json, "Print one JSON object");
  networks->callback(
      [arguments] { make_network_files(arguments->path, arguments->seed, arguments->json); });
}

}  // namespace canter::tools
