#include "mimic/policy_clip.h"

#include <algorithm>
#include <cmath>

#include "canter/mimic/clean.h"
#include "canter/mimic/clip_task.h"
#include "canter/physics/pose.h"
#include "mimic/task_data.h"

namespace canter::mimic::detail {
namespace {

/// Clips whose means differ by less, in metres or as numbers of rotations, are one clip,
/// compressed perhaps.
constexpr float kSameClip = 4e-3f;

bool is_same(const PolicyNotes& notes, const ReferenceMotion& motion) {
  if (notes.clip_loop != motion.loop()) return false;
  const std::vector<float> found = means_of(motion);
  return std::ranges::equal(found, notes.clip_means,
                            [](float a, float b) { return std::abs(a - b) < kSameClip; });
}

// As it is or, if that is what the policy was trained on, cleaned.
Result<RawClip> brought_clip(const PolicyNotes& notes, const physics::Model& model,
                             const BroughtClip& brought) {
  const Result<BodyClip> fitted =
      fit_clip(notes.body, brought.skeleton, brought.clip, brought.clip.name);
  if (!fitted) return fitted.error();
  for (const CleanOptions& options : {untouched(), CleanOptions{}}) {
    Result<CleanedClip> clip = clean_clip(model, fitted->skeleton, fitted->clip, options);
    if (!clip) return clip.error();
    const Result<ReferenceMotion> motion = make_reference_motion(model, clip->skeleton, clip->clip);
    if (!motion) return motion.error();
    clip->clip.name = notes.clip_name;
    if (is_same(notes, *motion)) return std::move(clip->clip);
  }
  return refuse("it was trained on another clip than '" + brought.clip.name +
                "': the motion of its '" + notes.clip_name + "' differs");
}

// A row of the file's tensor per frame, as poses.
Result<RawClip> stored_clip(const PolicyNotes& notes, const physics::Model& model,
                            const nn::Tensor& tensor) {
  const auto width = static_cast<std::int64_t>(model.num_body_positions());
  if (tensor.dtype() != nn::DType::f32 || tensor.shape().rank() != 2 ||
      tensor.shape()[1] != width || tensor.shape()[0] > 1000000)
    return refuse("tensor '" + std::string(kReferenceTensor) + "' is " + tensor.shape().text() +
                  "; expected f32 [frames, " + std::to_string(width) + "]");
  RawClip clip;
  clip.name = notes.clip_name;
  clip.rate_hz = static_cast<float>(notes.clip_rate_hz);
  clip.loop = notes.clip_loop;
  clip.num_joints = model.num_joints();
  const auto joints = static_cast<std::size_t>(model.num_joints());
  const auto frames = static_cast<std::size_t>(tensor.shape()[0]);
  clip.keys.resize(frames * joints);
  std::vector<double> positions(static_cast<std::size_t>(width));
  for (std::size_t f = 0; f < frames; ++f) {
    const auto row = tensor.as<float>().subspan(f * positions.size(), positions.size());
    std::ranges::copy(row, positions.begin());
    physics::write_pose(model, positions, std::span(clip.keys).subspan(f * joints, joints));
  }
  return clip;
}

}  // namespace

nn::Tensor reference_tensor(const ReferenceMotion& motion) {
  const ReferenceMotion::Data& data = motion.data();
  std::vector<float> narrow(data.positions.begin(), data.positions.end());
  return nn::Tensor::of<float>({data.num_frames, data.num_positions}, narrow);
}

std::vector<float> means_of(const ReferenceMotion& motion) {
  const ReferenceMotion::Data& data = motion.data();
  std::vector<double> sums(static_cast<std::size_t>(data.num_positions), 0.0);
  for (std::size_t i = 0; i < data.positions.size(); ++i)
    sums[i % sums.size()] += std::abs(data.positions[i]) / data.num_frames;
  return {sums.begin(), sums.end()};
}

Result<RawClip> reference_clip(const PolicyNotes& notes, const physics::Model& model,
                               const nn::TensorMap& tensors, const BroughtClip* brought) {
  const auto found = tensors.find(kReferenceTensor);
  if (found != tensors.end()) return stored_clip(notes, model, found->second);
  if (brought != nullptr) return brought_clip(notes, model, *brought);
  return refuse("its file does not hold the clip it imitates, '" + notes.clip_name +
                "'; the clip has to be given");
}

}  // namespace canter::mimic::detail
