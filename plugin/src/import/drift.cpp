#include "import/drift.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "canter/anim/contacts.h"
#include "canter/anim/joint_map.h"
#include "canter/anim/model_space.h"

namespace canter::importer::detail {
namespace {

// Less than this nobody sees.
constexpr float kDrift_m = 0.1f;
// A clip whose last pose is this near its first is a loop: a mean over the joints.
constexpr float kLoop_rad = 0.09f;
// A point higher than this above its own lowest place carries nothing.
constexpr float kSupport_m = 0.05f;
// A body on the spot slides by at least this share of its way; gaits of dogs by up to a half.
constexpr float kOnTheSpot = 0.75f;
// Shorter steps are shuffling, not walking.
constexpr float kSmallStep_m = 0.05f;
// A loop that goes up and makes less way than this many times its rise climbs nothing.
constexpr float kSlope = 3.0f;

Vec3 over_ground(Vec3 v) {
  v.y = 0.0f;
  return v;
}

bool is_loop(const RawClip& clip) {
  const auto first = clip.frame(0), last = clip.frame(clip.num_frames() - 1);
  float sum_rad = 0.0f;
  for (std::size_t j = 0; j < first.size(); ++j)
    sum_rad += glm::length(log_rotation(glm::conjugate(first[j].rotation) * last[j].rotation));
  return sum_rad < kLoop_rad * static_cast<float>(first.size());
}

/// Heel and ball of a foot; a foot without a ball has two heels.
void append_foot(const FootPoints& foot, std::span<const Transform> models,
                 std::vector<Vec3>& out) {
  const Vec3 heel = models[static_cast<std::size_t>(foot.foot)].translation;
  out.push_back(heel);
  out.push_back(
      foot.toe_joint < 0
          ? heel
          : transform_point(models[static_cast<std::size_t>(foot.toe_joint)], foot.toe_offset));
}

/// Places of what can carry the body, [frames][points]: heels and balls, or without feet every
/// joint and end site.
std::vector<std::vector<Vec3>> support_points(const Skeleton& skeleton, const RawClip& clip) {
  const std::vector<FootPoints> feet = find_feet(skeleton, map_joints(skeleton));
  std::vector<std::vector<Vec3>> frames;
  std::vector<Transform> models(static_cast<std::size_t>(skeleton.num_joints()));
  for (int f = 0; f < clip.num_frames(); ++f) {
    model_transforms(skeleton, clip.frame(f), models);
    std::vector<Vec3>& places = frames.emplace_back();
    for (const FootPoints& foot : feet) append_foot(foot, models, places);
    if (!feet.empty()) continue;
    for (const Transform& model : models) places.push_back(model.translation);
    for (const EndSite& site : skeleton.end_sites())
      places.push_back(transform_point(models[static_cast<std::size_t>(site.joint)], site.offset));
  }
  return frames;
}

/// Takes a steady rise out, which would lift what stands off its ground.
void level(std::vector<std::vector<Vec3>>& frames, float rise_m) {
  const float last = static_cast<float>(frames.size() - 1);
  for (std::size_t f = 0; f < frames.size(); ++f)
    for (Vec3& p : frames[f]) p.y -= rise_m * static_cast<float>(f) / last;
}

/// How far the lowest point slides while it carries the body, from frame to frame.
Vec3 slid(const std::vector<std::vector<Vec3>>& frames) {
  std::vector<float> lowest(frames[0].size(), std::numeric_limits<float>::max());
  for (const auto& places : frames)
    for (std::size_t i = 0; i < places.size(); ++i) lowest[i] = std::min(lowest[i], places[i].y);
  Vec3 sum(0.0f);
  for (std::size_t f = 1; f < frames.size(); ++f) {
    std::size_t support = 0;
    float height = std::numeric_limits<float>::max();
    for (std::size_t i = 0; i < lowest.size(); ++i) {
      const float h = 0.5f * (frames[f][i].y + frames[f - 1][i].y) - lowest[i];
      if (h >= height) continue;
      height = h;
      support = i;
    }
    if (height < kSupport_m) sum += over_ground(frames[f][support] - frames[f - 1][support]);
  }
  return sum;
}

/// The same while feet are in contact with the ground, which leaves out what swings past it; and
/// how many contacts there are.
struct Standing {
  Vec3 slid_m{0.0f};
  std::size_t contacts = 0;
};

Standing standing(const Skeleton& skeleton, const RawClip& clip) {
  Standing s;
  const Result<ContactTrack> track = detect_contacts(skeleton, clip);
  if (!track) return s;
  for (const FootContacts& foot : track->feet) s.contacts += foot.any.size();
  std::vector<Transform> models(static_cast<std::size_t>(skeleton.num_joints()));
  std::vector<Vec3> before;
  for (int f = 0; f < clip.num_frames(); ++f) {
    model_transforms(skeleton, clip.frame(f), models);
    const float middle_s = (static_cast<float>(f) - 0.5f) / clip.rate_hz;
    std::vector<Vec3> places;
    Vec3 sum(0.0f);
    float stand = 0.0f;
    for (const FootContacts& foot : track->feet) {
      append_foot(foot.points, models, places);
      for (const std::size_t i : {places.size() - 2, places.size() - 1}) {
        const bool heel = i + 2 == places.size();
        if (f == 0 || !in_contact(heel ? foot.heel : foot.ball, middle_s)) continue;
        sum += places[i] - before[i];
        stand += 1.0f;
      }
    }
    if (stand > 0.0f) s.slid_m += over_ground(sum / stand);
    before = std::move(places);
  }
  return s;
}

/// The part of the way over the ground that is no progress.
Vec3 ground_drift(const Skeleton& skeleton, const RawClip& clip, bool loop, const Vec3& way,
                  const Vec3& slide) {
  const float length = glm::length(way);
  if (length > kDrift_m && glm::dot(slide, way) > kOnTheSpot * length * length) return way;
  if (!loop) return Vec3(0.0f);
  const Standing stand = standing(skeleton, clip);
  if (stand.contacts > 0 && length > kDrift_m &&
      length < kSmallStep_m * static_cast<float>(stand.contacts))
    return way;
  // Across the steps' way; along it feet slide, which is another finding.
  const Vec3 stepped = way - slide;
  const float steps = glm::length(stepped);
  if (steps < kDrift_m) return Vec3(0.0f);
  const Vec3 along = stepped / steps;
  const Vec3 across = stand.slid_m - along * glm::dot(stand.slid_m, along);
  return glm::length(across) > kDrift_m ? across : Vec3(0.0f);
}

}  // namespace

int first_root(const Skeleton& skeleton) {
  for (int j = 0; j < skeleton.num_joints(); ++j)
    if (skeleton.parent(j) < 0) return j;
  return 0;
}

Drift judge_drift(const Skeleton& skeleton, const RawClip& clip) {
  Drift result;
  if (clip.num_frames() < 2) return result;
  const auto root = static_cast<std::size_t>(first_root(skeleton));
  result.travelled_m =
      clip.frame(clip.num_frames() - 1)[root].translation - clip.frame(0)[root].translation;
  const bool loop = is_loop(clip);
  auto frames = support_points(skeleton, clip);
  if (loop) level(frames, result.travelled_m.y);
  const Vec3 way = over_ground(result.travelled_m);
  const Vec3 slide = slid(frames);
  result.stepped_m = way - slide;
  result.drift_m = ground_drift(skeleton, clip, loop, way, slide);
  const float rise_m = result.travelled_m.y;
  if (loop && std::abs(rise_m) > kDrift_m &&
      glm::length(result.stepped_m) < kSlope * std::abs(rise_m))
    result.drift_m.y = rise_m;
  return result;
}

}  // namespace canter::importer::detail
