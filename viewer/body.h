#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "canter/mimic/policy.h"
#include "canter/world/body.h"
#include "viewer/document.h"
#include "viewer/ui/series.h"

namespace canter::viewer {

/// Whether this build has the trainer: without it only clips on a body's own joints are performed.
bool can_train();

/// A clip that a body imitates, made ready. Immutable, shared by threads.
struct BodySetup {
  DocumentPtr motion;  ///< whose clip it is
  int clip = 0;
  std::string name;    ///< of the clip
  mimic::Task task;    ///< as it is watched: who strays is seen to stray
  mimic::Task lesson;  ///< as it is learned: who strays begins again
};
using BodySetupPtr = std::shared_ptr<const BodySetup>;

/// Makes a clip a task of the humanoid or the dog. Any thread. Errors: a skeleton that fits no
/// body.
Result<BodySetupPtr> make_body_setup(const DocumentPtr& motion, int clip);

/// A network that drives a body, and where it comes from. Immutable.
struct BodyPolicy {
  nn::Model network;
  std::string words;  ///< "walk.safetensors", "in training, 0.39 M samples"
};
using BodyPolicyPtr = std::shared_ptr<const BodyPolicy>;

/// The policy that ships for a clip, if it was made for the same body and interface.
BodyPolicyPtr shipped_policy(const BodySetup& setup);
/// A policy's file as a document: its reference on the joints of its body.
Result<DocumentPtr> document_of(const mimic::Policy& policy, const std::string& path);

/// The terms of the reward, as panels show them.
struct RewardRow {
  const char* name;
  const char* tip;
  float mimic::RewardTerms::*value;
};
std::span<const RewardRow> reward_rows();

/// What the Body tab shows, newest at the end; a value per action (30 per second).
struct BodyHistory {
  static constexpr int kActions = 300;  ///< ten seconds
  std::vector<float> reward;
  std::vector<std::vector<float>> terms;  ///< [reward_rows]
  std::int32_t num_actions = 0;           ///< that the body had begun when this was noted
  void clear();
  /// Notes the last action's reward, if another one has begun since.
  void note(const BodyView& body);
};

}  // namespace canter::viewer
