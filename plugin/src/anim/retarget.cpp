#include "canter/anim/retarget.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>

#include "anim/foot_pins.h"
#include "anim/rotations.h"
#include "canter/anim/model_space.h"
#include "canter/anim/reference_pose.h"

namespace canter {
namespace {

using detail::normalize_or;

// One of the two skeletons while the retargeter is built.
struct Figure {
  const Skeleton& skeleton;
  const JointMap& map;
  std::vector<Transform> models;  // of the reference pose
  // Columns: left, up, forward of the reference pose at the hips and at the shoulders. A reference
  // taken from a motion may be twisted in between.
  Quat hips_frame = kIdentityRotation;
  Quat chest_frame = kIdentityRotation;

  Vec3 at(int j) const { return models[static_cast<std::size_t>(j)].translation; }
  Quat rotation(int j) const { return models[static_cast<std::size_t>(j)].rotation; }

  void find_body() {
    const Vec3 up(0.0f, 1.0f, 0.0f);
    const auto across = [&](int left, int right, float rise) {
      if (left < 0 || right < 0) return Vec3(0.0f);
      const Vec3 v = at(left) - at(right);
      return normalize_or(Vec3(v.x, v.y * rise, v.z), Vec3(0.0f));
    };
    // The pelvis is rigid and shows its tilt; shoulders rise and fall on their own.
    const Vec3 thighs = across(map.legs[0].thigh, map.legs[1].thigh, 1.0f);
    const Vec3 shoulders = across(map.arms[0].upper_arm, map.arms[1].upper_arm, 0.0f);
    const Vec3 at_hips = normalize_or(thighs, normalize_or(shoulders, Vec3(1.0f, 0.0f, 0.0f)));
    const Vec3 at_chest = normalize_or(
        shoulders, normalize_or(Vec3(at_hips.x, 0.0f, at_hips.z), Vec3(1.0f, 0.0f, 0.0f)));
    hips_frame = detail::rotation_from_axes(
        at_hips, detail::perpendicular_or(up, at_hips, detail::any_perpendicular(at_hips)));
    chest_frame = detail::rotation_from_axes(at_chest, up);
  }

  // The frame of the body `share` of the way from the hips to the chest.
  Quat body(float share) const { return detail::nlerp(hips_frame, chest_frame, share); }

  // Where a bone points, seen from the body; zero if it has no length.
  static Vec3 direction(const Quat& body, const Vec3& from, const Vec3& to) {
    return glm::conjugate(body) * normalize_or(to - from, Vec3(0.0f));
  }

  // A joint further out, or the end site, that shows where the bone of `joint` points.
  Vec3 tip_direction(const Quat& body, int joint) const {
    for (const EndSite& site : skeleton.end_sites())
      if (site.joint == joint && glm::length(site.offset) > 1e-5f)
        return direction(body, at(joint),
                         transform_point(models[static_cast<std::size_t>(joint)], site.offset));
    for (int k = joint + 1; k < skeleton.num_joints(); ++k)
      if (skeleton.parent(k) == joint && glm::distance(at(k), at(joint)) > 1e-5f)
        return direction(body, at(joint), at(k));
    return Vec3(0.0f);
  }

  // Height of a joint over the lowest point of its foot.
  float height_over_sole(int foot) const {
    float lowest = at(foot).y;
    for (int k = foot; k < skeleton.num_joints(); ++k)
      if (is_ancestor_or_self(skeleton, foot, k)) lowest = std::min(lowest, at(k).y);
    for (const EndSite& site : skeleton.end_sites())
      if (is_ancestor_or_self(skeleton, foot, site.joint))
        lowest = std::min(
            lowest, transform_point(models[static_cast<std::size_t>(site.joint)], site.offset).y);
    return at(foot).y - lowest;
  }

