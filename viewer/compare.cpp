#include "viewer/compare.h"

#include <algorithm>
#include <cmath>

#include "canter/anim/mirror.h"

namespace canter::viewer {
namespace {

constexpr ComparisonName kNames[] = {
    {Comparison::none, "none", "Alone", "The clip alone"},
    {Comparison::source, "source", "Source",
     "A clip that was carried over beside the same clip on its own skeleton"},
    {Comparison::original, "original", "Original",
     "The compressed clip beside the frames it was made from"},
    {Comparison::sibling, "sibling", "Next clip",
     "The clip beside the next of its file, such as a crossfade beside an inertialized transition"},
    {Comparison::mirror, "mirror", "Mirror",
     "The clip beside its mirror image; a loop half a lap later, where an even walk does the same"},
    {Comparison::partner, "partner", "Another clip",
     "The clip beside another one, which stays abreast; in phase, they keep step"},
};

Vec3 place(const std::vector<Mat4>& models, int joint) {
  return Vec3(models[static_cast<std::size_t>(joint)][3]);
}

const DocumentClip& clip_of(const DocumentPtr& motion, int clip) {
  return motion->clips[static_cast<std::size_t>(clip)];
}

/// The shown character: the clip as it plays, carried over or not.
Poser shown_poser(const DocumentPtr& motion, int clip, const RetargetedPtr& retargeted) {
  if (retargeted != nullptr)
    return Poser(retargeted->body, std::shared_ptr<const Clip>(retargeted, &retargeted->result),
                 retargeted->path);
  const DocumentClip& c = clip_of(motion, clip);
  return Poser(motion, std::shared_ptr<const Clip>(motion, &c.clip), c.path);
}

/// A way over the ground seen in a mirror whose plane holds the Y axis and the way's start.
RootMotion mirrored(const RootMotion& path) {
  std::vector<RootMotion::Key> keys(path.keys().begin(), path.keys().end());
  for (RootMotion::Key& k : keys) {
    k.x_m = -k.x_m;
    k.heading_rad = -k.heading_rad;
  }
  return RootMotion(std::move(keys), path.rate_hz(), path.loop());
}

/// Every frame of a compressed clip, and how it is mirrored.
Poser mirrored_poser(const DocumentPtr& owner, const RawClip& frames, const RootMotion& path) {
  MirrorSettings settings;
  const Mirror mirror = make_mirror(owner->skeleton, settings);
  auto other = std::make_shared<RawClip>(mirror_clip(owner->skeleton, mirror, frames));
  return Poser(owner, std::shared_ptr<const RawClip>(std::move(other)), mirrored(path));
}

}  // namespace

std::span<const ComparisonName> comparison_names() {
  return kNames;
}

std::span<const float> Difference::at(double time_s, float rate_hz) const {
  if (num_frames() == 0) return {};
  const double frame = std::round(time_s * static_cast<double>(rate_hz));
  const auto i =
      static_cast<std::size_t>(std::clamp(frame, 0.0, static_cast<double>(num_frames() - 1)));
  const auto width = static_cast<std::size_t>(num_joints);
  return std::span(joint_m).subspan(i * width, width);
}

std::vector<JointPair> match_joints(const Document& shown, const Document& other) {
  std::vector<JointPair> pairs;
  const bool by_role = shown.joints.is_humanoid() && other.joints.is_humanoid() &&
                       shown.skeleton.hash() != other.skeleton.hash();
  for (int j = shown.travelling_joint; j < shown.skeleton.num_joints(); ++j) {
    int match = -1;
    if (by_role) {
      const JointRole& role = shown.joints.roles[static_cast<std::size_t>(j)];
      // Spines of different lengths have no joints in common but their ends.
      const bool chain = role.part == BodyPart::spine || role.part == BodyPart::neck;
      if (role.part == BodyPart::none || chain) continue;
      for (int k = 0; k < other.skeleton.num_joints() && match < 0; ++k) {
        const JointRole& r = other.joints.roles[static_cast<std::size_t>(k)];
        if (r.part == role.part && r.side == role.side && r.index == role.index) match = k;
      }
    } else {
      match = other.skeleton.find(shown.skeleton.name(j));
    }
    if (match >= 0) pairs.push_back({j, match});
  }
  return pairs;
}

Difference measure_difference(Poser shown, Poser other, std::span<const JointPair> pairs,
                              const Alignment& alignment, int num_frames, float rate_hz) {
  Difference result;
  result.num_joints = shown.owner().skeleton.num_joints();
  const auto width = static_cast<std::size_t>(result.num_joints);
  result.joint_m.assign(static_cast<std::size_t>(num_frames) * width, -1.0f);
  std::vector<Mat4> a, b;
  for (int f = 0; f < num_frames; ++f) {
    const double time_s = static_cast<double>(f) / static_cast<double>(rate_hz);
    shown.models_at(time_s, 0, a);
    const Alignment::Time there = alignment.other(time_s, 0);
    other.models_at(there.time_s, there.laps, b);
    const Vec3 from_a = place(a, shown.owner().travelling_joint);
    const Vec3 from_b = place(b, other.owner().travelling_joint);
    float sum = 0.0f, most = 0.0f;
    int worst = -1;
    for (const JointPair& pair : pairs) {
      Vec3 p = place(a, pair.shown);
      Vec3 q = place(b, pair.other);
      if (alignment.relative) {
        p -= from_a;
        q -= from_b;
      }
      const float distance = glm::distance(p, alignment.scale * q);
      result.joint_m[static_cast<std::size_t>(f) * width + static_cast<std::size_t>(pair.shown)] =
          distance;
      sum += distance;
      if (worst < 0 || distance > most) {
        most = distance;
        worst = pair.shown;
      }
    }
    result.mean_m.push_back(pairs.empty() ? 0.0f : sum / static_cast<float>(pairs.size()));
    result.max_m.push_back(most);
    result.worst.push_back(worst);
  }
  return result;
}

PhaseSubject other_subject(Comparison kind, const DocumentPtr& motion, int clip,
                           const ClipRef& partner) {
  switch (kind) {
    case Comparison::partner:
      return {partner.document, partner.clip, false};
    case Comparison::sibling:
      return {motion, (clip + 1) % static_cast<int>(motion->clips.size()), false};
    default:
      return {motion, clip, kind == Comparison::mirror};
  }
}

Result<ComparedPtr> compare(Comparison kind, const DocumentPtr& motion, int clip,
                            const RetargetedPtr& retargeted, const ClipRef& partner,
                            const PhaseMapPtr& in_phase) {
  if (motion == nullptr || clip < 0 || clip >= static_cast<int>(motion->clips.size()))
    return Error{ErrorCode::bad_value, "there is no clip to compare"};
  const DocumentClip& c = clip_of(motion, clip);
  const DocumentPtr& owner = retargeted != nullptr ? retargeted->body : motion;
  auto compared = std::make_shared<Compared>();
  compared->kind = kind;
  compared->motion = motion;
  compared->clip = clip;
  compared->retargeted = retargeted;
  compared->wears_body = true;
  switch (kind) {
    case Comparison::none:
      return Error{ErrorCode::bad_value, "nothing to compare with was chosen"};
    case Comparison::source:
      if (retargeted == nullptr)
        return Error{ErrorCode::bad_value,
                     motion->title + " plays on its own skeleton: there is no source to compare"};
      compared->other = Poser(motion, std::shared_ptr<const Clip>(motion, &c.clip), c.path);
      compared->wears_body = false;
      compared->alignment = {true, owner->height_m / motion->height_m, 0.0, nullptr};
      compared->title = "on its own skeleton";
      break;
    case Comparison::original:
      if (retargeted != nullptr)
        return Error{ErrorCode::bad_value,
                     "a clip that was carried over has no recorded frames on this skeleton"};
      compared->other = Poser(motion, std::shared_ptr<const RawClip>(motion, &c.raw), c.path);
      compared->title = "before compression";
      break;
    case Comparison::sibling: {
      if (retargeted != nullptr || motion->clips.size() < 2)
        return Error{ErrorCode::bad_value, retargeted != nullptr
                                               ? "a clip that was carried over stands alone"
                                               : motion->title + " has no other clip"};
      const int next = (clip + 1) % static_cast<int>(motion->clips.size());
      const DocumentClip& other = clip_of(motion, next);
      compared->other = Poser(motion, std::shared_ptr<const Clip>(motion, &other.clip), other.path);
      compared->title = "'" + other.name + "'";
      break;
    }
    case Comparison::mirror: {
      const Clip& shown = retargeted != nullptr ? retargeted->result : c.clip;
      const RootMotion& path = retargeted != nullptr ? retargeted->path : c.path;
      compared->other = mirrored_poser(owner, decompress(shown, owner->skeleton), path);
      compared->alignment.relative = true;
      if (shown.loop()) compared->alignment.shift_s = 0.5 * static_cast<double>(shown.duration_s());
      compared->title =
          shown.loop() && in_phase == nullptr ? "mirrored, half a lap later" : "mirrored";
      break;
    }
    case Comparison::partner: {
      if (!partner)
        return Error{ErrorCode::bad_value, "no other clip was chosen to stand beside this one"};
      const DocumentClip& other = partner.get();
      const DocumentPtr& whose = partner.document;
      compared->other = Poser(whose, std::shared_ptr<const Clip>(whose, &other.clip), other.path);
      compared->wears_body = whose->skeleton.hash() == owner->skeleton.hash();
      compared->alignment = {true, owner->height_m / whose->height_m, 0.0, nullptr};
      compared->abreast = true;
      compared->title = "'" + other.name + "'";
      break;
    }
  }
  if (in_phase != nullptr) {
    compared->alignment.in_phase = in_phase;
    compared->title += ", in phase";
  }
  const Document& other = compared->other.owner();
  compared->difference = measure_difference(shown_poser(motion, clip, retargeted), compared->other,
                                            match_joints(*owner, other), compared->alignment,
                                            c.clip.num_frames(), c.clip.rate_hz());
  return ComparedPtr(std::move(compared));
}

}  // namespace canter::viewer
