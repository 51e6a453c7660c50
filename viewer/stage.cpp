#include "viewer/stage.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace canter::viewer {
namespace {

WorldDesc world_desc(int trace_history) {
  WorldDesc desc;
  desc.max_characters = 8;
  desc.max_workers = 1;  // the viewer gives the world no threads
  desc.trace_history = trace_history;
  return desc;
}

/// The mesh's bones as joints of another skeleton of the same joint names.
std::vector<SkinBone> bind_by_name(const Document& body, const Skeleton& skeleton) {
  std::vector<SkinBone> bones = body.mesh->bones;
  for (SkinBone& bone : bones) bone.joint = skeleton.find(body.skeleton.name(bone.joint));
  return bones;
}

/// Heading about Y: from hip to hip and shoulder to shoulder, because limbs swing and these turn
/// with the body.
std::optional<float> facing(const Document& document, std::span<const Mat4> models) {
  Vec3 across(0.0f);
  const auto add = [&](int left, int right) {
    if (left >= 0 && right >= 0)
      across += Vec3(models[static_cast<std::size_t>(left)][3]) -
                Vec3(models[static_cast<std::size_t>(right)][3]);
  };
  const JointMap& joints = document.joints;
  add(joints.legs[0].thigh, joints.legs[1].thigh);
  add(joints.arms[0].upper_arm, joints.arms[1].upper_arm);
  const Vec3 forward = glm::cross(across, Vec3(0.0f, 1.0f, 0.0f));
  if (glm::length(forward) < 1e-4f) return std::nullopt;
  return std::atan2(forward.x, forward.z);
}

/// From the root of a character to that of another that stands to its left.
Vec3 to_the_left(const Document& document, std::span<const Mat4> models, float height_m) {
  constexpr float kSpacing = 0.62f;  // of a body's height
  const float heading = facing(document, models).value_or(0.0f);
  return kSpacing * height_m * Vec3(std::cos(heading), 0.0f, -std::sin(heading));
}

}  // namespace

Stage::Stage(int trace_history) : world_(world_desc(trace_history)) {}

const DocumentPtr& Stage::owner() const {
  return performance_.retargeted != nullptr ? performance_.body : performance_.motion;
}

const RootMotion& Stage::path() const {
  static const RootMotion kStill;
  if (performance_.clip < 0) return kStill;
  return performance_.motion->clips[static_cast<std::size_t>(performance_.clip)].path;
}

const ClipTracks* Stage::tracks() const {
  if (performance_.clip < 0) return nullptr;
  return &performance_.motion->clips[static_cast<std::size_t>(performance_.clip)].tracks;
}

