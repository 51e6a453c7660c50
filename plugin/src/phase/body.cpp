#include "canter/phase/body.h"

#include <algorithm>
#include <cmath>

#include "canter/anim/contacts.h"
#include "canter/anim/model_space.h"

namespace canter::phase {
namespace {

constexpr float kHumanLeg_m = 0.85f;  // hip to ankle; lengths are scaled to it
constexpr int kSpinePoints = 4;

// Lengths of the bones from `joint` up to `above`.
float chain_length(const Skeleton& skeleton, int joint, int above) {
  float length = 0.0f;
  for (int j = joint; j >= 0 && j != above; j = skeleton.parent(j))
    length += glm::length(skeleton.rest_pose()[static_cast<std::size_t>(j)].translation);
  return length;
}

// The longest leg; without legs, half the reach of the rest pose.
float size_of(const Skeleton& skeleton, const JointMap& map) {
  float size = 0.0f;
  for (const JointMap::Leg& leg : map.legs)
    if (leg.thigh >= 0 && leg.foot >= 0)
      size = std::max(size, chain_length(skeleton, leg.foot, leg.thigh));
  if (size > 0.0f) return size;
  for (int j = 0; j < skeleton.num_joints(); ++j)
    size = std::max(size, 0.5f * chain_length(skeleton, j, 0));
  return size;
}

class BodyBuilder {
 public:
  BodyBuilder(const Skeleton& skeleton, const JointMap& map) : skeleton_(skeleton), map_(map) {}

  Body build() {
    body_.hips = map_.hips >= 0 ? map_.hips : 0;
    add("hips", {body_.hips, body_.hips, 0.0f, Vec3(0.0f)});
    add_spine();
    for (const Side side : {Side::left, Side::right}) add_arm(side);
    for (const Side side : {Side::left, Side::right}) add_leg(side);
    face();
    const float size = size_of(skeleton_, map_);
    body_.scale = size > 1e-4f ? kHumanLeg_m / size : 1.0f;
    body_.has_feet = map_.legs[0].foot >= 0 && map_.legs[1].foot >= 0;
    return std::move(body_);
  }

 private:
  void add(std::string name, const BodyPoint& point) {
    body_.names.push_back(std::move(name));
    body_.points.push_back(point);
  }

  // The joint, or the one to stand in for it.
  int add_joint(const std::string& name, int joint, int otherwise) {
    if (joint < 0) body_.missing.push_back(name);
    const int at = joint >= 0 ? joint : otherwise;
    add(name, {at, at, 0.0f, Vec3(0.0f)});
    return at;
  }

  // Evenly along the bones from the hips to the neck, however many joints there are between.
  void add_spine() {
    std::vector<int> chain = {body_.hips};
    chain.insert(chain.end(), map_.spine.begin(), map_.spine.end());
    const int neck = !map_.neck.empty() ? map_.neck.front() : map_.head;
    if (neck >= 0) chain.push_back(neck);
    if (map_.spine.empty()) body_.missing.push_back("spine");
    std::vector<float> at = {0.0f};
    for (std::size_t i = 1; i < chain.size(); ++i)
      at.push_back(at.back() + std::max(1e-4f, chain_length(skeleton_, chain[i], chain[i - 1])));
    for (int k = 1; k <= kSpinePoints; ++k) {
      const float want = at.back() * static_cast<float>(k) / static_cast<float>(kSpinePoints + 1);
      std::size_t i = 0;
      while (i + 2 < chain.size() && at[i + 1] < want) ++i;
      const std::size_t next = std::min(i + 1, chain.size() - 1);
      const float span = at[next] - at[i];
      add("spine " + std::to_string(k),
          {chain[i], chain[next], span > 0.0f ? (want - at[i]) / span : 0.0f, Vec3(0.0f)});
    }
    const int top = add_joint("neck", neck, chain.back());
    add_joint("head", map_.head, top);
    neck_ = top;
  }

  void add_arm(Side side) {
    const JointMap::Arm& arm = map_.arms[side == Side::left ? 0 : 1];
    const std::string prefix(to_string(side));
    int at = add_joint(prefix + " clavicle", arm.clavicle,
                       arm.upper_arm >= 0 ? skeleton_.parent(arm.upper_arm) : neck_);
    at = add_joint(prefix + " upper arm", arm.upper_arm, at);
    at = add_joint(prefix + " forearm", arm.forearm, at);
    add_joint(prefix + " hand", arm.hand, at);
  }

