#include "anim/foot_pins.h"

#include <algorithm>
#include <cmath>

#include "anim/rotations.h"
#include "canter/anim/ik.h"
#include "canter/anim/model_space.h"

namespace canter::detail {
namespace {

// A leg is bent to at most this share of its length, and the hips go down by at most this share.
constexpr float kNearlyStraight = 0.998f;
constexpr float kDeepestDrop = 0.15f;

// A contact of one point and what it takes to keep the point in place.
struct Pin {
  bool ball = false;
  int first = 0, last = 0;  // frames
  Vec3 place{0.0f};
};

struct FootMotion {
  std::vector<Vec3> heel, ball;  // [frames] before pinning
  std::vector<float> lowest;     // [frames] height of the sole
  const std::vector<Vec3>& of(const Pin& pin) const { return pin.ball ? ball : heel; }
};

// A point of the sole, rigid on a joint.
struct SolePoint {
  int joint = 0;
  Vec3 offset{0.0f};
};

// Below the ankle and below the ball on the level of the lowest point of the foot, and its tips, as
// the reference pose has them: what touches the ground, flat or on tiptoe.
std::vector<SolePoint> sole_of(const Skeleton& skeleton, const FootPoints& points,
                               std::span<const Transform> models) {
  const auto model = [&](int joint) { return models[static_cast<std::size_t>(joint)]; };
  std::vector<SolePoint> sole;
  for (const EndSite& site : skeleton.end_sites())
    if (is_ancestor_or_self(skeleton, points.foot, site.joint))
      sole.push_back({site.joint, site.offset});
  sole.push_back({points.foot, Vec3(0.0f)});
  if (points.toe_joint >= 0) sole.push_back({points.toe_joint, points.toe_offset});
  float lowest = model(points.foot).translation.y;
  for (const SolePoint& p : sole)
    lowest = std::min(lowest, transform_point(model(p.joint), p.offset).y);
  const auto lowered = [&](int joint, const Vec3& offset) {
    Vec3 place = transform_point(model(joint), offset);
    place.y = lowest;
    return SolePoint{points.foot, transform_point(inverse(model(points.foot)), place)};
  };
  sole.push_back(lowered(points.foot, Vec3(0.0f)));
  if (points.toe_joint >= 0) sole.push_back(lowered(points.toe_joint, points.toe_offset));
  return sole;
}

int frame_of(float time_s, const RawClip& clip) {
  return std::clamp(static_cast<int>(std::lround(time_s * clip.rate_hz)), 0, clip.num_frames() - 1);
}

// How much a pin pulls at a frame: fully inside, fading outside.
float pull(const Pin& pin, int frame, float fade_frames) {
  const float outside = static_cast<float>(std::max({pin.first - frame, frame - pin.last, 0}));
  if (outside == 0.0f) return 1.0f;
  if (!(fade_frames > 0.0f)) return 0.0f;
  const float x = std::clamp(1.0f - outside / fade_frames, 0.0f, 1.0f);
  return x * x * (3.0f - 2.0f * x);
}

// The pull of all pins of one point at a frame, and where they want it.
struct PointGoal {
  float weight = 0.0f;
  Vec3 move{0.0f};
};

PointGoal point_goal(const std::vector<Pin>& pins, bool ball, const FootMotion& motion, int frame,
                     float fade_frames) {
  PointGoal goal;
  float total = 0.0f;
  for (const Pin& pin : pins) {
    const float w = pin.ball == ball ? pull(pin, frame, fade_frames) : 0.0f;
    if (w <= 0.0f) continue;
    // Outside the contact the correction of its edge fades; what the foot does then is its own.
    const auto edge = static_cast<std::size_t>(std::clamp(frame, pin.first, pin.last));
    goal.move += w * (pin.place - motion.of(pin)[edge]);
    total += w;
    goal.weight = std::max(goal.weight, w);
  }
  if (total > 0.0f) goal.move /= total;
  return goal;
}

// Where the ankle should be, and how the foot turns about it.
struct FootGoal {
  float weight = 0.0f;
  Vec3 ankle{0.0f};
  Quat turn = kIdentityRotation;
};

FootGoal foot_goal(const std::vector<Pin>& pins, const FootMotion& motion, int frame,
                   float fade_frames) {
  const auto k = static_cast<std::size_t>(frame);
  const Vec3 heel = motion.heel[k];
  const PointGoal h = point_goal(pins, false, motion, frame, fade_frames);
  FootGoal goal{h.weight, heel + h.move * h.weight, kIdentityRotation};
  if (motion.ball.empty()) return goal;
  const Vec3 foot = motion.ball[k] - heel;
  const PointGoal b = point_goal(pins, true, motion, frame, fade_frames);
  if (b.weight <= 0.0f) return goal;
  // While both points stand, the foot turns so that both stay in place.
  const Vec3 pinned = foot + b.move - h.move;
  if (h.weight > 0.0f)
    goal.turn =
        nlerp(kIdentityRotation,
              shortest_arc(normalize_or(foot, Vec3(0.0f, 0.0f, 1.0f)),
                           normalize_or(pinned, normalize_or(foot, Vec3(0.0f, 0.0f, 1.0f)))),
              h.weight * b.weight);
  // A point in contact holds; one that is coming or going gives way to it.
  const Vec3 by_heel = heel + h.move;
  const Vec3 by_ball = heel + foot + b.move - goal.turn * foot;
  float share = b.weight / (h.weight + b.weight);
  if (h.weight >= 1.0f && b.weight < 1.0f) share = 0.0f;
  if (b.weight >= 1.0f && h.weight < 1.0f) share = 1.0f;
  goal.weight = std::max(h.weight, b.weight);
  goal.ankle = glm::mix(heel, glm::mix(by_heel, by_ball, share), goal.weight);
  return goal;
}

// Largest value within `radius` of each place, then averaged over the same width: smooth, and
// nowhere below the values given.
std::vector<float> smooth_cover(const std::vector<float>& values, int radius) {
  const int n = static_cast<int>(values.size());
  std::vector<float> most(values.size());
  std::vector<float> out(values.size());
  for (int i = 0; i < n; ++i)
    most[static_cast<std::size_t>(i)] = *std::max_element(
        values.begin() + std::max(i - radius, 0), values.begin() + std::min(i + radius + 1, n));
  for (int i = 0; i < n; ++i) {
    float sum = 0.0f;
    // Past the ends the value there goes on.
    for (int k = i - radius; k <= i + radius; ++k)
      sum += most[static_cast<std::size_t>(std::clamp(k, 0, n - 1))];
    out[static_cast<std::size_t>(i)] = sum / static_cast<float>(2 * radius + 1);
  }
  return out;
}

std::vector<Pin> make_pins(const FootContacts& foot, const FootMotion& motion, float ground_m,
                           const RawClip& clip) {
  std::vector<Pin> pins;
  for (const ContactInterval& i : foot.heel)
    pins.push_back({false, frame_of(i.start_s, clip), frame_of(i.end_s, clip), Vec3(0.0f)});
  for (const ContactInterval& i : foot.ball)
    if (!motion.ball.empty())
      pins.push_back({true, frame_of(i.start_s, clip), frame_of(i.end_s, clip), Vec3(0.0f)});
  std::sort(pins.begin(), pins.end(), [](const Pin& a, const Pin& b) { return a.first < b.first; });

  std::vector<Pin> placed;
  for (Pin pin : pins) {
    // The foot rolls from heel to ball: a contact that begins while the other point stands takes
    // the place that one leaves it in; a contact of its own takes its mean.
    const Pin* other = nullptr;
    for (const Pin& p : placed)
      if (p.ball != pin.ball && p.last >= pin.first) other = &p;
    const int last = other != nullptr ? std::min(pin.last, other->last) : pin.last;
    Vec3 sum(0.0f);
    for (int f = pin.first; f <= last; ++f) {
      const auto k = static_cast<std::size_t>(f);
      sum += motion.of(pin)[k];
      if (other != nullptr) sum += other->place - motion.of(*other)[k];
    }
    pin.place = sum / static_cast<float>(last - pin.first + 1);
    // Upwards the sole decides: it must touch the ground.
    float height = 0.0f;
    for (int f = pin.first; f <= pin.last; ++f) {
      const auto k = static_cast<std::size_t>(f);
      height += motion.of(pin)[k].y - motion.lowest[k];
    }
    pin.place.y = ground_m + height / static_cast<float>(pin.last - pin.first + 1);
    placed.push_back(pin);
  }
  return placed;
}

}  // namespace

ContactTrack transfer_contacts(const ContactTrack& from, const std::vector<FootPoints>& feet) {
  ContactTrack out;
  out.ground_m = from.ground_m;
  for (const FootContacts& foot : from.feet) {
    for (const FootPoints& points : feet) {
      if (points.side != foot.points.side) continue;
      FootContacts c = foot;
      c.points = points;
      if (points.toe_joint < 0) c.ball.clear();
      out.feet.push_back(std::move(c));
    }
  }
  return out;
}

float pin_feet(const Skeleton& skeleton, const JointMap& map, std::span<const Transform> reference,
               const ContactTrack& contacts, float fade_s, RawClip& clip) {
  const auto num_joints = static_cast<std::size_t>(skeleton.num_joints());
  const float fade_frames = fade_s * clip.rate_hz;
  std::vector<Transform> models(num_joints);

  // Where the points of the feet go before anything is bent.
  struct Leg {
    TwoBoneIk ik;
    FootPoints points;
    std::vector<SolePoint> sole;
    FootMotion motion;
    std::vector<Vec3> hip;  // [frames]
    float length_m = 0.0f;
    std::vector<Pin> pins;
    std::vector<FootGoal> goals;  // [frames]
  };
  std::vector<Leg> legs;
  model_transforms(skeleton, reference, models);
  for (const FootContacts& foot : contacts.feet) {
    const JointMap::Leg& joints = map.legs[foot.points.side == Side::left ? 0 : 1];
    if (joints.thigh < 0 || joints.shin < 0 || joints.foot != foot.points.foot) continue;
    Leg leg;
    leg.ik.start = joints.thigh;
    leg.ik.mid = joints.shin;
    leg.ik.end = joints.foot;
    leg.ik.soften = 1.0f;  // the hips come down instead
    leg.points = foot.points;
    leg.sole = sole_of(skeleton, foot.points, models);
    const auto at = [&](int j) { return models[static_cast<std::size_t>(j)].translation; };
    leg.length_m = glm::distance(at(joints.thigh), at(joints.shin)) +
                   glm::distance(at(joints.shin), at(joints.foot));
    legs.push_back(std::move(leg));
  }
  for (int f = 0; f < clip.num_frames(); ++f) {
    model_transforms(skeleton, clip.frame(f), models);
    for (Leg& leg : legs) {
      leg.hip.push_back(models[static_cast<std::size_t>(leg.ik.start)].translation);
      leg.motion.heel.push_back(models[static_cast<std::size_t>(leg.points.foot)].translation);
      if (leg.points.toe_joint >= 0)
        leg.motion.ball.push_back(transform_point(
            models[static_cast<std::size_t>(leg.points.toe_joint)], leg.points.toe_offset));
      float lowest = leg.motion.heel.back().y;
      for (const SolePoint& p : leg.sole)
        lowest = std::min(lowest,
                          transform_point(models[static_cast<std::size_t>(p.joint)], p.offset).y);
      leg.motion.lowest.push_back(lowest);
    }
  }
  for (Leg& leg : legs)
    for (const FootContacts& foot : contacts.feet)
      if (foot.points.foot == leg.points.foot)
        leg.pins = make_pins(foot, leg.motion, contacts.ground_m, clip);

  // The hips come down where a leg is too short for its foot's place.
  std::vector<float> drop(static_cast<std::size_t>(clip.num_frames()), 0.0f);
  for (int f = 0; f < clip.num_frames(); ++f) {
    const auto k = static_cast<std::size_t>(f);
    for (Leg& leg : legs) {
      leg.goals.push_back(foot_goal(leg.pins, leg.motion, f, fade_frames));
      const FootGoal& goal = leg.goals.back();
      if (goal.weight <= 0.0f) continue;
      const Vec3 way = leg.hip[k] - goal.ankle;
      const float reach = kNearlyStraight * leg.length_m;
      const float level2 = way.x * way.x + way.z * way.z;
      const float needed = way.y - std::sqrt(std::max(reach * reach - level2, 0.0f));
      drop[k] =
          std::max(drop[k], goal.weight * std::clamp(needed, 0.0f, kDeepestDrop * leg.length_m));
    }
  }
  drop = smooth_cover(
      drop, std::min(static_cast<int>(std::lround(0.5f * fade_frames)), clip.num_frames()));

  float worst_miss_m = 0.0f;
  Pose pose(skeleton);
  std::vector<Mat4> matrices(num_joints);
  for (int f = 0; f < clip.num_frames(); ++f) {
    const auto k = static_cast<std::size_t>(f);
    const auto locals = clip.frame(f);
    model_transforms(skeleton, locals, models);
    if (map.hips >= 0 && drop[k] > 0.0f) {
      const int parent = skeleton.parent(map.hips);
      const Transform above = parent < 0 ? Transform{} : models[static_cast<std::size_t>(parent)];
      locals[static_cast<std::size_t>(map.hips)].translation -=
          (glm::conjugate(above.rotation) * Vec3(0.0f, drop[k], 0.0f)) / above.scale;
      model_transforms(skeleton, locals, models);
    }
    for (std::size_t j = 0; j < num_joints; ++j) {
      matrices[j] = to_matrix(models[j]);
      pose.set(static_cast<int>(j), locals[j]);
    }
    for (Leg& leg : legs) {
      const FootGoal& goal = leg.goals[k];
      if (goal.weight <= 0.0f && drop[k] <= 0.0f) continue;
      // The foot turns first; the limb then keeps its orientation.
      const auto foot = static_cast<std::size_t>(leg.ik.end);
      const Quat old = models[foot].rotation;
      const Quat above = old * glm::conjugate(pose.view().rotations[leg.ik.end]);
      pose.view().rotations[leg.ik.end] = glm::normalize(glm::conjugate(above) * goal.turn * old);
      Transform turned = models[foot];
      turned.rotation = glm::normalize(goal.turn * old);
      matrices[foot] = to_matrix(turned);
      leg.ik.target = goal.ankle;
      worst_miss_m =
          std::max(worst_miss_m, solve_two_bone(skeleton, matrices, leg.ik, pose).miss_m);
    }
    for (std::size_t j = 0; j < num_joints; ++j)
      locals[j].rotation = pose.get(static_cast<int>(j)).rotation;
  }
  return worst_miss_m;
}

}  // namespace canter::detail
