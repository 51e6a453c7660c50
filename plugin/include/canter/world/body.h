#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>

#include "canter/mimic/episode.h"
#include "canter/world/handle.h"

namespace canter {

/// A clip that bodies imitate and the network that does it (World::add_skill).
using SkillId = Handle<struct SkillTag>;

/// What moves a character.
enum class BodyMode : std::uint8_t {
  kinematic,  ///< its clips
  simulated,  ///< muscles, driven by its skill
  ragdoll,    ///< gravity and what pushes it
};

/// What a simulated character does when its skill has failed: it fell, strayed or broke.
enum class AfterFall : std::uint8_t {
  restart,  ///< it is put back onto the reference, where that is by now
  ragdoll,  ///< it goes limp and stays so
};

struct SimulateDesc {
  SkillId skill;
  double phase = 0.0;  ///< of the clip where it begins, cycles in [0, 1]
  AfterFall after_fall = AfterFall::restart;
};

/// How a simulated character fares. Plain data, part of its snapshot together with the physics
/// state and the episode, which follow it in the character's body block.
struct BodyState {
  SkillId skill;
  physics::JointSet touching = 0;   ///< links at the ground in the last physics step
  physics::JointSet saturated = 0;  ///< joints whose torque was limited in it
  mimic::RewardTerms terms;         ///< of the last action that was finished
  float reward_paper = 0.0f, reward_code = 0.0f;
  float joint_error_rad = 0.0f, position_error_m = 0.0f;
  std::uint32_t num_ends = 0;           ///< times its episode ended
  std::uint32_t num_faults_in_row = 0;  ///< times the simulation broke without a finished action
  BodyMode mode = BodyMode::kinematic;
  AfterFall after_fall = AfterFall::restart;
  mimic::End last_end = mimic::End::running;  ///< why the last episode ended
  physics::Fault last_fault = physics::Fault::none;
  std::array<std::uint8_t, 4> reserved{};
};
static_assert(std::is_trivially_copyable_v<BodyState>);
// No padding: equal states are equal bytes.
static_assert(sizeof(BodyState) ==
              sizeof(SkillId) + 2 * 8 + sizeof(mimic::RewardTerms) + 4 * 4 + 2 * 4 + 4 + 4);

/// Contacts that are kept for instruments, per character.
inline constexpr std::size_t kMaxReadContacts = 16;

/// A simulated character for instruments. Valid until the next call that changes the world.
struct BodyView {
  const mimic::Task* task = nullptr;  ///< nullptr: the character has no body
  const BodyState* state = nullptr;
  const mimic::EpisodeHead* episode = nullptr;
  std::span<const double> positions;   ///< [num_body_positions] as simulated
  std::span<const double> velocities;  ///< [num_body_velocities]
  std::span<const float> action;       ///< [action_size] being carried out
  /// That pushed in the last frame with a physics step; forces are means over its steps.
  std::span<const physics::Contact> contacts;
  std::span<const float> torque_shares;  ///< [num_joints] of the joints' limits, 1: at it
};

}  // namespace canter
