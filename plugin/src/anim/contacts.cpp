#include "canter/anim/contacts.h"

#include <algorithm>
#include <cmath>

#include "canter/anim/model_space.h"

namespace canter {
namespace {

constexpr float kHumanLeg_m = 0.85f;  // hip to ankle; what the settings are written for

float leg_length(const Skeleton& skeleton, const JointMap& map) {
  // Along the bones: independent of the rest pose.
  const auto offset = [&](int joint, int above) {
    float length = 0.0f;
    for (int j = joint; j >= 0 && j != above; j = skeleton.parent(j))
      length += glm::length(skeleton.rest_pose()[static_cast<std::size_t>(j)].translation);
    return length;
  };
  float longest = 0.0f;
  for (const JointMap::Leg& leg : map.legs)
    if (leg.thigh >= 0 && leg.foot >= 0) longest = std::max(longest, offset(leg.foot, leg.thigh));
  return longest;
}

// Positions of one point over all frames.
using Path = std::vector<Vec3>;

Path point_path(const Skeleton& skeleton, const RawClip& clip, int joint, const Vec3& offset) {
  Path path(static_cast<std::size_t>(clip.num_frames()));
  for (int f = 0; f < clip.num_frames(); ++f)
    path[static_cast<std::size_t>(f)] =
        transform_point(model_transform(skeleton, clip.frame(f), joint), offset);
  return path;
}

// Central differences over about 40 ms, which marker noise at 120 Hz needs.
std::vector<float> speeds(const Path& path, float rate_hz) {
  const auto n = static_cast<std::ptrdiff_t>(path.size());
  const std::ptrdiff_t reach = std::max<std::ptrdiff_t>(
      1, static_cast<std::ptrdiff_t>(std::lround(0.02f * std::min(rate_hz, 1e6f))));
  std::vector<float> out(path.size(), 0.0f);
  for (std::ptrdiff_t f = 0; f < n; ++f) {
    const auto a = std::max<std::ptrdiff_t>(f - reach, 0);
    const auto b = std::min(f + reach, n - 1);
    if (b > a)
      out[static_cast<std::size_t>(f)] =
          glm::distance(path[static_cast<std::size_t>(a)], path[static_cast<std::size_t>(b)]) *
          rate_hz / static_cast<float>(b - a);
  }
  return out;
}

float percentile(std::vector<float> values, float share) {
  if (values.empty()) return 0.0f;
  const auto k = static_cast<std::ptrdiff_t>(share * static_cast<float>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + k, values.end());
  return values[static_cast<std::size_t>(k)];
}

// The height a point stands at: low among the heights at which it is slow.
float standing_height(const Path& path, const std::vector<float>& speed, float slow_mps) {
  std::vector<float> heights;
  for (std::size_t f = 0; f < path.size(); ++f)
    if (speed[f] < slow_mps) heights.push_back(path[f].y);
  if (heights.size() * 50 < path.size() || heights.empty()) {
    // Hardly ever slow (running on the spot of a treadmill): low among all.
    heights.clear();
    for (const Vec3& p : path) heights.push_back(p.y);
  }
  return percentile(std::move(heights), 0.1f);
}

std::vector<ContactInterval> find_intervals(const Path& path, const std::vector<float>& speed,
                                            float stands_at, float scale, float rate_hz,
                                            const ContactSettings& s) {
  std::vector<ContactInterval> found;
  bool on = false;
  int first = 0;
  int last = 0;  // latest frame that would begin a contact: the looser limits only bridge
  const auto close = [&](int end_frame) {
    const ContactInterval i{static_cast<float>(first) / rate_hz,
                            static_cast<float>(end_frame) / rate_hz};
    if (!found.empty() && i.start_s - found.back().end_s < s.shortest_gap_s)
      found.back().end_s = i.end_s;
    else
      found.push_back(i);
  };
  const int num_frames = static_cast<int>(path.size());
  for (int f = 0; f < num_frames; ++f) {
    const auto k = static_cast<std::size_t>(f);
    const float height = path[k].y - stands_at;
    if (on && (height > s.release_height_m * scale || speed[k] > s.release_speed_mps * scale)) {
      close(last);
      on = false;
    } else if (height < s.height_m * scale && speed[k] < s.speed_mps * scale) {
      if (!on) first = f;
      last = f;
      on = true;
    }
  }
  if (on) close(last);
  std::erase_if(
      found, [&](const ContactInterval& i) { return i.end_s - i.start_s < s.shortest_contact_s; });
  return found;
}

std::vector<ContactInterval> join(const std::vector<ContactInterval>& a,
                                  const std::vector<ContactInterval>& b) {
  std::vector<ContactInterval> all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end(), [](const ContactInterval& x, const ContactInterval& y) {
    return x.start_s < y.start_s;
  });
  std::vector<ContactInterval> out;
  for (const ContactInterval& i : all) {
    if (!out.empty() && i.start_s <= out.back().end_s)
      out.back().end_s = std::max(out.back().end_s, i.end_s);
    else
      out.push_back(i);
  }
  return out;
}

// The first interval that does not end before `time_s`.
std::span<const ContactInterval>::iterator first_open(std::span<const ContactInterval> intervals,
                                                      float time_s) {
  return std::lower_bound(intervals.begin(), intervals.end(), time_s,
                          [](const ContactInterval& i, float t) { return i.end_s < t; });
}

}  // namespace

