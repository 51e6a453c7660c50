#include "canter/anim/mirror.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <string>

#include "anim/joint_names.h"
#include "anim/rotations.h"
#include "canter/anim/model_space.h"

namespace canter {
namespace {

Vec3 reflect(const Vec3& v, const Vec3& normal) {
  return v - normal * (2.0f * glm::dot(v, normal));
}

// S R S for the reflection S: the axis is reflected and the sense of turning reversed.
Quat reflect(const Quat& q, const Vec3& normal) {
  const Vec3 v = -reflect(Vec3(q.x, q.y, q.z), normal);
  return Quat(q.w, v.x, v.y, v.z);
}

}  // namespace

class MirrorBuilder {
 public:
  MirrorBuilder(const Skeleton& skeleton, const MirrorSettings& settings)
      : skeleton_(skeleton), models_(static_cast<std::size_t>(skeleton.num_joints())) {
    const bool given = settings.reference.size() == models_.size();
    model_transforms(skeleton, given ? settings.reference : skeleton.rest_pose(), models_);
    out_.keep_bone_lengths_ = settings.keep_bone_lengths;
    out_.pairs_.assign(models_.size(), -1);
  }

  Mirror run() {
    names_ = detail::parse_joint_names(skeleton_);
    pair_by_role();
    pair_by_name(true);
    pair_by_name(false);
    find_plane();
    pair_by_place();
    for (std::size_t j = 0; j < models_.size(); ++j)
      if (out_.pairs_[j] < 0) {
        out_.pairs_[j] = static_cast<int>(j);
        if (names_[j].side != Side::center) out_.unpaired_.push_back(static_cast<int>(j));
      }
    find_corrections();
    return std::move(out_);
  }

 private:
  int& pair_of(int j) { return out_.pairs_[static_cast<std::size_t>(j)]; }
  Vec3 at(int j) const { return models_[static_cast<std::size_t>(j)].translation; }

  void pair(int a, int b) {
    if (a < 0 || b < 0 || pair_of(a) >= 0 || pair_of(b) >= 0) return;
    pair_of(a) = b;
    pair_of(b) = a;
  }

  void pair_by_role() {
    const JointMap map = map_joints(skeleton_);
    const auto both = [&](int left, int right) {
      pair(left, right);
      if (left >= 0 && right >= 0) left_right_.push_back({left, right});
    };
    both(map.legs[0].thigh, map.legs[1].thigh);
    both(map.legs[0].shin, map.legs[1].shin);
    both(map.legs[0].foot, map.legs[1].foot);
    both(map.legs[0].toes, map.legs[1].toes);
    both(map.arms[0].clavicle, map.arms[1].clavicle);
    both(map.arms[0].upper_arm, map.arms[1].upper_arm);
    both(map.arms[0].forearm, map.arms[1].forearm);
    both(map.arms[0].hand, map.arms[1].hand);
    for (std::size_t f = 0; f < kNumFingers; ++f) {
      const auto& left = map.arms[0].fingers[f];
      const auto& right = map.arms[1].fingers[f];
      for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) both(left[i], right[i]);
    }
    // The middle of the body stays where it is.
    for (int j = 0; j < skeleton_.num_joints(); ++j) {
      const JointRole& role = map.roles[static_cast<std::size_t>(j)];
      if (role.part != BodyPart::none && role.side == Side::center) pair_of(j) = j;
    }
  }

  // Names that differ in the side alone; then also those whose running numbers differ.
  void pair_by_name(bool with_numbers) {
    std::map<std::string, std::vector<int>> left, right;
    for (int j = 0; j < skeleton_.num_joints(); ++j) {
      const detail::JointName& n = names_[static_cast<std::size_t>(j)];
      if (n.side == Side::center || pair_of(j) >= 0) continue;
      std::string key = n.word + (n.shadow ? "_" : "");
      if (with_numbers)
        for (const std::string& digits : n.numbers) key.append(1, '.').append(digits);
      (n.side == Side::left ? left : right)[key].push_back(j);
    }
    for (const auto& [key, joints] : left) {
      const auto other = right.find(key);
      if (other == right.end() || other->second.size() != joints.size()) continue;
      // Equal names on one side are told apart by order only if numbers were left out.
      if (joints.size() > 1 && with_numbers) continue;
      for (std::size_t i = 0; i < joints.size(); ++i) {
        pair(joints[i], other->second[i]);
        left_right_.push_back({joints[i], other->second[i]});
      }
    }
  }

