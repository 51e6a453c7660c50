#pragma once

// Bodies of characters: what World's calls and the frame need of them. Private to the room.

#include "world/world_data.h"

namespace canter::detail {

/// The parts of a body block.
struct BodyParts {
  BodyState* state = nullptr;
  std::span<double> before;  ///< [num_positions] a physics step ago
  mimic::EpisodeView episode;
};
BodyParts parts_of(const mimic::Task& task, std::span<std::byte> body);
std::size_t body_bytes(const mimic::Task& task);
/// Where the episode begins in a body block.
std::size_t episode_offset(const mimic::Task& task);

/// The skill of a body; nullptr where it was removed.
SkillAsset* skill_of(const WorldData& world, const CharacterPlace& place);
/// How a body's pose becomes the character's; a null pointer where the skeleton is the body's own.
/// Errors: a skeleton with too little in common.
Result<std::shared_ptr<const Retargeter>> make_from_body(const SkillAsset& skill,
                                                         const Skeleton& skeleton);
/// Room in every skill for all who perform it. Allocates.
Result<void> reserve_skills(WorldData& world);

/// Puts a body onto the reference at a phase, over the same place of the floor.
void put_onto_reference(SkillAsset& skill, mimic::Scratch& scratch, const BodyParts& parts,
                        double phase);

/// The physics of a frame: observe, infer, drive, simulate.
void simulate_bodies(WorldData& world, int num_fixed_steps);

/// Positions of a body as a pose of the character's skeleton.
/// False: scratch memory did not suffice.
bool write_body_pose(const SkillAsset& skill, const CharacterPlace& place,
                     std::span<const double> positions, Arena& scratch, PoseView out);
/// The pose of a body now, between its last two physics steps, or `earlier_s` before, which is
/// drawn out of the same two; no transition applied.
ParkReason body_pose(const WorldData& world, const CharacterPlace& place, double earlier_s,
                     Arena& scratch, PoseView out);
/// The pose a body shows now: with what is left of an inertialized transition.
ParkReason show_body(WorldData& world, const CharacterPlace& place, Arena& scratch, PoseView out);

/// Changes the mode; with fade_s > 0 the shown pose gets there by an inertialized transition, and
/// clip and body meet over the same place of the floor.
void switch_body(WorldData& world, CharacterPlace& place, SkillAsset& skill, BodyMode mode,
                 float fade_s);

}  // namespace canter::detail