  // Hip to ankle along the bones, mean of both legs; 0 without legs.
  float leg_length() const {
    float sum = 0.0f;
    int count = 0;
    for (const JointMap::Leg& leg : map.legs) {
      if (leg.thigh < 0 || leg.shin < 0 || leg.foot < 0) continue;
      sum += glm::distance(at(leg.thigh), at(leg.shin)) + glm::distance(at(leg.shin), at(leg.foot));
      ++count;
    }
    return count == 0 ? 0.0f : sum / static_cast<float>(count);
  }

  float sole_height() const {
    float sum = 0.0f;
    int count = 0;
    for (const JointMap::Leg& leg : map.legs) {
      if (leg.foot < 0) continue;
      sum += height_over_sole(leg.foot);
      ++count;
    }
    return count == 0 ? 0.0f : sum / static_cast<float>(count);
  }
};

// Frame of a limb, seen from the body: x along the bone, y from `side`.
Quat limb_frame(const Vec3& direction, const Vec3& side) {
  const Vec3 y = detail::perpendicular_or(side, direction, detail::any_perpendicular(direction));
  return detail::rotation_from_axes(direction, y);
}

std::vector<Transform> models_of(const Skeleton& skeleton, std::span<const Transform> locals) {
  std::vector<Transform> models(static_cast<std::size_t>(skeleton.num_joints()));
  model_transforms(skeleton, locals, models);
  return models;
}

float automatic_scale(const Figure& source, const Figure& target) {
  float from = source.leg_length();
  float to = target.leg_length();
  if (from > 0.0f && to > 0.0f) {
    // The height of the ankle counts if both feet show it.
    const float from_sole = source.sole_height();
    const float to_sole = target.sole_height();
    if (from_sole > 0.01f * from && to_sole > 0.01f * to) {
      from += from_sole;
      to += to_sole;
    }
  } else if (source.map.head >= 0 && target.map.head >= 0) {
    from = glm::distance(source.at(source.map.hips), source.at(source.map.head));
    to = glm::distance(target.at(target.map.hips), target.at(target.map.head));
  }
  const float scale = to / from;
  return std::isfinite(scale) && scale > 0.0f ? scale : 1.0f;
}

}  // namespace

class RetargeterBuilder {
 public:
  RetargeterBuilder(const Skeleton& source, const Skeleton& target,
                    const RetargetSettings& settings)
      : settings_(settings) {
    out_.source_ = source;
    out_.target_ = target;
    out_.source_map_ = settings.source_map != nullptr ? *settings.source_map : map_joints(source);
    out_.target_map_ = settings.target_map != nullptr ? *settings.target_map : map_joints(target);
    const auto reference =
        settings.target_reference.empty() ? target.rest_pose() : settings.target_reference;
    out_.target_reference_.assign(reference.begin(), reference.end());
    out_.drives_.resize(static_cast<std::size_t>(target.num_joints()));
  }

  Result<Retargeter> run() {
    Figure source{
        out_.source_, out_.source_map_,
        models_of(out_.source_, settings_.source_reference.empty() ? out_.source_.rest_pose()
                                                                   : settings_.source_reference)};
    Figure target{out_.target_, out_.target_map_, models_of(out_.target_, out_.target_reference_)};
    source.find_body();
    target.find_body();
    source_ = &source;
    target_ = &target;

    drive_torso();
    for (std::size_t s = 0; s < 2; ++s) {
      drive_leg(source.map.legs[s], target.map.legs[s]);
      drive_arm(source.map.arms[s], target.map.arms[s]);
    }
    drive_by_name();
    out_.scale_ = settings_.scale > 0.0f ? settings_.scale : automatic_scale(source, target);

    const std::size_t mapped = out_.mapped().size();
    constexpr std::size_t kEnough = 4;
    const std::size_t needed = std::min(
        kEnough,
        static_cast<std::size_t>(std::min(out_.source_.num_joints(), out_.target_.num_joints())));
    if (mapped < needed)
      return Error{ErrorCode::unsupported,
                   "the skeletons have " + std::to_string(mapped) + " joints in common; at least " +
                       std::to_string(needed) +
                       " are needed (names and rest poses show no humanoid)"};
    return std::move(out_);
  }

