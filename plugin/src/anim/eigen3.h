#pragma once

#include <cmath>
#include <utility>

#include "canter/base/math.h"

namespace canter::detail {

/// Orthonormal eigenvectors of a symmetric matrix as columns, largest eigenvalue first; a rotation.
/// Cyclic Jacobi (Golub and Van Loan, Matrix Computations, 8.5), in double.
inline Mat3 eigenvectors(const Mat3& symmetric) {
  glm::dmat3 a(symmetric);
  glm::dmat3 v(1.0);
  constexpr int kSweeps = 12;  // quadratic convergence: five are usual
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (int p = 0; p < 2; ++p) {
      for (int q = p + 1; q < 3; ++q) {
        if (std::abs(a[p][q]) < 1e-300) continue;
        const double theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
        const double t =
            (theta >= 0.0 ? 1.0 : -1.0) / (std::abs(theta) + std::sqrt(theta * theta + 1.0));
        const double c = 1.0 / std::sqrt(t * t + 1.0);
        const double s = t * c;
        glm::dmat3 turn(1.0);
        turn[p][p] = c;
        turn[q][q] = c;
        turn[q][p] = s;
        turn[p][q] = -s;
        a = glm::transpose(turn) * a * turn;
        v = v * turn;
      }
    }
  }
  if (a[0][0] < a[1][1]) std::swap(a[0][0], a[1][1]), std::swap(v[0], v[1]);
  if (a[1][1] < a[2][2]) std::swap(a[1][1], a[2][2]), std::swap(v[1], v[2]);
  if (a[0][0] < a[1][1]) std::swap(a[0][0], a[1][1]), std::swap(v[0], v[1]);
  if (glm::determinant(v) < 0.0) v[2] = -v[2];
  return Mat3(v);
}

}  // namespace canter::detail
