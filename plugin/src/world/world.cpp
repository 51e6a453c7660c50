#include "canter/world/world.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <new>
#include <utility>

#include "canter/anim/local_to_model.h"
#include "world/bodies.h"

namespace canter {
namespace detail {
namespace {

// One in eight characters in a transition is a lively scene; small worlds should never notice.
int num_transitions(const WorldDesc& desc) {
  constexpr int kShare = 8;
  constexpr int kAtLeast = 16;
  return desc.max_transitions >= 0 ? desc.max_transitions
                                   : std::max(kAtLeast, desc.max_characters / kShare);
}

}  // namespace

WorldData::WorldData(const WorldDesc& d)
    : desc(d),
      clips(d.memory),
      masks(d.memory),
      skills(d.memory),
      phase_networks(d.memory),
      places(static_cast<std::size_t>(std::max(0, d.max_characters)), d.memory),
      skeletons(d.memory),
      bodies(d.memory),
      phased(d.memory),
      workers(static_cast<std::size_t>(std::max(1, d.max_workers)), d.memory),
      transitions(num_transitions(d), d.memory),
      trace(kStageNames, std::max(1, d.trace_history), d.memory) {
  clock.step_s = 1.0 / d.fixed_rate_hz;
  bodies.reserve(places.size());
  phased.reserve(places.size());
}

CharacterPlace* WorldData::find(CharacterId id) {
  return const_cast<CharacterPlace*>(std::as_const(*this).find(id));
}

const CharacterPlace* WorldData::find(CharacterId id) const {
  if (id.index1 == 0 || id.index1 > places.size()) return nullptr;
  const CharacterPlace& place = places[id.index1 - 1];
  return place.live() && place.generation == id.generation ? &place : nullptr;
}

CharacterId WorldData::id_of(const CharacterPlace& place) const {
  return {static_cast<std::uint32_t>(&place - places.data()) + 1, place.generation};
}

void TransitionPool::reserve(const Skeleton& skeleton) {
  const std::size_t bytes = align_up(inertialization_bytes(skeleton));
  if (bytes <= slot_bytes_ || owners_.empty()) return;
  Block larger(bytes * owners_.size(), memory_);
  for (std::size_t i = 0; i < owners_.size() && slot_bytes_ != 0; ++i)
    std::memcpy(larger.data() + i * bytes, block_.data() + i * slot_bytes_, slot_bytes_);
  block_ = std::move(larger);
  slot_bytes_ = bytes;
}

std::uint32_t TransitionPool::acquire(std::uint32_t owner_index1) {
  const auto free = std::find(owners_.begin(), owners_.end(), 0u);
  if (free == owners_.end() || slot_bytes_ == 0) return 0;
  *free = owner_index1;
  return static_cast<std::uint32_t>(free - owners_.begin()) + 1;
}

std::span<std::byte> TransitionPool::bytes(std::uint32_t slot1, const Skeleton& skeleton) {
  return block_.at<std::byte>((slot1 - 1) * slot_bytes_, inertialization_bytes(skeleton));
}

void reserve_for(WorldData& world, const Skeleton& skeleton) {
  world.transitions.reserve(skeleton);
  // One block per pose and per row of joint weights, each rounded up by the arena.
  const std::size_t bytes = align_up(pose_bytes(skeleton));
  if (bytes <= world.scratch_pose_bytes) return;
  world.scratch_pose_bytes = bytes;
  const std::size_t total = bytes * static_cast<std::size_t>(kBatchSize + kTemporaryPoses);
  for (Worker& worker : world.workers) worker.scratch = Block(total, world.desc.memory);
}

bool is_placement(const Transform& t) {
  const float sum = t.rotation.x + t.rotation.y + t.rotation.z + t.rotation.w + t.translation.x +
                    t.translation.y + t.translation.z + t.scale.x + t.scale.y + t.scale.z;
  return std::isfinite(sum) && glm::length(t.rotation) > 1e-6f;
}

namespace {

// Always the lowest free place, so that which one comes next depends on who is there and not on
// who was; -1: full.
int find_free_place(WorldData& world) {
  for (int i = world.first_free; i < static_cast<int>(world.places.size()); ++i) {
    const CharacterPlace& place = world.places[static_cast<std::size_t>(i)];
    world.first_free = i;
    // A place whose generations are used up is never given out again.
    if (!place.live() && place.last_generation != UINT32_MAX) return i;
  }
  return -1;
}

}  // namespace
}  // namespace detail

namespace {

using detail::CharacterPlace;
using detail::is_placement;
using detail::Mask;

Transform normalized(Transform t) {
  t.rotation = glm::normalize(t.rotation);
  return t;
}

}  // namespace

const char* describe(ParkReason reason) {
  switch (reason) {
    case ParkReason::none:
      return "not parked";
    case ParkReason::missing_clip:
      return "a clip or mask it plays was removed from the world";
    case ParkReason::foreign_clip:
      return "a clip or mask it plays belongs to another skeleton";
    case ParkReason::non_finite_pose:
      return "its pose had a number that is not finite";
    case ParkReason::out_of_scratch:
      return "scratch memory did not suffice for its skeleton";
    case ParkReason::missing_skill:
      return "the skill it performs was removed from the world";
    case ParkReason::simulation_failed:
      return "its simulation broke again and again";
  }
  return "unknown";
}

World::World(const WorldDesc& desc) {
  assert(desc.memory != nullptr && desc.fixed_rate_hz > 0.0);
  void* memory = desc.memory->allocate(sizeof(detail::WorldData), alignof(detail::WorldData));
  try {
    data_.reset(new (memory) detail::WorldData(desc));
  } catch (...) {
    desc.memory->deallocate(memory, sizeof(detail::WorldData), alignof(detail::WorldData));
    throw;
  }
}

World::World(World&&) noexcept = default;
World& World::operator=(World&&) noexcept = default;
World::~World() = default;

void World::Delete::operator()(detail::WorldData* data) const {
  std::pmr::memory_resource* memory = data->desc.memory;
  data->~WorldData();
  memory->deallocate(data, sizeof(detail::WorldData), alignof(detail::WorldData));
}

ClipId World::add_clip(std::shared_ptr<const Clip> clip,
                       std::shared_ptr<const RootMotion> root_motion) {
  assert(clip != nullptr);
  const std::pmr::polymorphic_allocator<> allocator(data_->desc.memory);
  return data_->clips.add(std::allocate_shared<const detail::ClipAsset>(
      allocator, detail::ClipAsset{std::move(clip), std::move(root_motion), {}}));
}

bool World::remove_clip(ClipId clip) {
  return data_->clips.remove(clip);
}

const Clip* World::clip(ClipId clip) const {
  return data_->find_clip(clip);
}

Result<MaskId> World::add_mask(const Skeleton& skeleton, std::span<const float> joint_weights) {
  if (joint_weights.size() != static_cast<std::size_t>(skeleton.num_joints()))
    return Error{ErrorCode::bad_value, "the mask has " + std::to_string(joint_weights.size()) +
                                           " weights; the skeleton has " +
                                           std::to_string(skeleton.num_joints()) + " joints"};
  for (std::size_t i = 0; i < joint_weights.size(); ++i) {
    if (!(joint_weights[i] >= 0.0f && joint_weights[i] <= 1.0f))
      return Error{ErrorCode::bad_value, "the mask's weight " + std::to_string(i) + " is " +
                                             std::to_string(joint_weights[i]) +
                                             "; expected 0 to 1"};
  }
  const std::pmr::polymorphic_allocator<> allocator(data_->desc.memory);
  auto mask = std::allocate_shared<Mask>(allocator);
  mask->weights = std::pmr::vector<float>(joint_weights.begin(), joint_weights.end(), allocator);
  mask->skeleton_hash = skeleton.hash();
  return data_->masks.add(std::move(mask));
}

bool World::remove_mask(MaskId mask) {
  return data_->masks.remove(mask);
}

Result<CharacterId> World::create(const CharacterDesc& desc) {
  if (desc.skeleton == nullptr || desc.skeleton->num_joints() == 0)
    return Error{ErrorCode::bad_value, "a character needs a skeleton of at least one joint"};
  if (desc.root_motion > RootMotionMode::move)
    return Error{ErrorCode::bad_value, "the root motion mode is unknown"};
  if (!is_placement(desc.placement))
    return Error{ErrorCode::bad_value, "the character's placement is not finite"};
  const int index = detail::find_free_place(*data_);
  if (index < 0)
    return Error{ErrorCode::limit, "the world holds its " + std::to_string(max_characters()) +
                                       " characters already (WorldDesc::max_characters)"};
  detail::reserve_for(*data_, *desc.skeleton);
  if (data_->find_skeleton(desc.skeleton->hash()) == nullptr)
    data_->skeletons.push_back(desc.skeleton);
  CharacterPlace& place = data_->places[static_cast<std::size_t>(index)];
  place.block = Block(character_bytes(*desc.skeleton), data_->desc.memory);
  place.skeleton = desc.skeleton;
  place.pose_hook = desc.pose_hook;
  place.generation = ++place.last_generation;
  ++data_->num_characters;
  data_->used_places = std::max(data_->used_places, index + 1);

  place.state() = CharacterState{};
  place.state().placement = normalized(desc.placement);
  place.state().root_motion = desc.root_motion;
  Arena scratch(data_->workers[0].scratch.bytes());
  const PoseView rest = pose_over(*place.skeleton, scratch);
  set_rest_pose(*place.skeleton, rest);
  local_to_model(*place.skeleton, Mat4(1.0f), rest, place.models());
  return data_->id_of(place);
}

bool World::destroy(CharacterId character) {
  CharacterPlace* place = data_->find(character);
  if (place == nullptr) return false;
  if (place->state().transition_slot1 != 0)
    data_->transitions.release(place->state().transition_slot1);
  place->block = Block();
  place->body = Block();
  place->readout.reset();
  place->from_body.reset();
  place->phase = Block();
  place->phase_points.reset();
  place->skeleton.reset();
  place->pose_hook = {};
  data_->first_free = std::min(data_->first_free, static_cast<int>(character.index1) - 1);
  --data_->num_characters;
  return true;
}

bool World::alive(CharacterId character) const {
  return data_->find(character) != nullptr;
}

int World::num_characters() const {
  return data_->num_characters;
}

int World::max_characters() const {
  return static_cast<int>(data_->places.size());
}

CharacterId World::character_at(int index) const {
  const CharacterPlace& place = data_->places[static_cast<std::size_t>(index)];
  return place.live() ? data_->id_of(place) : CharacterId{};
}

const CharacterState* World::state(CharacterId character) const {
  const CharacterPlace* place = data_->find(character);
  return place == nullptr ? nullptr : &place->state();
}

const Skeleton* World::skeleton(CharacterId character) const {
  const CharacterPlace* place = data_->find(character);
  return place == nullptr ? nullptr : place->skeleton.get();
}

bool World::set_placement(CharacterId character, const Transform& placement) {
  CharacterPlace* place = data_->find(character);
  if (place == nullptr || !is_placement(placement)) return false;
  place->state().placement = normalized(placement);
  return true;
}

bool World::set_root_motion(CharacterId character, RootMotionMode mode) {
  CharacterPlace* place = data_->find(character);
  if (place == nullptr || mode > RootMotionMode::move) return false;
  place->state().root_motion = mode;
  return true;
}

bool World::resume(CharacterId character) {
  CharacterPlace* place = data_->find(character);
  if (place == nullptr) return false;
  place->state().parked = ParkReason::none;
  return true;
}

std::span<const Mat4> World::models(CharacterId character) const {
  const CharacterPlace* place = data_->find(character);
  return place == nullptr ? std::span<const Mat4>() : place->models();
}

Transform World::placement(CharacterId character) const {
  const CharacterPlace* place = data_->find(character);
  return place == nullptr ? Transform{} : place->state().placement;
}

bool World::local_pose(CharacterId character, PoseView out) const {
  const CharacterPlace* place = data_->find(character);
  if (place == nullptr || place->state().parked != ParkReason::none ||
      out.num_joints != place->skeleton->num_joints() ||
      (out.scales != nullptr) != place->skeleton->has_scale())
    return false;
  Arena scratch(data_->workers[0].scratch.bytes());
  if (place->is_physical())
    return detail::show_body(*data_, *place, scratch, out) == ParkReason::none;
  return detail::evaluate(*data_, place->state(), *place->skeleton, scratch, out) ==
         ParkReason::none;
}

std::int64_t World::refused_transitions() const {
  return data_->refused_transitions;
}

const Trace& World::trace() const {
  return data_->trace;
}

const FixedClock& World::clock() const {
  return data_->clock;
}

std::size_t World::character_bytes(const Skeleton& skeleton) {
  return align_up(sizeof(CharacterState)) +
         static_cast<std::size_t>(skeleton.num_joints()) * sizeof(Mat4);
}

}  // namespace canter