std::vector<FootPoints> find_feet(const Skeleton& skeleton, const JointMap& map) {
  std::vector<FootPoints> feet;
  for (std::size_t s = 0; s < 2; ++s) {
    if (map.legs[s].foot < 0) continue;
    FootPoints foot;
    foot.side = s == 0 ? Side::left : Side::right;
    foot.foot = map.legs[s].foot;
    foot.toe_joint = map.legs[s].toes;
    // Without a toe joint the tip of the foot will do.
    if (foot.toe_joint < 0)
      for (const EndSite& site : skeleton.end_sites())
        if (site.joint == foot.foot && glm::length(site.offset) > glm::length(foot.toe_offset)) {
          foot.toe_joint = site.joint;
          foot.toe_offset = site.offset;
        }
    feet.push_back(foot);
  }
  return feet;
}

Result<ContactTrack> detect_contacts(const Skeleton& skeleton, const RawClip& clip,
                                     const ContactSettings& settings, const JointMap* map) {
  if (Result<void> valid = validate(clip, skeleton); !valid) return valid.error();
  const JointMap own = map == nullptr ? map_joints(skeleton) : JointMap{};
  const JointMap& joints = map == nullptr ? own : *map;
  const float leg_m = leg_length(skeleton, joints);
  const float scale = leg_m > 0.0f ? leg_m / kHumanLeg_m : 1.0f;

  ContactTrack track;
  Path lowest;  // the lowest known point of both feet
  const auto lower = [&](const Path& path) {
    if (lowest.empty()) lowest = path;
    for (std::size_t f = 0; f < path.size(); ++f)
      if (path[f].y < lowest[f].y) lowest[f] = path[f];
  };
  for (const FootPoints& points : find_feet(skeleton, joints)) {
    FootContacts foot;
    foot.points = points;
    const auto detect = [&](int joint, const Vec3& offset) {
      const Path path = point_path(skeleton, clip, joint, offset);
      const std::vector<float> speed = speeds(path, clip.rate_hz);
      lower(path);
      const float stands_at = standing_height(path, speed, settings.release_speed_mps * scale);
      return find_intervals(path, speed, stands_at, scale, clip.rate_hz, settings);
    };
    foot.heel = detect(points.foot, Vec3(0.0f));
    if (points.toe_joint >= 0) foot.ball = detect(points.toe_joint, points.toe_offset);
    foot.any = join(foot.heel, foot.ball);
    track.feet.push_back(std::move(foot));
    for (const EndSite& site : skeleton.end_sites())
      if (is_ancestor_or_self(skeleton, points.foot, site.joint))
        lower(point_path(skeleton, clip, site.joint, site.offset));
  }
  if (!lowest.empty())
    track.ground_m =
        standing_height(lowest, speeds(lowest, clip.rate_hz), settings.release_speed_mps * scale);
  return track;
}

Result<ContactTrack> detect_contacts(const Skeleton& skeleton, const Clip& clip,
                                     const ContactSettings& settings, const JointMap* map) {
  if (clip.num_joints() != skeleton.num_joints())
    return Error{ErrorCode::bad_value, "the clip has " + std::to_string(clip.num_joints()) +
                                           " joints, the skeleton " +
                                           std::to_string(skeleton.num_joints())};
  return detect_contacts(skeleton, decompress(clip, skeleton), settings, map);
}

bool in_contact(std::span<const ContactInterval> intervals, float time_s) {
  const auto i = first_open(intervals, time_s);
  return i != intervals.end() && i->start_s <= time_s;
}

float contact_weight(std::span<const ContactInterval> intervals, float time_s, float fade_s) {
  // Distance in time to the nearest interval: the one that is open or next, or the one before.
  const auto next = first_open(intervals, time_s);
  float distance_s = fade_s;
  if (next != intervals.end())
    distance_s = std::min(distance_s, std::max(next->start_s - time_s, 0.0f));
  if (next != intervals.begin()) distance_s = std::min(distance_s, time_s - std::prev(next)->end_s);
  if (distance_s <= 0.0f) return 1.0f;
  const float x = std::clamp(1.0f - distance_s / fade_s, 0.0f, 1.0f);
  return x * x * (3.0f - 2.0f * x);
}

float foot_slide_mps(const Skeleton& skeleton, const RawClip& clip, const ContactTrack& contacts) {
  double way_m = 0.0;
  int steps = 0;
  const auto add = [&](int joint, const Vec3& offset,
                       const std::vector<ContactInterval>& intervals) {
    if (joint < 0 || intervals.empty()) return;
    const Path path = point_path(skeleton, clip, joint, offset);
    for (std::size_t f = 1; f < path.size(); ++f) {
      const float a = static_cast<float>(f - 1) / clip.rate_hz;
      const float b = static_cast<float>(f) / clip.rate_hz;
      if (!in_contact(intervals, a) || !in_contact(intervals, b)) continue;
      const Vec3 step = path[f] - path[f - 1];
      way_m += std::sqrt(static_cast<double>(step.x * step.x + step.z * step.z));
      ++steps;
    }
  };
  for (const FootContacts& foot : contacts.feet) {
    add(foot.points.foot, Vec3(0.0f), foot.heel);
    add(foot.points.toe_joint, foot.points.toe_offset, foot.ball);
  }
  return steps == 0 ? 0.0f : static_cast<float>(way_m / steps) * clip.rate_hz;
}

}  // namespace canter
