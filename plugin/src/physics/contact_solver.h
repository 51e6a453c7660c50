#pragma once

#include <vector>

#include "physics/model_data.h"

namespace canter::physics::detail {

/// Memory of solve_contacts, sized once.
struct ContactWorkspace {
  explicit ContactWorkspace(const mjModel& engine);

  int max_rows;
  std::vector<double> half;        ///< [max_rows, nv] rows through half of the inverse mass matrix
  std::vector<double> effect;      ///< [max_rows, max_rows] what a force in one row does to another
  std::vector<double> wanted;      ///< [max_rows] acceleration missing without forces
  std::vector<double> force;       ///< [max_rows]
  std::vector<double> factor;      ///< [max_rows, max_rows] Cholesky factor of the pushing rows
  std::vector<int> pushing;        ///< rows whose force is not 0
  std::vector<unsigned char> set;  ///< [max_rows] whether a row pushes
};

/// Accelerations with contact and limit forces: what mj_fwdConstraint computes, by another way that
/// is several times faster for the few rows of a character. Starts from qacc_warmstart's contacts.
/// Falls back to the engine's solver where there are too many rows or the search does not end.
void solve_contacts(const mjModel& engine_model, mjData& engine, ContactWorkspace& work);

}  // namespace canter::physics::detail
