#include "viewer/body.h"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "canter/import/resources.h"
#include "canter/mimic/clip_task.h"
#include "viewer/toss.h"

namespace canter::viewer {
namespace {

/// Nobody waits for a limit of training here, who strays is seen to stray, and boxes can be thrown.
mimic::TaskOptions watched() {
  mimic::TaskOptions options;
  options.max_root_turn_rad = options.max_root_distance_m = 0.0f;
  options.physics.num_boxes = kTossedBoxes;
  return options;
}

Result<mimic::Task> make_task(const Document& document, const RawClip& clip,
                              const mimic::TaskOptions& options) {
  auto made = mimic::make_clip_task(document.skeleton, clip, clip.name, options);
  if (!made) return made.error();
  return std::move(made->task);
}

std::vector<std::byte> read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> chars((std::istreambuf_iterator<char>(in)), {});
  std::vector<std::byte> bytes(chars.size());
  std::transform(chars.begin(), chars.end(), bytes.begin(),
                 [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

constexpr RewardRow kRows[] = {
    {"pose", "How well the joints' rotations match the reference's; 1 is the same",
     &mimic::RewardTerms::pose},
    {"velocity", "How well the joints' velocities match", &mimic::RewardTerms::velocity},
    {"hands, feet", "How well hands and feet are placed, about the body's own heading",
     &mimic::RewardTerms::end_effector},
    {"centre", "How well the centre of mass is placed", &mimic::RewardTerms::com_position},
};

void append(std::vector<float>& values, float value) {
  if (values.size() >= BodyHistory::kActions) values.erase(values.begin());
  values.push_back(value);
}

}  // namespace

bool can_train() {
#ifdef CANTER_HAS_TRAINER
  return true;
#else
  return false;
#endif
}

Result<BodySetupPtr> make_body_setup(const DocumentPtr& motion, int clip) {
  const DocumentClip& chosen = motion->clips[static_cast<std::size_t>(clip)];
  Result<mimic::Task> task = make_task(*motion, chosen.raw, watched());
  if (!task)
    return Error{task.error().code,
                 motion->title + ", clip '" + chosen.name + "': " + task.error().message};
  Result<mimic::Task> lesson = make_task(*motion, chosen.raw, {});
  if (!lesson) return lesson.error();
  return std::make_shared<const BodySetup>(
      BodySetup{motion, clip, chosen.name, std::move(task).value(), std::move(lesson).value()});
}

BodyPolicyPtr shipped_policy(const BodySetup& setup) {
  const std::string path =
      importer::find_resource("assets") + "/policies/" + setup.name + ".safetensors";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return nullptr;
  const RawClip& clip = setup.motion->clips[static_cast<std::size_t>(setup.clip)].raw;
  const Result<mimic::Policy> policy =
      mimic::load_policy(read_bytes(path), path, {setup.motion->skeleton, clip});
  if (!policy || policy->task().options().interface != setup.task.options().interface ||
      physics::body_hash(policy->task().model().body()) !=
          physics::body_hash(setup.task.model().body()))
    return nullptr;
  return std::make_shared<const BodyPolicy>(
      BodyPolicy{policy->network(), std::filesystem::path(path).filename().string()});
}

Result<DocumentPtr> document_of(const mimic::Policy& policy, const std::string& path) {
  importer::Scene scene;
  scene.skeleton = *policy.skeleton();
  scene.clips.push_back(policy.clip());
  return make_document(std::move(scene), path);
}

std::span<const RewardRow> reward_rows() {
  return kRows;
}

void BodyHistory::clear() {
  reward.clear();
  terms.assign(std::size(kRows), {});
  num_actions = 0;
}

void BodyHistory::note(const BodyView& body) {
  if (body.task == nullptr || body.episode->num_actions == num_actions) return;
  num_actions = body.episode->num_actions;
  terms.resize(std::size(kRows));
  append(reward, body.state->reward_paper);
  for (std::size_t i = 0; i < std::size(kRows); ++i)
    append(terms[i], body.state->terms.*kRows[i].value);
}

}  // namespace canter::viewer