Result<Stage::Actor> Stage::create(const DocumentPtr& owner,
                                   const std::shared_ptr<const Clip>& clip) {
  CharacterDesc desc;
  // A copy: the world keeps one skeleton of every kind, and it should not keep documents.
  desc.skeleton = std::make_shared<const Skeleton>(owner->skeleton);
  Result<CharacterId> id = world_.create(desc);
  if (!id) return id.error();
  Actor actor;
  actor.id = *id;
  if (clip != nullptr) {
    actor.clip = world_.add_clip(clip);
    // The viewer's time cursor decides what is shown (see place).
    canter::Playback playback;
    playback.clip = actor.clip;
    playback.speed = 0.0f;
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
  dismiss_body();
  remove(actor_);
  remove(ghost_);
  actor_ = std::move(actor).value();
  ghost_ = std::move(ghost);
  performance_ = performance;
  poser_ = Poser(owner(), clip, carried != nullptr ? carried->path : path());
  worn_ = {};
  const DocumentPtr& body = performance_.body;
  if (body != nullptr && body->mesh->bones.size() <= kMaxPaletteBones)
    worn_ = {body, bind_by_name(*body, owner()->skeleton)};
  set_compared(nullptr);
  return {};
}

Result<void> Stage::perform(const BodySetupPtr& setup, const BodyPolicyPtr& policy, double phase) {
  Result<SkillId> skill =
      world_.add_skill(setup->task, policy != nullptr ? &policy->network : nullptr);
  if (!skill) return skill.error();
  Result<Actor> body = create(owner(), nullptr);
  if (body)
    if (Result<void> done = world_.simulate(body->id, {*skill, phase}); !done) {
      remove(*body);
      body = done.error();
    }
  if (!body) {
    world_.remove_skill(*skill);
    return body.error();
  }
  dismiss_body();
  skill_ = *skill;
  body_ = std::move(body).value();
  std::vector<Mat4> begins;
  poser_.models_at(time_s_, 0, begins);
  reference_offset_ = to_the_left(*owner(), begins, owner()->height_m);
  return {};
}

Result<void> Stage::set_policy(const BodyPolicyPtr& policy) {
  return world_.set_policy(skill_, policy != nullptr ? &policy->network : nullptr);
}

void Stage::throw_box(const Toss& toss) {
  if (!has_body()) return;
  world_.throw_box(body_.id, next_box_, toss.from, toss.velocity);
  next_box_ = (next_box_ + 1) % kTossedBoxes;
}

void Stage::dismiss_body() {
  if (!has_body()) return;
  remove(body_);
  world_.remove_skill(skill_);
  skill_ = {};
  reference_models_.clear();
  hold_.reset();
}

void Stage::set_compared(const ComparedPtr& compared) {
  ++revision_;
  // Only what is on stage stays on the card.
  gpu_meshes_.clear();
  compared_ = nullptr;
  other_ = {};
  other_worn_ = {};
  if (compared == nullptr || compared->motion != performance_.motion ||
      compared->clip != performance_.clip || compared->retargeted != performance_.retargeted)
    return;
  compared_ = compared;
  other_ = compared->other;
  const DocumentPtr& motion = performance_.motion;
  if (compared->wears_body)
    other_worn_ = worn_;
  else if (motion->mesh.has_value())
    other_worn_ = {motion, motion->mesh->bones};
  else if (performance_.source_body != nullptr)
    other_worn_ = {performance_.source_body,
                   bind_by_name(*performance_.source_body, motion->skeleton)};
  if (worn_.bones.size() + other_worn_.bones.size() > kMaxPaletteBones) other_worn_ = {};

  // Beside is to the shown character's left, seen from where it starts, and both start level.
  std::vector<Mat4> shown;
  poser_.models_at(0.0, 0, shown);
  const Alignment::Time begins = compared->alignment.other(0.0, 0);
  other_.models_at(begins.time_s, begins.laps, other_models_);
  const auto root = [](const Document& document, const std::vector<Mat4>& models) {
    return Vec3(models[static_cast<std::size_t>(document.travelling_joint)][3]);
  };
  const float height = std::max(owner()->height_m, other_.owner().height_m);
  beside_ = to_the_left(*owner(), shown, height);
  if (!compared->abreast)
    beside_ += Vec3(1, 0, 1) * (root(*owner(), shown) - root(other_.owner(), other_models_));
}

// Where the cursor moves on as the world would, the clip plays: whoever reads phases sees movement.
// Anything else is a leap.
void Stage::place(Actor& actor, const RootMotion& path, double time_s, std::int64_t laps,
                  double dt_s) {
  world_.set_placement(actor.id, lap_placement(path, laps));
  if (!actor.clip) return;
  const double duration_s = static_cast<double>(world_.clip(actor.clip)->duration_s());
  double next_s = world_.state(actor.id)->play.time_s + dt_s;
  if (next_s >= duration_s) next_s -= duration_s;
  constexpr double kRounding_s = 1e-6;
  const bool plays_on = dt_s > 0.0 && std::abs(next_s - time_s) < kRounding_s;
  world_.set_speed(actor.id, plays_on ? 1.0f : 0.0f);
  // To the world the end of a loop is its beginning; here the lap ends there.
  if (!plays_on) world_.seek(actor.id, std::min(time_s, std::nextafter(duration_s, 0.0)));
}

Result<void> Stage::use_networks(const PhaseNetworksPtr& networks) {
  if (networks == nullptr) return {};
  const auto add = [&](const auto& network, PhaseNetworkId& id) -> Result<void> {
    Result<PhaseNetworkId> added = world_.add_phase_network(network);
    if (!added) return added.error();
    id = *added;
    return {};
  };
  if (Result<void> added = add(networks->clips, carried_); !added) return added;
  if (networks->past_only)
    if (Result<void> added = add(*networks->past_only, past_only_); !added) return added;
  return networks->frame ? add(*networks->frame, frame_) : Result<void>();
}

void Stage::read_phases(const PhasedClipPtr& clip, Estimator estimator) {
  phased_ = clip;
  if (!carried_) return;
  const PhaseNetworkId live = estimator == Estimator::past_only ? past_only_
                              : estimator == Estimator::frame   ? frame_
                                                                : carried_;
  if (actor_.clip)
    (void)world_.set_clip_phases(actor_.clip, clip != nullptr ? clip->phases : nullptr);
  if (!empty()) {
    const bool whole = has_body() || estimator == Estimator::centred;
    (void)world_.set_phase(actor_.id, {whole ? PhaseSource::clip : PhaseSource::pose, live});
  }
  if (has_body()) (void)world_.set_phase(body_.id, {PhaseSource::pose, live});
}

void Stage::read_models(Actor& actor) {
  const Mat4 placement = to_matrix(world_.placement(actor.id));
  const std::span<const Mat4> models = world_.models(actor.id);
  actor.models.resize(models.size());
  for (std::size_t j = 0; j < models.size(); ++j) actor.models[j] = placement * models[j];
}

void Stage::step(double time_s, std::int64_t laps, double dt_s) {
  if (empty()) return;
  time_s_ = time_s;
  laps_ = laps;
  const RetargetedPtr& carried = performance_.retargeted;
  place(actor_, carried != nullptr ? carried->path : path(), time_s, laps, dt_s);
  if (ghost_.id) place(ghost_, path(), time_s, laps, dt_s);
  canter::step(world_, dt_s);
  read_models(actor_);
  if (has_body()) {
    // The body takes the shown character's place.
    read_models(body_);
    actor_.models = body_.models;
    reference_models_.resize(body_.models.size());
    world_.reference_models(body_.id, reference_models_);
    if (reference_beside_)
      for (Mat4& m : reference_models_) m[3] += Vec4(reference_offset_, 0.0f);
  }
  if (ghost_.id) read_models(ghost_);
  if (compared_ != nullptr) step_compared(time_s, laps);
  turn_rings(dt_s);
  measure();
}

// Rings turn with the character but do not sway with its hips.
void Stage::turn_rings(double dt_s) {
  constexpr double kHalfLife_s = 0.4;
  constexpr float kSway_rad = 0.5f;
  const float way = std::remainder(facing_rad() - ring_heading_rad_, 2.0f * kPi);
  const bool sways = std::abs(way) < kSway_rad;
  ring_heading_rad_ +=
      way * (sways ? static_cast<float>(1.0 - std::exp2(-dt_s / kHalfLife_s)) : 1.0f);
}

void Stage::step_compared(double time_s, std::int64_t laps) {
  const Alignment::Time there = compared_->alignment.other(time_s, laps);
  other_.models_at(there.time_s, there.laps, other_models_);
  Vec3 offset = beside_;
  if (compared_->abreast) {
    const Vec3 from(other_models_[static_cast<std::size_t>(other_.owner().travelling_joint)][3]);
    const Vec3 to(actor_.models[static_cast<std::size_t>(owner()->travelling_joint)][3]);
    offset += Vec3(1, 0, 1) * (to - from);
  }
  for (Mat4& m : other_models_) m[3] += Vec4(offset, 0.0f);
}

void Stage::measure() {
  box_ = {Vec3(1e9f), Vec3(-1e9f)};
  include(*owner(), actor_.models, worn_);
  if (compared_ != nullptr) include(other_.owner(), other_models_, other_worn_);
  if (has_body() && reference_beside_) include(*owner(), reference_models_, worn_);
}

void Stage::include(const Document& document, std::span<const Mat4> models,
                    const Costume& costume) {
  const auto add = [&](const Vec3& p, float margin) {
    box_.low = glm::min(box_.low, p - margin);
    box_.high = glm::max(box_.high, p + margin);
  };
  const float thickness = 0.03f * document.height_m;
  for (auto j = static_cast<std::size_t>(document.travelling_joint); j < models.size(); ++j)
    add(Vec3(models[j][3]), thickness);
  for (const EndSite& end : document.skeleton.end_sites())
    add(Vec3(models[static_cast<std::size_t>(end.joint)] * Vec4(end.offset, 1.0f)), thickness);
  if (costume.empty()) return;
  for (const BoneBox& box : costume.body->bone_boxes) {
    const int joint = costume.bones[static_cast<std::size_t>(box.bone)].joint;
    for (int corner = 0; corner < 8; ++corner) {
      const Vec3 p(corner & 1 ? box.low.x : box.high.x, corner & 2 ? box.low.y : box.high.y,
                   corner & 4 ? box.low.z : box.high.z);
      add(Vec3(models[static_cast<std::size_t>(joint)] * Vec4(p, 1.0f)), 0.0f);
    }
  }
}

Vec3 Stage::root_position() const {
  if (empty() || actor_.models.empty()) return Vec3(0.0f);
  const Vec3 root(actor_.models[static_cast<std::size_t>(owner()->travelling_joint)][3]);
  if (has_body() && reference_beside_) return root + 0.5f * reference_offset_;
  if (compared_ == nullptr || other_models_.empty()) return root;
  const auto joint = static_cast<std::size_t>(other_.owner().travelling_joint);
  return 0.5f * (root + Vec3(other_models_[joint][3]));
}

float Stage::facing_rad() const {
  if (empty() || actor_.models.empty()) return 0.0f;
  return facing(*owner(), actor_.models).value_or(0.0f);
}

}  // namespace canter::viewer