 private:
  // Offset that makes the target joint turn from its reference as the source joint does, given
  // which frames of the two reference poses (in model space) correspond.
  Quat offset(int source, int target, const Quat& source_frame, const Quat& target_frame) const {
    return glm::normalize(glm::conjugate(source_->rotation(source)) * source_frame *
                          glm::conjugate(target_frame) * target_->rotation(target));
  }

  Retargeter::Drive& drive_of(int target) { return out_.drives_[static_cast<std::size_t>(target)]; }

  void drive_with(int source, int target, const Quat& source_frame, const Quat& target_frame) {
    if (source < 0 || target < 0) return;
    const Quat o = offset(source, target, source_frame, target_frame);
    drive_of(target) = {source, source, 0.0f, o, o};
  }

  // The same turn as the source joint, seen from the body (0 at the hips, 1 at the chest).
  void drive(int source, int target, float share) {
    drive_with(source, target, source_->body(share), target_->body(share));
  }

  // A bone to the next joint, or to its tip: the same direction as the source's.
  void drive_bone(int source, int source_next, int target, int target_next, float share) {
    if (source < 0 || target < 0) return;
    const auto direction = [&](const Figure& f, int joint, int next) {
      return next < 0 ? f.tip_direction(f.body(share), joint)
                      : Figure::direction(f.body(share), f.at(joint), f.at(next));
    };
    const Vec3 from = direction(*source_, source, source_next);
    const Vec3 to = direction(*target_, target, target_next);
    if (glm::dot(from, from) < 0.5f || glm::dot(to, to) < 0.5f) return drive(source, target, share);
    // Forward tells the roll in T-, A- and standing pose alike; for bones that point forward
    // themselves, up does.
    const bool along_forward = std::abs(from.z) > 0.85f || std::abs(to.z) > 0.85f;
    const Vec3 side = along_forward ? Vec3(0.0f, 1.0f, 0.0f) : Vec3(0.0f, 0.0f, 1.0f);
    drive_with(source, target, source_->body(share) * limb_frame(from, side),
               target_->body(share) * limb_frame(to, side));
  }

  // Target joint k of a chain takes its turn from where it lies along the source's chain.
  // `chain` starts with the joint below (turn of share 0); its first and last joint lie at these
  // places of the body.
  void drive_share(const std::vector<int>& chain, float share, int target, float first,
                   float last) {
    const float place = share * static_cast<float>(chain.size() - 1);
    const auto i = std::min(static_cast<std::size_t>(place), chain.size() - 1);
    const auto k = std::min(i + 1, chain.size() - 1);
    // A place on a joint, up to rounding, is that joint.
    float alpha = place - static_cast<float>(i);
    if (alpha < 1e-4f) alpha = 0.0f;
    const auto body = [&](std::size_t c) {
      const float along =
          chain.size() < 2 ? 0.0f : static_cast<float>(c) / static_cast<float>(chain.size() - 1);
      return source_->body(glm::mix(first, last, along));
    };
    const Quat frame = target_->body(glm::mix(first, last, share));
    drive_of(target) = {chain[i], chain[k], alpha, offset(chain[i], target, body(i), frame),
                        offset(chain[k], target, body(k), frame)};
  }

  void drive_torso() {
    const JointMap& from = source_->map;
    const JointMap& to = target_->map;
    drive(from.hips, to.hips, 0.0f);
    if (from.hips < 0) return;

    std::vector<int> spine = {from.hips};
    spine.insert(spine.end(), from.spine.begin(), from.spine.end());
    for (std::size_t k = 0; k < to.spine.size(); ++k)
      drive_share(spine, static_cast<float>(k + 1) / static_cast<float>(to.spine.size()),
                  to.spine[k], 0.0f, spine.size() > 1 ? 1.0f : 0.0f);

    std::vector<int> neck = {spine.back()};
    neck.insert(neck.end(), from.neck.begin(), from.neck.end());
    if (from.head >= 0) neck.push_back(from.head);
    for (std::size_t k = 0; k < to.neck.size(); ++k)
      drive_share(neck, static_cast<float>(k + 1) / static_cast<float>(to.neck.size() + 1),
                  to.neck[k], 1.0f, 1.0f);
    drive(neck.back(), to.head, 1.0f);
  }

