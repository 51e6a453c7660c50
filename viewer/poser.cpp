#include "viewer/poser.h"

#include <cmath>

#include "canter/anim/local_to_model.h"

namespace canter::viewer {

Transform lap_placement(const RootMotion& path, std::int64_t laps) {
  if (path.num_frames() < 2 || laps == 0) return {};
  const float elapsed_s = static_cast<float>(laps) * path.duration_s();
  Transform placement = root_at(path, elapsed_s) * inverse(root_at(path, 0.0f));
  // Far from the origin single precision would show; start over there instead.
  constexpr float kReach_m = 1000.0f;
  placement.translation.x = std::fmod(placement.translation.x, kReach_m);
  placement.translation.z = std::fmod(placement.translation.z, kReach_m);
  return placement;
}

Poser::Poser(DocumentPtr owner, std::shared_ptr<const Clip> clip, RootMotion path)
    : owner_(std::move(owner)), clip_(std::move(clip)), path_(std::move(path)) {
  pose_ = Pose(owner_->skeleton);
  if (clip_ == nullptr) return;
  duration_s_ = static_cast<double>(clip_->duration_s());
  loop_ = clip_->loop();
}

Poser::Poser(DocumentPtr owner, std::shared_ptr<const RawClip> clip, RootMotion path)
    : owner_(std::move(owner)), raw_(std::move(clip)), path_(std::move(path)) {
  pose_ = Pose(owner_->skeleton);
  duration_s_ = static_cast<double>(raw_->duration_s());
  loop_ = raw_->loop;
}

void Poser::models_at(double time_s, std::int64_t laps, std::vector<Mat4>& out) {
  const bool outside = time_s < 0.0 || time_s > duration_s_;
  if (loop_ && outside && duration_s_ > 0.0) {
    const double more = std::floor(time_s / duration_s_);
    laps += static_cast<std::int64_t>(more);
    time_s -= more * duration_s_;
  }
  if (clip_ != nullptr)
    sample(*clip_, static_cast<float>(time_s), pose_);
  else if (raw_ != nullptr)
    sample(*raw_, static_cast<float>(time_s), pose_);
  else
    set_rest_pose(owner_->skeleton, pose_);
  out.resize(static_cast<std::size_t>(owner_->skeleton.num_joints()));
  local_to_model(owner_->skeleton, to_matrix(lap_placement(path_, laps)), pose_, out);
}

}  // namespace canter::viewer