  void find_plane() {
    Vec3 across(0.0f);
    for (const auto& [left, right] : left_right_) across += at(left) - at(right);
    across.y = 0.0f;
    Vec3 n = detail::normalize_or(across, Vec3(1.0f, 0.0f, 0.0f));
    // Nearly along an axis is along it: measured skeletons are not quite even.
    for (const Vec3& axis : {Vec3(1, 0, 0), Vec3(-1, 0, 0), Vec3(0, 0, 1), Vec3(0, 0, -1)})
      if (glm::dot(n, axis) > 0.98f) n = axis;
    out_.normal_ = n;
    if (left_right_.empty()) return;
    double offset = 0.0;
    float size = 0.0f;
    for (const auto& [left, right] : left_right_) {
      offset += 0.5 * static_cast<double>(glm::dot(n, at(left) + at(right)));
      size = std::max(size, glm::distance(at(left), at(right)));
    }
    offset /= static_cast<double>(left_right_.size());
    // Likewise for a character that stands over the origin.
    out_.offset_m_ =
        std::abs(offset) < 0.02 * static_cast<double>(size) ? 0.0f : static_cast<float>(offset);
  }

  Vec3 reflected_place(int j) const {
    return reflect(at(j), out_.normal_) + out_.normal_ * (2.0f * out_.offset_m_);
  }

  // Joints without a telling name: the child of the parent's pair that lies where the reflection
  // does. Parents are paired before their children.
  void pair_by_place() {
    for (int j = 0; j < skeleton_.num_joints(); ++j) {
      if (pair_of(j) >= 0 || names_[static_cast<std::size_t>(j)].side != Side::center) continue;
      const int parent = skeleton_.parent(j);
      const int other_parent = parent < 0 ? -1 : pair_of(parent);
      if (parent >= 0 && other_parent < 0) continue;
      int best = -1;
      float best_distance = 0.0f;
      for (int k = 0; k < skeleton_.num_joints(); ++k) {
        if (skeleton_.parent(k) != other_parent || pair_of(k) >= 0) continue;
        const float distance = glm::distance(reflected_place(j), at(k));
        if (best >= 0 && distance >= best_distance) continue;
        best = k;
        best_distance = distance;
      }
      // Nearer to its own reflection than to any other joint: on the middle line.
      if (best == j)
        pair_of(j) = j;
      else
        pair(j, best);
    }
  }

  // The only child with a pair on the other side, or -1: where a limb's bone points to.
  int limb_child(int j) {
    int child = -1;
    for (int k = 0; k < skeleton_.num_joints(); ++k) {
      if (skeleton_.parent(k) != j || names_[static_cast<std::size_t>(k)].auxiliary) continue;
      if (child >= 0 || skeleton_.parent(pair_of(k)) != pair_of(j)) return -1;
      child = k;
    }
    return child;
  }

  Vec3 rest_offset(int j) const {
    return skeleton_.rest_pose()[static_cast<std::size_t>(j)].translation;
  }

  // The way across, in the frame of a joint on the middle line: from its own left and right
  // children where it has them, else as the reference pose has it, at right angles to its bone.
  Vec3 local_across(int j) {
    const Quat back = glm::conjugate(models_[static_cast<std::size_t>(j)].rotation);
    Vec3 across = back * out_.normal_;
    Vec3 bone(0.0f);
    Vec3 pairs(0.0f);
    for (int k = 0; k < skeleton_.num_joints(); ++k) {
      if (skeleton_.parent(k) != j) continue;
      if (pair_of(k) == k)
        bone = rest_offset(k);
      else if (names_[static_cast<std::size_t>(k)].side == Side::left)
        pairs += rest_offset(k) - rest_offset(pair_of(k));
    }
    constexpr float kWideEnough_m = 0.03f;
    if (glm::length(pairs) > kWideEnough_m) return glm::normalize(pairs);
    return glm::length(bone) > 1e-6f
               ? detail::perpendicular_or(across, glm::normalize(bone), across)
               : across;
  }

  void find_corrections() {
    out_.corrections_.resize(models_.size());
    for (int j = 0; j < skeleton_.num_joints(); ++j)
      out_.corrections_[static_cast<std::size_t>(j)] =
          pair_of(j) == j ? middle_correction(j) : limb_correction(j);
  }

  // Reflecting in the plane and, in the joint's frame, across: the product is a rotation.
  Quat middle_correction(int j) {
    const Vec3 across = local_across(j);
    const Vec3 axis = glm::cross(out_.normal_, across);
    return glm::normalize(Quat(-glm::dot(out_.normal_, across), axis.x, axis.y, axis.z));
  }