  void drive_leg(const JointMap::Leg& from, const JointMap::Leg& to) {
    drive_bone(from.thigh, from.shin, to.thigh, to.shin, 0.0f);
    drive_bone(from.shin, from.foot, to.shin, to.foot, 0.0f);
    if (from.foot < 0 || to.foot < 0) return;
    // The sole: ankle to toes, level. The slope of that line differs with the ankle's height.
    const auto level = [](const Figure& f, const JointMap::Leg& leg) {
      Vec3 d = leg.toes >= 0 ? Figure::direction(f.hips_frame, f.at(leg.foot), f.at(leg.toes))
                             : f.tip_direction(f.hips_frame, leg.foot);
      d.y = 0.0f;
      return glm::length(d) > 0.3f ? glm::normalize(d) : Vec3(0.0f);
    };
    const Vec3 from_sole = level(*source_, from);
    const Vec3 to_sole = level(*target_, to);
    for (const auto& [source, target] : {std::pair{from.foot, to.foot}, {from.toes, to.toes}}) {
      if (source < 0 || target < 0) continue;
      if (glm::length(from_sole) < 0.5f || glm::length(to_sole) < 0.5f) {
        drive(source, target, 0.0f);
        continue;
      }
      const Vec3 up(0.0f, 1.0f, 0.0f);
      drive_with(source, target, source_->hips_frame * limb_frame(from_sole, up),
                 target_->hips_frame * limb_frame(to_sole, up));
    }
  }

  void drive_arm(const JointMap::Arm& from, const JointMap::Arm& to) {
    drive(from.clavicle, to.clavicle, 1.0f);
    drive_bone(from.upper_arm, from.forearm, to.upper_arm, to.forearm, 1.0f);
    drive_bone(from.forearm, from.hand, to.forearm, to.hand, 1.0f);
    // Hands point along the middle finger where both have one, else as their tips do.
    const auto first = [](const JointMap::Arm& arm) {
      for (const std::size_t f : {2u, 1u, 3u})
        if (!arm.fingers[f].empty()) return arm.fingers[f][0];
      return -1;
    };
    const bool both = first(from) >= 0 && first(to) >= 0;
    drive_bone(from.hand, both ? first(from) : -1, to.hand, both ? first(to) : -1, 1.0f);
    for (std::size_t f = 0; f < kNumFingers; ++f) {
      const auto& source = from.fingers[f];
      const auto& target = to.fingers[f];
      for (std::size_t i = 0; i < std::min(source.size(), target.size()); ++i)
        drive_bone(source[i], i + 1 < source.size() ? source[i + 1] : -1, target[i],
                   i + 1 < target.size() ? target[i + 1] : -1, 1.0f);
    }
  }

  // Twist joints, faces, props: whatever has no role but the same name.
  void drive_by_name() {
    for (int j = 0; j < out_.target_.num_joints(); ++j) {
      if (drive_of(j).a >= 0 || is_role(target_->map, j)) continue;
      const int source = out_.source_.find(out_.target_.name(j));
      if (source >= 0 && !is_role(source_->map, source)) drive(source, j, 0.0f);
    }
  }
  static bool is_role(const JointMap& map, int j) {
    return static_cast<std::size_t>(j) < map.roles.size() &&
           map.roles[static_cast<std::size_t>(j)].part != BodyPart::none;
  }

