#include "viewer/stage.h"

#include <algorithm>
#include <cmath>

#include "viewer/bones.h"

namespace canter::viewer {
namespace {

WorldDesc world_desc(int trace_history) {
  WorldDesc desc;
  desc.max_characters = 8;
  desc.trace_history = trace_history;
  return desc;
}

/// The mesh's bones as joints of another skeleton of the same joint names, or nothing.
std::vector<SkinBone> bind_by_name(const Document& body, const Skeleton& skeleton) {
  std::vector<SkinBone> bones = body.mesh->bones;
  for (SkinBone& bone : bones) {
    bone.joint = skeleton.find(body.skeleton.name(bone.joint));
    if (bone.joint < 0) return {};
  }
  return bones;
}

}  // namespace

Stage::Stage(int trace_history) : world_(world_desc(trace_history)) {}

Result<void> Stage::show(const DocumentPtr& motion, int clip, const DocumentPtr& body) {
  // An alias keeps the document alive for as long as the world uses a part of it.
  const std::shared_ptr<const Skeleton> skeleton(motion, &motion->skeleton);
  CharacterDesc desc;
  desc.skeleton = skeleton;
  Result<CharacterId> character = world_.create(desc);
  if (!character) return character.error();
  ClipId clip_id;
  if (clip >= 0) {
    const DocumentClip& chosen = motion->clips[static_cast<std::size_t>(clip)];
    clip_id = world_.add_clip(std::shared_ptr<const Clip>(motion, &chosen.clip));
    // The viewer's time cursor decides what is shown, so the world's own clock stands still.
    canter::Playback playback;
    playback.clip = clip_id;
    playback.speed = 0.0f;
    playback.wrap = Wrap::clamp;
    if (Result<void> played = world_.play(*character, playback); !played) {
      world_.destroy(*character);
      world_.remove_clip(clip_id);
      return played.error();
    }
  }
  world_.destroy(character_);
  world_.remove_clip(clip_);
  character_ = *character;
  clip_ = clip_id;
  motion_ = motion;

  body_ = nullptr;
  bones_.clear();
  for (const DocumentPtr& candidate : {body, motion}) {
    if (candidate == nullptr || !candidate->mesh.has_value()) continue;
    bones_ = bind_by_name(*candidate, motion->skeleton);
    if (bones_.empty() || bones_.size() > kMaxPaletteBones) continue;
    body_ = candidate;
    break;
  }
  if (body_ == nullptr) bones_.clear();
  palette_.assign(bones_.size(), Mat4(1.0f));
  return {};
}

void Stage::step(double time_s, double dt_s) {
  if (empty()) return;
  if (clip_) world_.seek(character_, time_s);
  canter::step(world_, dt_s);
  measure();
}

void Stage::measure() {
  const std::span<const Mat4> models = world_.models(character_);
  const float thickness = 0.03f * motion_->height_m;
  low_ = Vec3(1e9f);
  high_ = Vec3(-1e9f);
  for (std::size_t j = static_cast<std::size_t>(motion_->travelling_joint); j < models.size();
       ++j) {
    low_ = glm::min(low_, Vec3(models[j][3]) - thickness);
    high_ = glm::max(high_, Vec3(models[j][3]) + thickness);
  }
  for (const EndSite& end : motion_->skeleton.end_sites()) {
    const Vec3 p(models[static_cast<std::size_t>(end.joint)] * Vec4(end.offset, 1.0f));
    low_ = glm::min(low_, p - thickness);
    high_ = glm::max(high_, p + thickness);
  }
  if (body_ == nullptr) return;
  for (const BoneBox& box : body_->bone_boxes) {
    const Mat4& m =
        models[static_cast<std::size_t>(bones_[static_cast<std::size_t>(box.bone)].joint)];
    for (int corner = 0; corner < 8; ++corner) {
      const Vec3 p(corner & 1 ? box.low.x : box.high.x, corner & 2 ? box.low.y : box.high.y,
                   corner & 4 ? box.low.z : box.high.z);
      const Vec3 world(m * Vec4(p, 1.0f));
      low_ = glm::min(low_, world);
      high_ = glm::max(high_, world);
    }
  }
}

const GpuMesh& Stage::gpu_mesh(const DocumentPtr& document) {
  // Only what is on stage stays on the card.
  std::erase_if(gpu_meshes_, [&](const auto& kept) { return kept.first != document.get(); });
  const auto found = gpu_meshes_.find(document.get());
  if (found != gpu_meshes_.end()) return found->second.second;
  return gpu_meshes_.emplace(document.get(), std::pair(document, GpuMesh(*document->mesh)))
      .first->second.second;
}

void Stage::draw(bool bones, SceneFrame& frame) {
  meshes_.clear();
  solids_.clear();
  blobs_.clear();
  if (!empty()) {
    const std::span<const Mat4> models = world_.models(character_);
    if (body_ != nullptr && !bones) {
      skinning_matrices(bones_, models, palette_);
      meshes_.push_back({&gpu_mesh(body_), palette_, Vec4(1.0f)});
    } else {
      append_bones(*motion_, models, 1.0f, solids_);
    }
    // Whatever is near the floor darkens it: feet mostly, hands when they are there.
    const float radius = 0.03f * motion_->height_m;
    for (const Mat4& m : models)
      if (m[3].y < 4.0f * radius)
        blobs_.push_back(Vec4(m[3].x, std::max(m[3].y, 0.3f * radius), m[3].z, radius));
    std::sort(blobs_.begin(), blobs_.end(), [](const Vec4& a, const Vec4& b) { return a.y < b.y; });
    if (blobs_.size() > 8) blobs_.resize(8);
  }
  frame.meshes = meshes_;
  frame.solids = solids_;
  frame.contact_blobs = blobs_;
  const Vec3 root = root_position();
  frame.focus = Vec3(root.x, 0.0f, root.z);
  // In steps, so that the shadow map does not change its scale with every swing of an arm.
  constexpr float kStep_m = 0.25f;
  frame.low = glm::floor(low_ / kStep_m) * kStep_m;
  frame.high = glm::ceil(high_ / kStep_m) * kStep_m;
}

Vec3 Stage::root_position() const {
  if (empty()) return Vec3(0.0f);
  return Vec3(world_.models(character_)[static_cast<std::size_t>(motion_->travelling_joint)][3]);
}

float Stage::facing_rad() const {
  if (empty()) return 0.0f;
  const std::span<const Mat4> models = world_.models(character_);
  // From hip to hip and shoulder to shoulder: limbs swing, these turn with the body.
  Vec3 across(0.0f);
  const auto add = [&](int left, int right) {
    if (left >= 0 && right >= 0)
      across += Vec3(models[static_cast<std::size_t>(left)][3]) -
                Vec3(models[static_cast<std::size_t>(right)][3]);
  };
  const JointMap& joints = motion_->joints;
  add(joints.legs[0].thigh, joints.legs[1].thigh);
  add(joints.arms[0].upper_arm, joints.arms[1].upper_arm);
  const Vec3 forward = glm::cross(across, Vec3(0.0f, 1.0f, 0.0f));
  if (glm::length(forward) < 1e-4f) return 0.0f;
  return std::atan2(forward.x, forward.z);
}

}  // namespace canter::viewer
