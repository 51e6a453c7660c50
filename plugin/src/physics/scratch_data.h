#pragma once

// What a Scratch holds. Private to the room.

#include <mujoco/mujoco.h>

#include <memory>
#include <vector>

#include "physics/contact_solver.h"
#include "physics/engine.h"
#include "physics/model_data.h"

namespace canter::physics {

struct Scratch::Data {
  struct DeleteData {
    void operator()(mjData* data) const { mj_deleteData(data); }
  };
  explicit Data(const mjModel& model) : contact_work(model) {}

  std::unique_ptr<mjData, DeleteData> engine;
  detail::ContactWorkspace contact_work;
  std::vector<double> law;     ///< [num_velocities] torque asked for at the joints' full gains
  std::vector<double> torque;  ///< [num_velocities] what the last step applied
  std::vector<double> share;   ///< [drives] how much of its law and armature a joint keeps
  std::vector<Contact> contacts;
  double strength = 1.0;  ///< of the last step's drive
  detail::EngineText error{};
  bool stale_contacts = true;
};

}  // namespace canter::physics
