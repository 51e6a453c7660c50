// Where the feet say that a clip's gait is.

#include <algorithm>
#include <cmath>

#include "canter/phase/metrics.h"

namespace canter::phase {
namespace {

// Beginnings of contacts that are strikes: none sooner after the last than a stride can be.
std::vector<float> strikes_of(const std::vector<ContactInterval>& contacts, float shortest_s) {
  std::vector<float> out;
  for (const ContactInterval& c : contacts)
    // A contact the clip begins with was struck before it.
    if (c.start_s > 0.0f && (out.empty() || c.start_s - out.back() >= shortest_s))
      out.push_back(c.start_s);
  return out;
}

// Both feet stride: between two left strikes there is exactly one right one.
bool walks(const std::vector<float>& right, float from_s, float to_s) {
  const auto first = std::lower_bound(right.begin(), right.end(), from_s);
  const auto last = std::lower_bound(right.begin(), right.end(), to_s);
  return last - first == 1;
}

bool even(const std::vector<float>& left, std::size_t first, std::size_t last, float unevenness) {
  const float mean = (left[last] - left[first]) / static_cast<float>(last - first);
  for (std::size_t i = first; i < last; ++i)
    if (std::abs(left[i + 1] - left[i] - mean) > unevenness * mean) return false;
  return true;
}

}  // namespace

Result<Gait> find_gait(const Skeleton& skeleton, const RawClip& clip, float from_s, float to_s,
                       const GaitSettings& settings) {
  const auto contacts = detect_contacts(skeleton, clip, settings.contacts);
  if (!contacts) return contacts.error();
  Gait gait;
  for (const FootContacts& foot : contacts->feet)
    if (foot.points.side != Side::center)
      gait.strikes_s[foot.points.side == Side::left ? 0 : 1] =
          strikes_of(foot.any, settings.shortest_stride_s);
  const std::vector<float>& left = gait.strikes_s[0];
  for (std::size_t first = 0; first + 1 < left.size();) {
    // As many even strides from here as may be one segment.
    std::size_t last = first;
    while (last + 1 < left.size() && last - first < static_cast<std::size_t>(settings.most) &&
           left[first] >= from_s && left[last + 1] <= to_s &&
           left[last + 1] - left[last] <= settings.longest_stride_s &&
           walks(gait.strikes_s[1], left[last], left[last + 1]) &&
           even(left, first, last + 1, settings.unevenness))
      ++last;
    const auto strides = static_cast<int>(last - first);
    if (strides >= settings.fewest) gait.steady.push_back({left[first], left[last], strides});
    first = strides >= settings.fewest ? last : first + 1;
  }
  return gait;
}

RawClip unrolled(const Skeleton& skeleton, const RawClip& clip, float seconds) {
  const int lap = clip.num_frames() - 1;
  if (!clip.loop || lap < 1) return clip;
  RawClip out = clip;
  out.loop = false;
  out.keys.clear();
  constexpr int kMostLaps = 1000;
  const int laps =
      std::clamp(static_cast<int>(std::ceil(seconds / clip.duration_s())), 1, kMostLaps);
  for (int f = 0; f <= laps * lap; ++f) {
    const auto frame = clip.frame(f % lap);
    out.keys.insert(out.keys.end(), frame.begin(), frame.end());
    const auto begun = out.keys.end() - clip.num_joints;
    for (int j = 0; j < skeleton.num_joints(); ++j) {
      if (skeleton.parent(j) >= 0) continue;
      const auto at = static_cast<std::size_t>(j);
      Vec3 way = clip.frame(lap)[at].translation - clip.frame(0)[at].translation;
      way.y = 0.0f;
      (begun + j)->translation += static_cast<float>(f / lap) * way;
    }
  }
  return out;
}

}  // namespace canter::phase