  void add_leg(Side side) {
    const JointMap::Leg& leg = map_.legs[side == Side::left ? 0 : 1];
    const std::string prefix(to_string(side));
    int at = add_joint(prefix + " thigh", leg.thigh, body_.hips);
    at = add_joint(prefix + " shin", leg.shin, at);
    at = add_joint(prefix + " foot", leg.foot, at);
    // The ball of the foot: a joint or the foot's end site.
    for (const FootPoints& foot : find_feet(skeleton_, map_))
      if (foot.side == side && foot.toe_joint >= 0) {
        add(prefix + " toes", {foot.toe_joint, foot.toe_joint, 0.0f, foot.toe_offset});
        return;
      }
    add_joint(prefix + " toes", leg.toes, at);
  }

  void face() {
    const auto pair = [&](int left, int right) {
      if (left >= 0 && right >= 0) body_.across.push_back({left, right});
    };
    pair(map_.legs[0].thigh, map_.legs[1].thigh);
    pair(map_.arms[0].upper_arm, map_.arms[1].upper_arm);
  }

  const Skeleton& skeleton_;
  const JointMap& map_;
  Body body_;
  int neck_ = 0;
};

Vec3 position_of(const Mat4& m) {
  return Vec3(m[3]);
}

}  // namespace

Body make_body(const Skeleton& skeleton, const JointMap* map) {
  const JointMap made = map == nullptr ? map_joints(skeleton) : JointMap();
  return BodyBuilder(skeleton, map == nullptr ? made : *map).build();
}

Result<Body> make_body(const Skeleton& skeleton, std::span<const int> joints) {
  if (joints.empty()) return Error{ErrorCode::bad_value, "joint mask: it names no joint"};
  const JointMap map = map_joints(skeleton);
  Body body = BodyBuilder(skeleton, map).build();
  body.points.clear();
  body.names.clear();
  body.missing.clear();
  for (const int joint : joints) {
    if (joint < 0 || joint >= skeleton.num_joints())
      return Error{ErrorCode::bad_value, "joint mask: joint " + std::to_string(joint) +
                                             "; the skeleton has " +
                                             std::to_string(skeleton.num_joints())};
    body.points.push_back({joint, joint, 0.0f, Vec3(0.0f)});
    body.names.emplace_back(skeleton.name(joint));
  }
  return body;
}

Root root_of(const Body& body, std::span<const Mat4> models, const Root& before) {
  Root root = before;
  const Vec3 hips = position_of(models[static_cast<std::size_t>(body.hips)]);
  root.position = Vec3(hips.x, 0.0f, hips.z);
  Vec3 across(0.0f);
  for (const auto& [left, right] : body.across)
    across += position_of(models[static_cast<std::size_t>(left)]) -
              position_of(models[static_cast<std::size_t>(right)]);
  if (body.across.empty()) {
    // No sides: the hips' own X axis.
    across = Vec3(models[static_cast<std::size_t>(body.hips)][0]);
  }
  // Forward is left x up. A body on its side has no heading of its own.
  const float flat = std::sqrt(across.x * across.x + across.z * across.z);
  if (flat > 0.3f * glm::length(across) && flat > 1e-6f)
    root.heading_rad = std::atan2(-across.z, across.x);
  return root;
}

void root_local_points(const Body& body, std::span<const Mat4> models, const Root& root,
                       std::span<float> out) {
  const float c = std::cos(root.heading_rad) * body.scale;
  const float s = std::sin(root.heading_rad) * body.scale;
  for (std::size_t i = 0; i < body.points.size(); ++i) {
    const BodyPoint& point = body.points[i];
    const Mat4& a = models[static_cast<std::size_t>(point.a)];
    const Vec3 from = Vec3(a * Vec4(point.offset, 1.0f));
    const Vec3 to = position_of(models[static_cast<std::size_t>(point.b)]);
    const Vec3 p = from + point.share * (to - position_of(a)) - root.position;
    out[3 * i] = c * p.x - s * p.z;
    out[3 * i + 1] = body.scale * p.y;
    out[3 * i + 2] = s * p.x + c * p.z;
  }
}

}  // namespace canter::phase
