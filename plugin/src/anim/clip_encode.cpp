#include "anim/clip_encode.h"

#include <algorithm>
#include <cmath>

#include "canter/anim/local_to_model.h"

namespace canter {
namespace detail {
namespace {

// Largest distance between two motions at joints and shell points.
float largest_error(const ModelMotion& a, const ModelMotion& b, float shell_m) {
  float largest = 0.0f;
  for (std::size_t i = 0; i < a.positions.size(); ++i) {
    const Vec3 offset = a.positions[i] - b.positions[i];
    const Mat3 difference = glm::mat3_cast(a.rotations[i]) - glm::mat3_cast(b.rotations[i]);
    largest = std::max(largest, glm::dot(offset, offset));
    for (int k = 0; k < 3; ++k) {
      const Vec3 at_shell = offset + shell_m * difference[k];
      largest = std::max(largest, glm::dot(at_shell, at_shell));
    }
  }
  return std::sqrt(largest);
}

// The search for the coarsest step that keeps the bound.
class Compressor {
 public:
  Compressor(const RawClip& raw, const Skeleton& skeleton, const CompressionSettings& settings)
      : raw_(raw),
        skeleton_(skeleton),
        settings_(settings),
        plans_(plan_joints(raw, skeleton, settings)),
        reach_(measure_reach(plans_, skeleton, std::max(settings.shell_m, kLeastShell_m))),
        truth_(model_motion(raw, skeleton)) {}

  Result<Clip> run(CompressionReport* report) {
    std::vector<std::byte> best;
    double best_cost = 0.0;
    for (int levels = 0; levels <= kMaxLevels; ++levels) {
      if (levels > 0 && (1 << levels) >= 2 * raw_.num_frames()) break;
      std::vector<std::byte> bytes = smallest(levels);
      const double cost = static_cast<double>(bytes.size()) * (1.0 + kRecordCost * (2 + levels));
      if (bytes.empty() || (!best.empty() && cost >= best_cost)) continue;
      best = std::move(bytes);
      best_cost = cost;
    }
    if (best.empty())
      return Error{ErrorCode::limit, "the clip cannot be stored within " +
                                         std::to_string(settings_.max_error_m) +
                                         " m: it reaches too far for the precision of its numbers"};
    Result<Clip> clip = load_clip(best, skeleton_);
    if (clip && report != nullptr)
      *report = {best.size(), raw_.keys.size() * floats_per_key() * sizeof(float),
                 measure_error(raw_, *clip, skeleton_, settings_.shell_m)};
    return clip;
  }

 private:
  static constexpr float kLeastShell_m = 1e-3f;
  // Sampling reads 2 + levels records. Each costs about a quarter of all else there is to do, so
  // one more has to save about a sixth of the bytes. Measured on the clips of docs/benchmarks.md.
  static constexpr double kRecordCost = 0.25;

  std::size_t floats_per_key() const { return skeleton_.has_scale() ? 10 : 7; }

  EncodedClip encode(float step_m, int levels, ModelMotion* decoded) const {
    return quantise(
        {raw_, skeleton_, plans_, reach_, truth_, settings_.shell_m, !skeleton_.has_scale()},
        step_m, levels, decoded);
  }

  // Bytes at this step if they keep the bound, as measured on the decoded clip.
  std::vector<std::byte> bytes_within_bound(float step_m, int levels) const {
    std::vector<std::byte> bytes = pack(encode(step_m, levels, nullptr), raw_, skeleton_, plans_);
    if (bytes.empty()) return {};
    const Result<Clip> clip = load_clip(bytes, skeleton_);
    if (!clip) return {};
    if (!(measure_error(raw_, *clip, skeleton_, settings_.shell_m).max_error_m <=
          settings_.max_error_m))
      return {};
    return bytes;
  }

  // Cheap test of a step on the way: no packing, no scale.
  bool keeps_bound(float step_m, int levels) const {
    if (skeleton_.has_scale()) return !bytes_within_bound(step_m, levels).empty();
    ModelMotion decoded;
    encode(step_m, levels, &decoded);
    return largest_error(truth_, decoded, settings_.shell_m) <= settings_.max_error_m;
  }

  // Bisects the logarithm of the step, then backs off until the packed clip itself keeps the bound.
  std::vector<std::byte> smallest(int levels) const {
    float low = settings_.max_error_m / 16.0f;
    float high = settings_.max_error_m * 4.0f;
    for (int i = 0; i < kBisections; ++i) {
      const float middle = std::sqrt(low * high);
      (keeps_bound(middle, levels) ? low : high) = middle;
    }
    for (float step = low; step > low / 64.0f; step *= kBackOff)
      if (std::vector<std::byte> bytes = bytes_within_bound(step, levels); !bytes.empty())
        return bytes;
    return {};
  }

  static constexpr int kBisections = 9;  // leaves the step uncertain by 1 %
  static constexpr float kBackOff = 0.9375f;

  const RawClip& raw_;
  const Skeleton& skeleton_;
  const CompressionSettings& settings_;
  std::vector<JointPlan> plans_;
  std::vector<JointReach> reach_;
  ModelMotion truth_;
};

Result<void> validate_for_compression(const RawClip& raw, const Skeleton& skeleton,
                                      const CompressionSettings& settings) {
  if (Result<void> valid = validate(raw, skeleton); !valid) return valid;
  if (!(settings.max_error_m > 0.0f) || !(settings.shell_m >= 0.0f))
    return Error{ErrorCode::bad_value, "the error bound must be above 0 m"};
  if (skeleton.has_scale()) return {};
  for (const Transform& key : raw.keys)
    if (glm::length(key.scale - Vec3(1.0f)) > 1e-5f)
      return Error{ErrorCode::bad_value, "the clip has scale, its skeleton has none"};
  return {};
}

}  // namespace
}  // namespace detail

Result<Clip> compress(const RawClip& raw, const Skeleton& skeleton,
                      const CompressionSettings& settings, CompressionReport* report) {
  if (Result<void> valid = detail::validate_for_compression(raw, skeleton, settings); !valid)
    return valid.error();
  return detail::Compressor(raw, skeleton, settings).run(report);
}

ClipError measure_error(const RawClip& raw, const Clip& clip, const Skeleton& skeleton,
                        float shell_m) {
  const auto joints = static_cast<std::size_t>(skeleton.num_joints());
  Pose pose(skeleton);
  std::vector<Mat4> truth(joints);
  std::vector<Mat4> decoded(joints);
  ClipError worst;
  for (int f = 0; f < raw.num_frames(); ++f) {
    for (std::size_t j = 0; j < joints; ++j) pose.set(static_cast<int>(j), raw.frame(f)[j]);
    local_to_model(skeleton, Mat4(1.0f), pose, truth);
    detail::decode_simd(clip.tables(), detail::records_at(clip.tables(), {f, 0.0f}), pose);
    local_to_model(skeleton, Mat4(1.0f), pose, decoded);
    for (std::size_t j = 0; j < joints; ++j) {
      const Mat4 difference = decoded[j] - truth[j];
      float error = glm::length(Vec3(difference[3]));
      for (int k = 0; k < 3; ++k)
        error = std::max(error, glm::length(Vec3(difference[3] + shell_m * difference[k])));
      if (error > worst.max_error_m) worst = {error, static_cast<int>(j), f};
    }
  }
  return worst;
}

}  // namespace canter
