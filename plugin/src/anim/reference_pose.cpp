#include "canter/anim/reference_pose.h"

#include <algorithm>
#include <cmath>

#include "anim/rotations.h"
#include "canter/anim/model_space.h"

namespace canter {
namespace {

// Below this a rest pose is not believed. Worst real one of the test data: see the tests.
constexpr float kStandsEnough = 0.7f;
// Frames looked at in a long clip.
constexpr int kMaxFrames = 400;

class Score {
 public:
  void add(float value) {
    sum_ += std::clamp(value, 0.0f, 1.0f);
    worst_ = std::min(worst_, value);
    ++count_;
  }
  // One limb that is wrong spoils the pose, hence the worst counts half.
  float value() const {
    return count_ == 0 ? 0.0f : 0.5f * (sum_ / static_cast<float>(count_) + std::max(worst_, 0.0f));
  }

 private:
  float sum_ = 0.0f, worst_ = 1.0f;
  int count_ = 0;
};

}  // namespace

float standing_score(const Skeleton& skeleton, const JointMap& map,
                     std::span<const Transform> locals) {
  std::vector<Transform> models(static_cast<std::size_t>(skeleton.num_joints()));
  model_transforms(skeleton, locals, models);
  const auto at = [&](int j) { return models[static_cast<std::size_t>(j)].translation; };
  const auto length = [&](int a, int b) { return glm::distance(at(a), at(b)); };
  const Vec3 up(0.0f, 1.0f, 0.0f);
  Score score;
  if (map.hips >= 0 && map.head >= 0)
    score.add(glm::dot(detail::normalize_or(at(map.head) - at(map.hips), Vec3(0.0f)), up));
  for (const JointMap::Leg& leg : map.legs) {
    if (leg.thigh < 0 || leg.foot < 0 || leg.shin < 0) continue;
    const float full = length(leg.thigh, leg.shin) + length(leg.shin, leg.foot);
    if (!(full > 0.0f)) continue;
    score.add(glm::dot(at(leg.thigh) - at(leg.foot), up) / full);
  }
  float hand_height[2] = {0.0f, 0.0f};
  float arm_length = 0.0f;
  for (std::size_t s = 0; s < 2; ++s) {
    const JointMap::Arm& arm = map.arms[s];
    if (arm.upper_arm < 0 || arm.forearm < 0 || arm.hand < 0) continue;
    const float full = length(arm.upper_arm, arm.forearm) + length(arm.forearm, arm.hand);
    if (!(full > 0.0f)) continue;
    score.add(length(arm.upper_arm, arm.hand) / full);
    hand_height[s] = at(arm.hand).y - at(arm.upper_arm).y;
    arm_length = std::max(arm_length, full);
    // Arms stretched up are no pose to be measured in.
    score.add(1.0f - std::max(hand_height[s] / full, 0.0f));
  }
  if (arm_length > 0.0f) score.add(1.0f - std::abs(hand_height[0] - hand_height[1]) / arm_length);
  const float value = score.value();
  return std::isfinite(value) ? value : 0.0f;
}

std::vector<Transform> reference_pose(const Skeleton& skeleton, const JointMap& map,
                                      const RawClip* clip) {
  std::vector<Transform> best(skeleton.rest_pose().begin(), skeleton.rest_pose().end());
  float best_score = standing_score(skeleton, map, best);
  if (best_score >= kStandsEnough || clip == nullptr || clip->num_joints != skeleton.num_joints())
    return best;
  const int step = std::max(1, clip->num_frames() / kMaxFrames);
  for (int f = 0; f < clip->num_frames(); f += step) {
    const float score = standing_score(skeleton, map, clip->frame(f));
    if (score <= best_score) continue;
    best_score = score;
    best.assign(clip->frame(f).begin(), clip->frame(f).end());
  }
  return best;
}

}  // namespace canter
