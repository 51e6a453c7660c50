// The engine's contact problem is to minimise over accelerations a
//   ½ (a - a0)ᵀ M (a - a0) + Σ_i ½ D_i min(0, J_i a - r_i)²
// where every row i (a side of a friction pyramid, a joint limit) only pushes. Its own solver works
// on a, with a factorisation as large as the body. In the forces f the same minimum is
//   f >= 0,  w = (G + R) f - c >= 0,  fᵀ w = 0     G = J M⁻¹ Jᵀ,  R = 1/D,  c = r - J a0
// and only as large as there are rows: a linear complementarity problem with a positive definite
// matrix, whose one solution a search over the set of pushing rows finds.
#include "physics/contact_solver.h"

#include <algorithm>
#include <cmath>

namespace canter::physics::detail {
namespace {

/// With more rows the engine's own solver is as fast.
constexpr int kMaxRows = 96;
/// Changes of the whole set at once; after that one row at a time, which cannot cycle.
constexpr int kFreeRounds = 12;
constexpr int kMaxRounds = 200;

double dot(const double* a, const double* b, int count) {
  // Four sums: the order is fixed, and the compiler may use vectors.
  double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
  int k = 0;
  for (; k + 4 <= count; k += 4) {
    s0 += a[k] * b[k];
    s1 += a[k + 1] * b[k + 1];
    s2 += a[k + 2] * b[k + 2];
    s3 += a[k + 3] * b[k + 3];
  }
  for (; k < count; ++k) s0 += a[k] * b[k];
  return (s0 + s1) + (s2 + s3);
}

// Whether every row only pushes; others (equalities, joint friction) are left to the engine.
bool only_pushes(const mjData& engine) {
  for (int i = 0; i < engine.nefc; ++i) {
    const int type = engine.efc_type[i];
    if (type != mjCNSTR_LIMIT_JOINT && type != mjCNSTR_CONTACT_PYRAMIDAL &&
        type != mjCNSTR_CONTACT_FRICTIONLESS)
      return false;
  }
  return true;
}

// G + R, c, and the rows that pushed at the accelerations to start from.
void set_up(const mjModel& m, mjData& engine, ContactWorkspace& work) {
  const int rows = engine.nefc;
  const int nv = m.nv;
  mj_solveM2(&m, &engine, work.half.data(), engine.efc_J, rows);
  for (int i = 0; i < rows; ++i) {
    const double* jacobian = engine.efc_J + i * nv;
    const double* half = &work.half[static_cast<std::size_t>(i) * static_cast<std::size_t>(nv)];
    double* effect = &work.effect[static_cast<std::size_t>(i * work.max_rows)];
    for (int j = 0; j <= i; ++j) effect[j] = dot(half, half + (j - i) * nv, nv);
    effect[i] += engine.efc_R[i];
    const auto at = static_cast<std::size_t>(i);
    work.wanted[at] = engine.efc_aref[i] - dot(jacobian, engine.qacc_smooth, nv);
    work.set[at] = dot(jacobian, engine.qacc_warmstart, nv) < engine.efc_aref[i] ? 1 : 0;
  }
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < i; ++j)
      work.effect[static_cast<std::size_t>(j * work.max_rows + i)] =
          work.effect[static_cast<std::size_t>(i * work.max_rows + j)];
}

// Forces of the pushing rows that give them exactly what they want. False: not positive definite.
bool solve_pushing(ContactWorkspace& work) {
  const int count = static_cast<int>(work.pushing.size());
  double* factor = work.factor.data();
  double* force = work.force.data();
  for (int a = 0; a < count; ++a) {
    const int i = work.pushing[static_cast<std::size_t>(a)];
    double* row = factor + a * work.max_rows;
    for (int b = 0; b <= a; ++b) {
      const int j = work.pushing[static_cast<std::size_t>(b)];
      const double sum = work.effect[static_cast<std::size_t>(i * work.max_rows + j)] -
                         dot(row, factor + b * work.max_rows, b);
      if (a == b) {
        if (!(sum > 0.0)) return false;
        row[a] = std::sqrt(sum);
      } else {
        row[b] = sum / factor[b * work.max_rows + b];
      }
    }
    force[a] = (work.wanted[static_cast<std::size_t>(i)] - dot(row, force, a)) / row[a];
  }
  for (int a = count - 1; a >= 0; --a) {
    force[a] /= factor[a * work.max_rows + a];
    for (int b = 0; b < a; ++b) force[b] -= factor[a * work.max_rows + b] * force[a];
  }
  return true;
}

// How wrong a row is where it is: pushing and pulling instead, or not pushing but giving way.
bool is_wrong(const ContactWorkspace& work, int row, int place) {
  if (place >= 0) return work.force[static_cast<std::size_t>(place)] < 0.0;
  const double* effect = &work.effect[static_cast<std::size_t>(row * work.max_rows)];
  double reached = -work.wanted[static_cast<std::size_t>(row)];
  for (std::size_t a = 0; a < work.pushing.size(); ++a)
    reached += effect[work.pushing[a]] * work.force[a];
  return reached < 0.0;
}

// Moves wrong rows to the other side: all of them, or the last one alone. Returns how many.
int correct_set(ContactWorkspace& work, int rows, bool all) {
  int changed = 0;
  int place = static_cast<int>(work.pushing.size());
  for (int i = rows - 1; i >= 0; --i) {
    const auto at = static_cast<std::size_t>(i);
    const bool pushes = work.set[at] != 0;
    if (pushes) --place;
    if (!is_wrong(work, i, pushes ? place : -1)) continue;
    work.set[at] = pushes ? 0 : 1;
    ++changed;
    if (!all) break;
  }
  return changed;
}

// Finds the pushing rows and their forces. False: the search did not end.
bool search(ContactWorkspace& work, int rows) {
  for (int round = 0; round < kMaxRounds; ++round) {
    work.pushing.clear();
    for (int i = 0; i < rows; ++i)
      if (work.set[static_cast<std::size_t>(i)] != 0) work.pushing.push_back(i);
    if (!solve_pushing(work)) return false;
    if (correct_set(work, rows, round < kFreeRounds) == 0) return true;
  }
  return false;
}

// a = a0 + M⁻¹ Jᵀ f, and the forces where the engine keeps them.
void finish(const mjModel& m, mjData& engine, const ContactWorkspace& work) {
  const int nv = m.nv;
  mju_zero(engine.efc_force, engine.nefc);
  mju_zero(engine.qfrc_constraint, nv);
  for (std::size_t a = 0; a < work.pushing.size(); ++a) {
    const int row = work.pushing[a];
    const double force = work.force[a];
    engine.efc_force[row] = force;
    const double* jacobian = engine.efc_J + row * nv;
    for (int k = 0; k < nv; ++k) engine.qfrc_constraint[k] += jacobian[k] * force;
  }
  mj_solveM(&m, &engine, engine.qacc, engine.qfrc_constraint, 1);
  for (int k = 0; k < nv; ++k) engine.qacc[k] += engine.qacc_smooth[k];
}

}  // namespace

ContactWorkspace::ContactWorkspace(const mjModel& engine)
    : max_rows(std::min(engine.njmax, kMaxRows)) {
  const auto rows = static_cast<std::size_t>(max_rows);
  half.resize(rows * static_cast<std::size_t>(engine.nv));
  effect.resize(rows * rows);
  factor.resize(rows * rows);
  wanted.resize(rows);
  force.resize(rows);
  set.resize(rows);
  pushing.reserve(rows);
}

void solve_contacts(const mjModel& m, mjData& engine, ContactWorkspace& work) {
  if (engine.nefc == 0) {
    mju_copy(engine.qacc, engine.qacc_smooth, m.nv);
    return;
  }
  if (engine.nefc <= work.max_rows && only_pushes(engine)) {
    set_up(m, engine, work);
    if (search(work, engine.nefc)) {
      finish(m, engine, work);
      return;
    }
  }
  mj_fwdConstraint(&m, &engine);
}

}  // namespace canter::physics::detail
