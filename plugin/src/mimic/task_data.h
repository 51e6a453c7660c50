#pragma once

// What a Task and a ReferenceMotion hold. Private to the room.

#include <string>
#include <vector>

#include "canter/mimic/task.h"

namespace canter::mimic {

struct ReferenceMotion::Data {
  std::string name;
  bool loop = false;
  double rate_hz = 30.0;
  int num_frames = 0;
  int num_positions = 0, num_velocities = 0;
  std::vector<double> positions;   ///< [num_frames, num_positions]
  std::vector<double> velocities;  ///< [num_frames, num_velocities]
  glm::dvec3 lap{0.0};
  double lap_turn_rad = 0.0;
  glm::dvec3 pivot{0.0};  ///< a turning lap is a turn about this place

  double duration_s() const { return static_cast<double>(num_frames - 1) / rate_hz; }
};

struct Task::Data {
  physics::Model model;
  ReferenceMotion motion;
  TaskOptions options;
  std::vector<TableRow> observation_table, action_table;
  std::vector<ActionRange> action_ranges;
  int observation_size = 0;
  std::vector<int> driven;  ///< joints that the action moves, in its order
  std::vector<int> keys;    ///< joints whose place in the reference is shown
  physics::JointSet fall = 0;
  int steps_per_action = 4;
};

/// How far ahead the tracking interface shows the reference, s.
inline constexpr double kLookAhead_s[] = {0.0, 1.0 / 30.0, 0.1};

}  // namespace canter::mimic
