#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/base/result.h"
#include "canter/physics/body_desc.h"

namespace canter::mimic {

/// What a policy sees.
enum class ObservationKind : std::uint8_t {
  /// The original of Peng et al. 2018: phase, root height, links about the heading, the root's
  /// rotation and velocity in world axes. Humanoid: 197.
  deepmimic,
  /// Body about its heading, and the reference now, 1/30 s and 0.1 s ahead in the same frame.
  /// Humanoid: 361.
  tracking,
};

/// What a policy says.
enum class ActionKind : std::uint8_t {
  /// Absolute targets, angle and axis per ball joint, held for a control step. Humanoid: 36.
  deepmimic,
  /// Rotation vector per ball joint and angle per hinge, added to the reference, which moves on
  /// every
  /// physics step; damping acts against the reference's velocity. Humanoid: 28.
  residual,
};

/// How a policy is wired to a body; stored with the policy.
struct Interface {
  ObservationKind observation = ObservationKind::tracking;
  ActionKind action = ActionKind::residual;
  /// residual only: radians that an output of 1 stands for.
  float residual_rad = 1.0f;
  /// residual only: times torque limit / kp of each joint, so that equal outputs ask for equal
  /// shares of the torque limits.
  bool residual_by_torque = false;

  friend bool operator==(const Interface&, const Interface&) = default;
};

/// "tracking" (the default) or "deepmimic" (197 / 36 for the humanoid).
Result<Interface> interface_from(std::string_view name);
std::string_view interface_name(const Interface& interface);

/// One row of an observation or action table.
struct TableRow {
  std::string name;        ///< "right_knee.rotation", "reference[1].root_velocity" …
  int offset = 0;          ///< of its first number
  int width = 1;           ///< how many
  const char* unit = "";   ///< "m", "rad", "m/s", "rad/s", "cycles" or "" for rotations
  const char* frame = "";  ///< "heading", "world", "joint" or ""
  /// Whether its normaliser is given (mean, std) and not learned: the phase.
  bool fixed = false;
  float mean = 0.0f, std = 1.0f;
};

/// How numbers of an action become angles: target = mean + std * output. Bounds are soft: on the
/// target, for a penalty; nothing is clipped.
struct ActionRange {
  float mean = 0.0f, std = 1.0f;
  float low = 0.0f, high = 0.0f;  ///< of the target; on the output: (low - mean) / std
};

std::vector<TableRow> observation_table(const physics::BodyDesc& body, const Interface& interface);
std::vector<TableRow> action_table(const physics::BodyDesc& body, const Interface& interface);
/// [action size]
std::vector<ActionRange> action_ranges(const physics::BodyDesc& body, const Interface& interface);
/// Numbers of a table.
int table_size(std::span<const TableRow> table);

}  // namespace canter::mimic
