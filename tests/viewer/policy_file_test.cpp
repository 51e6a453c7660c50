// Policies whose files do not hold their clip: where the viewer finds it.
#include "viewer/policy_file.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "canter/anim/clip_file.h"
#include "test_data.h"
#include "viewer/body.h"
#include "viewer_support.h"

namespace canter::test {
namespace {

using viewer::ClipSources;
using viewer::load_policy_file;

TEST_CASE("a policy without its clip takes the one on stage, an open one, or one in the list") {
  const std::vector<std::byte> whole = read_file(source_dir() / "assets/policies/walk.safetensors");
  const std::vector<std::byte> bare =
      mimic::convert_policy(whole, "walk", {.reference = mimic::ReferenceIn::caller}).value();
  const mimic::Policy policy = mimic::load_policy(whole, "walk").value();
  CHECK(load_policy_file(whole, "walk.safetensors", {}).ok());
  const auto refused = load_policy_file(bare, "some/where/bare.safetensors", {});
  REQUIRE(!refused.ok());
  CHECK(refused.error().message.find(
            "bare.safetensors does not hold the clip it imitates, 'walk'") == 0);

  // Its reference as a document: on stage under any name, open under its own.
  const viewer::DocumentPtr reference = viewer::document_of(policy, "walk.safetensors").value();
  auto renamed = std::make_shared<viewer::Document>(*reference);
  renamed->clips[0].name = "stroll";
  ClipSources sources;
  sources.shown = renamed;
  CHECK(load_policy_file(bare, "bare", sources).ok());
  const std::vector<viewer::DocumentPtr> renamed_only = {nullptr, renamed};
  CHECK(!load_policy_file(bare, "bare", {nullptr, 0, renamed_only, {}}).ok());
  const std::vector<viewer::DocumentPtr> open = {renamed, reference};
  CHECK(load_policy_file(bare, "bare", {nullptr, 0, open, {}}).ok());

  // As a file in the list; another clip of its name is not taken.
  ClipFile file;
  file.skeleton = *policy.skeleton();
  file.clip = compress(policy.clip(), file.skeleton).value();
  const std::vector<std::byte> bytes = save_clip_file(file);
  const std::filesystem::path folder = scratch_dir() / "policy_file";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "walk.clip", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  viewer::LibraryGroup group;
  viewer::LibraryEntry entry;
  entry.path = (source_dir() / "motion_data/run.clip").string();
  group.entries.push_back(entry);
  CHECK(!load_policy_file(bare, "bare", {nullptr, 0, {}, std::span(&group, 1)}).ok());
  entry.path = (folder / "walk.clip").string();
  group.entries.push_back(entry);
  CHECK(load_policy_file(bare, "bare", {nullptr, 0, {}, std::span(&group, 1)}).ok());
}

}  // namespace
}  // namespace canter::test
