// Where the feet say that a clip's gait is.

#include <algorithm>
#include <array>
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

// Both feet stride: between two strikes of one there is exactly one of the other.
bool walks(const std::vector<float>& other, float from_s, float to_s) {
  const auto first = std::lower_bound(other.begin(), other.end(), from_s);
  const auto last = std::lower_bound(other.begin(), other.end(), to_s);
  return last - first == 1;
}

bool even(const std::vector<float>& strikes, std::size_t first, std::size_t last,
          float unevenness) {
  const float mean = (strikes[last] - strikes[first]) / static_cast<float>(last - first);
  for (std::size_t i = first; i < last; ++i)
    if (std::abs(strikes[i + 1] - strikes[i] - mean) > unevenness * mean) return false;
  return true;
}

// Even strides from strike to strike of one foot, within [from_s, to_s].
std::vector<GaitSegment> segments_of(const std::vector<float>& strikes,
                                     const std::vector<float>& other, float from_s, float to_s,
                                     const GaitSettings& settings) {
  std::vector<GaitSegment> found;
  for (std::size_t first = 0; first + 1 < strikes.size();) {
    // As many even strides from here as may be one segment.
    std::size_t last = first;
    while (last + 1 < strikes.size() && last - first < static_cast<std::size_t>(settings.most) &&
           strikes[first] >= from_s && strikes[last + 1] <= to_s &&
           strikes[last + 1] - strikes[last] <= settings.longest_stride_s &&
           walks(other, strikes[last], strikes[last + 1]) &&
           even(strikes, first, last + 1, settings.unevenness))
      ++last;
    const auto strides = static_cast<int>(last - first);
    if (strides >= settings.fewest) found.push_back({strikes[first], strikes[last], strides});
    first = strides >= settings.fewest ? last : first + 1;
  }
  return found;
}

using Strikes = std::array<std::vector<float>, 2>;

Result<Strikes> strikes_of(const Skeleton& skeleton, const RawClip& clip,
                           const ContactSettings& settings, float shortest_s) {
  const auto contacts = detect_contacts(skeleton, clip, settings);
  if (!contacts) return contacts.error();
  Strikes out;
  for (const FootContacts& foot : contacts->feet)
    if (foot.points.side != Side::center)
      out[foot.points.side == Side::left ? 0 : 1] = strikes_of(foot.any, shortest_s);
  return out;
}

}  // namespace

Result<Gait> find_gait(const Skeleton& skeleton, const RawClip& clip, float from_s, float to_s,
                       const GaitSettings& settings) {
  ContactSettings contacts = settings.contacts;
  auto strikes = strikes_of(skeleton, clip, contacts, settings.shortest_stride_s);
  if (!strikes) return strikes.error();
  if ((*strikes)[0].empty() != (*strikes)[1].empty()) {
    contacts.speed_mps *= settings.lenience;
    contacts.release_speed_mps *= settings.lenience;
    strikes = strikes_of(skeleton, clip, contacts, settings.shortest_stride_s);
    if (!strikes) return strikes.error();
  }
  Gait gait;
  gait.strikes_s = std::move(*strikes);
  const auto& [left, right] = gait.strikes_s;
  gait.steady = segments_of(left, right, from_s, to_s, settings);
  if (gait.steady.empty()) gait.steady = segments_of(right, left, from_s, to_s, settings);
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