  Quat limb_correction(int j) {
    const Quat mine = models_[static_cast<std::size_t>(j)].rotation;
    const Quat other = models_[static_cast<std::size_t>(pair_of(j))].rotation;
    const Quat c = glm::normalize(glm::conjugate(reflect(other, out_.normal_)) * mine);
    // A reference pose that is not quite even would leave limbs a little off: their bones must
    // point in reflected directions exactly.
    const int child = limb_child(j);
    if (child < 0) return c;
    const Vec3 from = detail::normalize_or(c * rest_offset(child), Vec3(0.0f));
    const Vec3 to =
        detail::normalize_or(reflect(rest_offset(pair_of(child)), out_.normal_), Vec3(0.0f));
    // Opposite directions have no smallest turn that both sides would agree on.
    const bool usable =
        glm::dot(from, to) > -0.99f && glm::dot(from, from) * glm::dot(to, to) > 0.5f;
    return usable ? glm::normalize(detail::shortest_arc(from, to) * c) : c;
  }

  const Skeleton& skeleton_;
  std::vector<detail::JointName> names_;
  std::vector<Transform> models_;  // of the reference pose
  std::vector<std::pair<int, int>> left_right_;
  Mirror out_;
};

Mirror make_mirror(const Skeleton& skeleton, const MirrorSettings& settings) {
  return MirrorBuilder(skeleton, settings).run();
}

void mirror_pose(const Skeleton& skeleton, const Mirror& mirror, ConstPoseView in,
                 std::span<Transform> models, PoseView out) {
  assert(mirror.num_joints() == skeleton.num_joints());
  model_transforms(skeleton, in, models);
  // Scales and translations of the other side must be read before `out`, which may be `in`, is
  // written: they are kept as model transforms plus the local ones recovered from them.
  const Vec3 n = mirror.normal_;
  const auto pair_model = [&](int j) -> const Transform& {
    return models[static_cast<std::size_t>(mirror.pairs_[static_cast<std::size_t>(j)])];
  };
  const auto rotation = [&](int j) {
    return reflect(pair_model(j).rotation, n) * mirror.corrections_[static_cast<std::size_t>(j)];
  };
  const auto position = [&](int j) {
    return reflect(pair_model(j).translation, n) + n * (2.0f * mirror.offset_m_);
  };
  // The local transform a joint has in `in`, from the model transforms.
  const auto local_in = [&](int j) {
    const int parent = skeleton.parent(j);
    const Transform& model = models[static_cast<std::size_t>(j)];
    if (parent < 0) return model;
    const Transform& above = models[static_cast<std::size_t>(parent)];
    const Quat back = glm::conjugate(above.rotation);
    return Transform{back * model.rotation,
                     (back * (model.translation - above.translation)) / above.scale,
                     model.scale / above.scale};
  };
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    const int p = mirror.pairs_[static_cast<std::size_t>(j)];
    const int parent = skeleton.parent(j);
    const Transform other = local_in(p);
    Transform t;
    t.scale = other.scale;
    if (parent < 0) {
      t.rotation = rotation(j);
      t.translation = position(j);
    } else {
      const Quat back = glm::conjugate(rotation(parent));
      t.rotation = back * rotation(j);
      const bool same_place = skeleton.parent(p) == mirror.pairs_[static_cast<std::size_t>(parent)];
      if (mirror.keep_bone_lengths_ && same_place) {
        // What the other joint has moved from its rest place, reflected.
        const Vec3 moved =
            other.translation - skeleton.rest_pose()[static_cast<std::size_t>(p)].translation;
        t.translation = skeleton.rest_pose()[static_cast<std::size_t>(j)].translation +
                        glm::conjugate(mirror.corrections_[static_cast<std::size_t>(parent)]) *
                            reflect(moved, n);
      } else {
        t.translation = (back * (position(j) - position(parent))) / pair_model(parent).scale;
      }
    }
    t.rotation = glm::normalize(t.rotation);
    out.set(j, t);
  }
}

RawClip mirror_clip(const Skeleton& skeleton, const Mirror& mirror, const RawClip& clip) {
  assert(clip.num_joints == skeleton.num_joints());
  RawClip out = clip;
  std::vector<Transform> models(static_cast<std::size_t>(clip.num_joints));
  Pose pose(skeleton);
  for (int f = 0; f < clip.num_frames(); ++f) {
    const auto from = clip.frame(f);
    for (int j = 0; j < clip.num_joints; ++j) pose.set(j, from[static_cast<std::size_t>(j)]);
    mirror_pose(skeleton, mirror, pose, models, pose);
    const auto to = out.frame(f);
    for (int j = 0; j < clip.num_joints; ++j) to[static_cast<std::size_t>(j)] = pose.get(j);
  }
  return out;
}

}  // namespace canter
