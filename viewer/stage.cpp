#include "viewer/stage.h"

#include <algorithm>
#include <cmath>

#include "viewer/bones.h"
#include "viewer/ui/theme.h"

namespace canter::viewer {
namespace {

WorldDesc world_desc(int trace_history) {
  WorldDesc desc;
  desc.max_characters = 8;
  desc.trace_history = trace_history;
  return desc;
}

/// The mesh's bones as joints of another skeleton of the same joint names.
std::vector<SkinBone> bind_by_name(const Document& body, const Skeleton& skeleton) {
  std::vector<SkinBone> bones = body.mesh->bones;
  for (SkinBone& bone : bones) bone.joint = skeleton.find(body.skeleton.name(bone.joint));
  return bones;
}

/// Where the character stands after `laps` times through a clip that walks this way.
Transform lap_placement(const RootMotion& path, std::int64_t laps) {
  if (path.num_frames() < 2 || laps == 0) return {};
  const float elapsed_s = static_cast<float>(laps) * path.duration_s();
  Transform placement = root_at(path, elapsed_s) * inverse(root_at(path, 0.0f));
  // Far from the origin single precision would show; start over there instead.
  constexpr float kReach_m = 1000.0f;
  placement.translation.x = std::fmod(placement.translation.x, kReach_m);
  placement.translation.z = std::fmod(placement.translation.z, kReach_m);
  return placement;
}

}  // namespace

Stage::Stage(int trace_history) : world_(world_desc(trace_history)) {}

const Document& Stage::owner() const {
  return performance_.retargeted != nullptr ? *performance_.body : *performance_.motion;
}

Result<Stage::Actor> Stage::create(const DocumentPtr& owner,
                                   const std::shared_ptr<const Clip>& clip) {
  CharacterDesc desc;
  // An alias keeps the document alive for as long as the world uses a part of it.
  desc.skeleton = std::shared_ptr<const Skeleton>(owner, &owner->skeleton);
  Result<CharacterId> id = world_.create(desc);
  if (!id) return id.error();
  Actor actor;
  actor.id = *id;
  if (clip != nullptr) {
    actor.clip = world_.add_clip(clip);
    // The viewer's time cursor decides what is shown, so the world's own clock stands still.
    canter::Playback playback;
    playback.clip = actor.clip;
    playback.speed = 0.0f;
    playback.wrap = Wrap::clamp;
    if (Result<void> played = world_.play(actor.id, playback); !played) {
      remove(actor);
      return played.error();
    }
  }
  return actor;
}

void Stage::remove(Actor& actor) {
  world_.destroy(actor.id);
  world_.remove_clip(actor.clip);
  actor = Actor();
}

Result<void> Stage::show(const Performance& performance) {
  const RetargetedPtr& carried = performance.retargeted;
  std::shared_ptr<const Clip> clip;
  if (performance.clip >= 0) {
    const auto index = static_cast<std::size_t>(performance.clip);
    clip = std::shared_ptr<const Clip>(performance.motion, &performance.motion->clips[index].clip);
  }
  Actor ghost;
  if (carried != nullptr) {
    Result<Actor> source = create(performance.motion, clip);
    if (!source) return source.error();
    ghost = std::move(source).value();
    clip = std::shared_ptr<const Clip>(carried, &carried->result);
  }
  Result<Actor> actor = create(carried != nullptr ? performance.body : performance.motion, clip);
  if (!actor) {
    remove(ghost);
    return actor.error();
  }
  remove(actor_);
  remove(ghost_);
  actor_ = std::move(actor).value();
  ghost_ = std::move(ghost);
  performance_ = performance;
  ++revision_;

  bones_.clear();
  const Document* body = performance_.body.get();
  if (body != nullptr && body->mesh->bones.size() <= kMaxPaletteBones)
    bones_ = bind_by_name(*body, owner().skeleton);
  palette_.assign(bones_.size(), Mat4(1.0f));
  return {};
}

void Stage::place(Actor& actor, const RootMotion& path, double time_s, std::int64_t laps) {
  world_.set_placement(actor.id, lap_placement(path, laps));
  if (actor.clip) world_.seek(actor.id, time_s);
}

void Stage::read_models(Actor& actor) {
  const Mat4 placement = to_matrix(world_.placement(actor.id));
  const std::span<const Mat4> models = world_.models(actor.id);
  actor.models.resize(models.size());
  for (std::size_t j = 0; j < models.size(); ++j) actor.models[j] = placement * models[j];
}

void Stage::step(double time_s, std::int64_t laps, double dt_s) {
  if (empty()) return;
  const RootMotion still;
  const RootMotion& source =
      performance_.clip < 0
          ? still
          : performance_.motion->clips[static_cast<std::size_t>(performance_.clip)].path;
  const RetargetedPtr& carried = performance_.retargeted;
  place(actor_, carried != nullptr ? carried->path : source, time_s, laps);
  if (ghost_.id) place(ghost_, source, time_s, laps);
  canter::step(world_, dt_s);
  read_models(actor_);
  if (ghost_.id) read_models(ghost_);
  measure();
}

void Stage::measure() {
  const Document& document = owner();
  const std::vector<Mat4>& models = actor_.models;
  const float thickness = 0.03f * document.height_m;
  low_ = Vec3(1e9f);
  high_ = Vec3(-1e9f);
  const auto include = [&](const Vec3& p, float margin) {
    low_ = glm::min(low_, p - margin);
    high_ = glm::max(high_, p + margin);
  };
  for (auto j = static_cast<std::size_t>(document.travelling_joint); j < models.size(); ++j)
    include(Vec3(models[j][3]), thickness);
  for (const EndSite& end : document.skeleton.end_sites())
    include(Vec3(models[static_cast<std::size_t>(end.joint)] * Vec4(end.offset, 1.0f)), thickness);
  if (bones_.empty()) return;
  for (const BoneBox& box : performance_.body->bone_boxes) {
    const int joint = bones_[static_cast<std::size_t>(box.bone)].joint;
    for (int corner = 0; corner < 8; ++corner) {
      const Vec3 p(corner & 1 ? box.low.x : box.high.x, corner & 2 ? box.low.y : box.high.y,
                   corner & 4 ? box.low.z : box.high.z);
      include(Vec3(models[static_cast<std::size_t>(joint)] * Vec4(p, 1.0f)), 0.0f);
    }
  }
}

const GpuMesh& Stage::gpu_mesh(const DocumentPtr& document) {
  // Only what is on stage stays on the card.
  std::erase_if(gpu_meshes_, [&](const auto& kept) { return kept.first != document.get(); });
  const auto found = gpu_meshes_.find(document.get());
  if (found != gpu_meshes_.end()) return found->second.second;
  return gpu_meshes_
      .emplace(document.get(), std::pair(document, GpuMesh(*document->mesh, document->drawn)))
      .first->second.second;
}

void Stage::append_contact_marks(double time_s) {
  if (performance_.clip < 0) return;
  const ContactTrack& contacts =
      performance_.motion->clips[static_cast<std::size_t>(performance_.clip)].tracks.contacts;
  const Vec4 color(theme::linear(theme::kContact), 1.0f);
  const float radius = 0.012f * owner().height_m;
  const auto mark = [&](const Vec3& p) {
    const Vec4 point(p.x, std::max(p.y, 0.3f * radius), p.z, radius);
    solids_.push_back({point, point, color});
  };
  for (const FootPoints& foot : find_feet(owner().skeleton, owner().joints)) {
    for (const FootContacts& track : contacts.feet) {
      if (track.points.side != foot.side) continue;
      const float t = static_cast<float>(time_s);
      if (in_contact(track.heel, t))
        mark(Vec3(actor_.models[static_cast<std::size_t>(foot.foot)][3]) * Vec3(1, 0, 1));
      if (in_contact(track.ball, t) && foot.toe_joint >= 0)
        mark(Vec3(actor_.models[static_cast<std::size_t>(foot.toe_joint)] *
                  Vec4(foot.toe_offset, 1.0f)) *
             Vec3(1, 0, 1));
    }
  }
}

void Stage::append_contact_shades() {
  // Whatever lies near the floor darkens it: feet mostly, hands and backs when they are there.
  constexpr std::size_t kMost = 16;
  const Document& document = owner();
  const float radius = 0.024f * document.height_m;
  const auto shade = [&](const Vec3& a, const Vec3& b) {
    if (std::min(a.y, b.y) > 4.0f * radius || std::max(a.y, b.y) > 8.0f * radius) return;
    const auto end = [&](const Vec3& p) { return Vec4(p.x, std::max(p.y, radius), p.z, radius); };
    shades_.push_back({end(a), end(b), Vec4(1.0f)});
  };
  const std::vector<Mat4>& models = actor_.models;
  const auto at = [&](int joint) { return Vec3(models[static_cast<std::size_t>(joint)][3]); };
  for (int j = document.travelling_joint + 1; j < document.skeleton.num_joints(); ++j)
    if (document.skeleton.parent(j) >= document.travelling_joint)
      shade(at(document.skeleton.parent(j)), at(j));
  for (const EndSite& end : document.skeleton.end_sites())
    shade(at(end.joint),
          Vec3(models[static_cast<std::size_t>(end.joint)] * Vec4(end.offset, 1.0f)));
  std::sort(shades_.begin(), shades_.end(),
            [](const Solid& a, const Solid& b) { return a.end_a.y < b.end_a.y; });
  if (shades_.size() > kMost) shades_.resize(kMost);
}

void Stage::draw(const ViewSettings& view, double time_s, SceneFrame& frame) {
  meshes_.clear();
  solids_.clear();
  shades_.clear();
  if (!empty()) {
    if (!bones_.empty() && !view.bones) {
      skinning_matrices(bones_, actor_.models, palette_);
      meshes_.push_back({&gpu_mesh(performance_.body), palette_, Vec4(1.0f)});
    } else {
      append_bones(owner(), actor_.models, 1.0f, solids_);
    }
    if (view.ghost && ghost_.id) append_bones(*performance_.motion, ghost_.models, 0.45f, solids_);
    if (view.contacts) append_contact_marks(time_s);
    append_contact_shades();
  }
  frame.meshes = meshes_;
  frame.solids = solids_;
  frame.contact_shades = shades_;
  frame.revision = revision_;
  const Vec3 root = root_position();
  frame.focus = Vec3(root.x, 0.0f, root.z);
  // In steps, so that the shadow map does not change its scale with every swing of an arm.
  constexpr float kStep_m = 0.25f;
  frame.low = glm::floor(low_ / kStep_m) * kStep_m;
  frame.high = glm::ceil(high_ / kStep_m) * kStep_m;
  if (!view.ghost) return;
  for (const Mat4& m : ghost_.models) {
    frame.low = glm::min(frame.low, Vec3(m[3]) - 0.2f);
    frame.high = glm::max(frame.high, Vec3(m[3]) + 0.2f);
  }
}

Vec3 Stage::root_position() const {
  if (empty() || actor_.models.empty()) return Vec3(0.0f);
  return Vec3(actor_.models[static_cast<std::size_t>(owner().travelling_joint)][3]);
}

float Stage::facing_rad() const {
  if (empty() || actor_.models.empty()) return 0.0f;
  // From hip to hip and shoulder to shoulder: limbs swing, these turn with the body.
  Vec3 across(0.0f);
  const auto add = [&](int left, int right) {
    if (left >= 0 && right >= 0)
      across += Vec3(actor_.models[static_cast<std::size_t>(left)][3]) -
                Vec3(actor_.models[static_cast<std::size_t>(right)][3]);
  };
  const JointMap& joints = owner().joints;
  add(joints.legs[0].thigh, joints.legs[1].thigh);
  add(joints.arms[0].upper_arm, joints.arms[1].upper_arm);
  const Vec3 forward = glm::cross(across, Vec3(0.0f, 1.0f, 0.0f));
  if (glm::length(forward) < 1e-4f) return 0.0f;
  return std::atan2(forward.x, forward.z);
}

}  // namespace canter::viewer
