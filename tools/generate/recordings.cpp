#include "generate/recordings.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "canter/anim/retarget.h"
#include "canter/mimic/clean.h"
#include "canter/mimic/evaluate.h"

namespace canter::generate {
namespace {

std::size_t wide(int i) {
  return static_cast<std::size_t>(i);
}

RawClip cut(const RawClip& from, int first, int count) {
  RawClip out = from;
  const auto joints = wide(from.num_joints);
  const auto begin = from.keys.begin() + static_cast<std::ptrdiff_t>(wide(first) * joints);
  out.keys.assign(begin, begin + static_cast<std::ptrdiff_t>(wide(count) * joints));
  return out;
}

// How far the joints of two frames are from each other, at most.
float gap_between(const RawClip& clip, int a, int b) {
  float largest = 0.0f;
  for (std::size_t j = 0; j < wide(clip.num_joints); ++j) {
    const Quat turn = glm::conjugate(clip.frame(a)[j].rotation) * clip.frame(b)[j].rotation;
    largest = std::max(largest, glm::length(log_rotation(turn)));
  }
  return largest;
}

// Where the lap begins whose ends meet best; laps begin where the clip does.
int best_lap(const RawClip& take, int lap, int settled) {
  int best = -1;
  for (int first = 0; first + lap < take.num_frames(); first += lap) {
    if (first < settled) continue;
    if (best < 0 || gap_between(take, first, first + lap) < gap_between(take, best, best + lap))
      best = first;
  }
  return best;
}

// The joints that the body does not move: no joint of it that can turn drives them or one below.
std::vector<bool> unmoved(const physics::BodyDesc& body, const Retargeter& retargeter) {
  const Skeleton& target = retargeter.target();
  std::vector<bool> still(wide(target.num_joints()), true);
  for (const JointPair& pair : retargeter.mapped()) {
    const int joint = find_joint(body, retargeter.source().name(pair.source));
    if (joint < 0 || body.joints[wide(joint)].type == physics::JointType::fixed) continue;
    for (int j = pair.target; j >= 0; j = target.parent(j)) still[wide(j)] = false;
  }
  return still;
}

// Begins over the place where the clip does.
void place_over(const RawClip& performed, RawClip& clip) {
  const Vec3 by =
      Vec3(1, 0, 1) * (performed.frame(0)[0].translation - clip.frame(0)[0].translation);
  for (int f = 0; f < clip.num_frames(); ++f) clip.frame(f)[0].translation += by;
}

}  // namespace

Result<Recording> record(const mimic::Policy& policy, const Skeleton& skeleton,
                         const RawClip& performed, const RecordingOptions& options) {
  mimic::End end = mimic::End::running;
  const RawClip take = mimic::record(policy, {options.seconds, 0.0}, &end);
  const bool whole = end == mimic::End::time_limit || end == mimic::End::finished;
  const int lap = performed.num_frames() - 1;
  const int first =
      performed.loop
          ? best_lap(take, lap, static_cast<int>(options.settle_s * double{take.rate_hz}))
          : 0;
  if (!whole || first < 0 || take.num_frames() <= first + lap)
    return Error{ErrorCode::bad_value,
                 policy.clip_name() + ": the body does not get through it: " + describe(end)};
  Recording out;
  out.from_s = first / double{take.rate_hz};
  out.seam_rad = performed.loop ? gap_between(take, first, first + lap) : 0.0f;
  RawClip part = cut(take, first, lap + 1);
  part.loop = performed.loop;

  mimic::CleanOptions seam_alone;
  seam_alone.ground = seam_alone.limits = false;
  auto closed = mimic::clean_clip(policy.task().model(), *policy.skeleton(), part, seam_alone);
  if (!closed) return closed.error();
  const auto retargeter = make_retargeter(closed->skeleton, skeleton);
  if (!retargeter) return retargeter.error();
  auto carried = retarget(*retargeter, closed->clip);
  if (!carried) return carried.error();
  out.clip = std::move(*carried);
  const std::vector<bool> still = unmoved(policy.task().model().body(), *retargeter);
  for (int f = 0; f < out.clip.num_frames(); ++f)
    for (std::size_t j = 0; j < still.size(); ++j)
      if (still[j]) out.clip.frame(f)[j].rotation = performed.frame(f)[j].rotation;
  place_over(performed, out.clip);
  return out;
}

}  // namespace canter::generate