  const RetargetSettings& settings_;
  const Figure* source_ = nullptr;
  const Figure* target_ = nullptr;
  Retargeter out_;
};

std::vector<JointPair> Retargeter::mapped() const {
  std::vector<JointPair> pairs;
  for (std::size_t j = 0; j < drives_.size(); ++j)
    if (drives_[j].a >= 0)
      pairs.push_back({drives_[j].alpha < 0.5f ? drives_[j].a : drives_[j].b, static_cast<int>(j)});
  return pairs;
}

std::vector<int> Retargeter::unmapped_source() const {
  std::vector<char> used(static_cast<std::size_t>(source_.num_joints()), 0);
  for (const Drive& d : drives_) {
    if (d.a < 0) continue;
    used[static_cast<std::size_t>(d.a)] = 1;
    if (d.alpha > 0.0f) used[static_cast<std::size_t>(d.b)] = 1;
  }
  std::vector<int> out;
  for (int j = 0; j < source_.num_joints(); ++j)
    if (used[static_cast<std::size_t>(j)] == 0) out.push_back(j);
  return out;
}

std::vector<int> Retargeter::unmapped_target() const {
  std::vector<int> out;
  for (std::size_t j = 0; j < drives_.size(); ++j)
    if (drives_[j].a < 0) out.push_back(static_cast<int>(j));
  return out;
}

Result<Retargeter> make_retargeter(const Skeleton& source, const Skeleton& target,
                                   const RetargetSettings& settings) {
  const auto check = [](const Skeleton& skeleton, std::span<const Transform> reference,
                        const char* which) -> Result<void> {
    if (reference.empty() || static_cast<int>(reference.size()) == skeleton.num_joints()) return {};
    return Error{ErrorCode::bad_value, std::string("the reference pose of the ") + which + " has " +
                                           std::to_string(reference.size()) +
                                           " joints, the skeleton " +
                                           std::to_string(skeleton.num_joints())};
  };
  if (auto ok = check(source, settings.source_reference, "source"); !ok) return ok.error();
  if (auto ok = check(target, settings.target_reference, "target"); !ok) return ok.error();
  return RetargeterBuilder(source, target, settings).run();
}

void retarget_pose(const Retargeter& retargeter, ConstPoseView in, float ground_m,
                   std::span<Transform> scratch, PoseView out) {
  assert(scratch.size() >= retargeter.scratch_size());
  const Skeleton& target = retargeter.target_;
  const auto from = scratch.first(static_cast<std::size_t>(retargeter.source_.num_joints()));
  const auto to = scratch.subspan(from.size(), static_cast<std::size_t>(target.num_joints()));
  model_transforms(retargeter.source_, in, from);

  // Rotations from the outside in: each joint's own against what it hangs on. Positions are those
  // of the reference pose so far.
  for (int j = 0; j < target.num_joints(); ++j) {
    const auto k = static_cast<std::size_t>(j);
    Transform local = retargeter.target_reference_[k];
    const int parent = target.parent(j);
    const Retargeter::Drive& d = retargeter.drives_[k];
    if (d.a >= 0) {
      Quat model = from[static_cast<std::size_t>(d.a)].rotation * d.offset_a;
      if (d.alpha > 0.0f)
        model =
            glm::slerp(model, from[static_cast<std::size_t>(d.b)].rotation * d.offset_b, d.alpha);
      local.rotation = glm::normalize(
          parent < 0 ? model
                     : glm::conjugate(to[static_cast<std::size_t>(parent)].rotation) * model);
    }
    to[k] = parent < 0 ? local : to[static_cast<std::size_t>(parent)] * local;
    out.set(j, local);
  }

  // The pelvis goes the scaled way of the source's. Its place is where the legs start: hips joints
  // lie at very different heights above that.
  const int hips = retargeter.target_map_.hips;
  if (hips < 0 || retargeter.source_map_.hips < 0) return;
  const auto pelvis = [](const JointMap& map, std::span<const Transform> models) {
    const int l = map.legs[0].thigh;
    const int r = map.legs[1].thigh;
    return l >= 0 && r >= 0 ? 0.5f * (models[static_cast<std::size_t>(l)].translation +
                                      models[static_cast<std::size_t>(r)].translation)
                            : models[static_cast<std::size_t>(map.hips)].translation;
  };
  const bool both_have_legs =
      retargeter.source_map_.legs[0].thigh >= 0 && retargeter.source_map_.legs[1].thigh >= 0 &&
      retargeter.target_map_.legs[0].thigh >= 0 && retargeter.target_map_.legs[1].thigh >= 0;
  const Vec3 ground(0.0f, ground_m, 0.0f);
  const Transform& target_hips = to[static_cast<std::size_t>(hips)];
  const Vec3 source_place =
      both_have_legs ? pelvis(retargeter.source_map_, from)
                     : from[static_cast<std::size_t>(retargeter.source_map_.hips)].translation;
  const Vec3 target_place =
      both_have_legs ? pelvis(retargeter.target_map_, to) : target_hips.translation;
  const Vec3 wanted = ground + retargeter.scale_ * (source_place - ground);
  const Vec3 hips_at = target_hips.translation + wanted - target_place;
  Transform local = out.get(hips);
  const int parent = target.parent(hips);
  if (parent < 0) {
    local.translation = hips_at;
  } else {
    const Transform& above = to[static_cast<std::size_t>(parent)];
    local.translation =
        (glm::conjugate(above.rotation) * (hips_at - above.translation)) / above.scale;
  }
  out.set(hips, local);
}

namespace {

// Where a skeleton stands at the end of a clip against its beginning: over the ground and about Y.
Transform way_of(const RawClip& clip, int from, int to) {
  const Transform& a = clip.frame(from)[0];
  const Transform& b = clip.frame(to)[0];
  const Quat turn = b.rotation * glm::conjugate(a.rotation);
  Transform way;
  const float length = std::hypot(turn.w, turn.y);
  if (length > 1e-6f) way.rotation = Quat(turn.w / length, 0.0f, turn.y / length, 0.0f);
  way.translation = b.translation - way.rotation * a.translation;
  way.translation.y = 0.0f;
  return way;
}

// The root joints of a frame moved as a whole.
void move_roots(const Skeleton& skeleton, const Transform& by, std::span<Transform> frame) {
  for (int j = 0; j < skeleton.num_joints(); ++j)
    if (skeleton.parent(j) < 0) {
      Transform& root = frame[static_cast<std::size_t>(j)];
      root = by * root;
    }
}

// A looping clip three times in a row, each lap beginning where the last one ended.
RawClip three_laps(const Skeleton& skeleton, const RawClip& clip) {
  const int lap = clip.num_frames() - 1;
  const Transform way = way_of(clip, 0, lap);
  RawClip out = clip;
  out.loop = false;
  out.keys.clear();
  Transform place;
  for (int n = 0; n < 3; ++n) {
    for (int f = 0; f < (n == 2 ? lap + 1 : lap); ++f) {
      const auto from = clip.frame(f);
      const std::size_t first = out.keys.size();
      out.keys.insert(out.keys.end(), from.begin(), from.end());
      move_roots(skeleton, place, std::span(out.keys).subspan(first));
    }
    place = way * place;
  }
  return out;
}

// The second of three laps, put back to where the first one began.
RawClip middle_lap(const Skeleton& skeleton, const RawClip& laps) {
  const int lap = (laps.num_frames() - 1) / 3;
  const Transform back = inverse(way_of(laps, 0, lap));
  RawClip out = laps;
  out.loop = true;
  const auto width = static_cast<std::ptrdiff_t>(laps.num_joints);
  out.keys.assign(laps.keys.begin() + lap * width, laps.keys.begin() + (2 * lap + 1) * width);
  for (int f = 0; f <= lap; ++f) move_roots(skeleton, back, out.frame(f));
  return out;
}

Result<RawClip> retarget_frames(const Retargeter& retargeter, const RawClip& clip,
                                const RetargetClipSettings& settings, RetargetReport* report);

}  // namespace

Result<RawClip> retarget(const Retargeter& retargeter, const RawClip& clip,
                         const RetargetClipSettings& settings, RetargetReport* report) {
  // In a loop a foot may stand across the seam: in the middle of three laps every contact is whole,
  // and the clean-up at the end goes over into that at the beginning.
  const bool valid = clip.num_joints == retargeter.source().num_joints() && clip.num_frames() > 2;
  if (!clip.loop || !settings.foot_cleanup || !valid)
    return retarget_frames(retargeter, clip, settings, report);
  const Result<RawClip> laps =
      retarget_frames(retargeter, three_laps(retargeter.source(), clip), settings, report);
  if (!laps) return laps.error();
  return middle_lap(retargeter.target(), *laps);
}

namespace {

Result<RawClip> retarget_frames(const Retargeter& retargeter, const RawClip& clip,
                                const RetargetClipSettings& settings, RetargetReport* report) {
  const Skeleton& target = retargeter.target();
  const Result<ContactTrack> contacts =
      detect_contacts(retargeter.source(), clip, settings.contacts, &retargeter.source_map());
  if (!contacts) return contacts.error();
  const float ground_m = contacts->ground_m;

  RawClip out;
  out.name = clip.name;
  out.rate_hz = clip.rate_hz;
  out.loop = clip.loop;
  out.num_joints = target.num_joints();
  out.keys.resize(static_cast<std::size_t>(clip.num_frames()) *
                  static_cast<std::size_t>(out.num_joints));
  Pose in(retargeter.source());
  Pose pose(target);
  std::vector<Transform> scratch(retargeter.scratch_size());
  for (int f = 0; f < clip.num_frames(); ++f) {
    const auto from = clip.frame(f);
    for (int j = 0; j < clip.num_joints; ++j) in.set(j, from[static_cast<std::size_t>(j)]);
    retarget_pose(retargeter, in, ground_m, scratch, pose);
    const auto to = out.frame(f);
    for (int j = 0; j < out.num_joints; ++j) to[static_cast<std::size_t>(j)] = pose.get(j);
  }

  // The contacts of the source on the feet of the target.
  const ContactTrack pins =
      detail::transfer_contacts(*contacts, find_feet(target, retargeter.target_map()));
  RetargetReport result;
  result.scale = retargeter.scale();
  result.mapped = static_cast<int>(retargeter.mapped().size());
  result.unmapped_source = retargeter.unmapped_source();
  result.unmapped_target = retargeter.unmapped_target();
  if (report != nullptr) {
    result.source_slide_mps = foot_slide_mps(retargeter.source(), clip, *contacts);
    result.slide_before_mps = foot_slide_mps(target, out, pins);
  }
  if (settings.foot_cleanup)
    result.worst_miss_m = detail::pin_feet(
        target, retargeter.target_map(), retargeter.target_reference(), pins, settings.fade_s, out);
  if (report != nullptr) {
    result.slide_after_mps =
        settings.foot_cleanup ? foot_slide_mps(target, out, pins) : result.slide_before_mps;
    *report = std::move(result);
  }
  return out;
}

}  // namespace

Result<RawClip> retarget(const Skeleton& source, const RawClip& clip, const Skeleton& target,
                         const RetargetSettings& settings,
                         const RetargetClipSettings& clip_settings, RetargetReport* report) {
  if (Result<void> valid = validate(clip, source); !valid) return valid.error();
  const JointMap map = settings.source_map != nullptr ? *settings.source_map : map_joints(source);
  RetargetSettings used = settings;
  used.source_map = &map;
  std::vector<Transform> reference;
  if (used.source_reference.empty()) {
    reference = reference_pose(source, map, &clip);
    used.source_reference = reference;
  }
  const Result<Retargeter> retargeter = make_retargeter(source, target, used);
  if (!retargeter) return retargeter.error();
  return retarget(*retargeter, clip, clip_settings, report);
}

}  // namespace canter
