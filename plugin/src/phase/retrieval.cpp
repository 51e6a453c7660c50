// Finding alike frames by a descriptor, and the linear one a phase is compared with.

#include <algorithm>
#include <array>
#include <cmath>

#include "canter/phase/metrics.h"

namespace canter::phase {
namespace {

constexpr int kNearest = 10;

float squared_distance(const float* a, const float* b, int width) {
  float sum = 0.0f;
  for (int i = 0; i < width; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

// The nearest frames of a query, nearest first.
struct Nearest {
  std::array<std::pair<float, int>, kNearest> found;
  int count = 0;

  void offer(float distance, int frame) {
    if (count == kNearest && distance >= found[kNearest - 1].first) return;
    int at = count < kNearest ? count++ : kNearest - 1;
    for (; at > 0 && found[static_cast<std::size_t>(at - 1)].first > distance; --at)
      found[static_cast<std::size_t>(at)] = found[static_cast<std::size_t>(at - 1)];
    found[static_cast<std::size_t>(at)] = {distance, frame};
  }
};

Nearest search(const RetrievalSet& set, int query) {
  Nearest nearest;
  const auto frames = static_cast<int>(set.clip.size());
  const float* q = set.descriptors.data() + query * set.width;
  for (int f = 0; f < frames; ++f) {
    if (set.clip[static_cast<std::size_t>(f)] == set.clip[static_cast<std::size_t>(query)] &&
        std::abs(f - query) <= set.exclude)
      continue;
    nearest.offer(squared_distance(q, set.descriptors.data() + f * set.width, set.width), f);
  }
  return nearest;
}

// Mean distance of the points of two poses.
double pose_distance(const RetrievalSet& set, int a, int b) {
  const float* p = set.points.data() + a * set.dims;
  const float* q = set.points.data() + b * set.dims;
  double sum = 0.0;
  for (int i = 0; i < set.dims; i += 3)
    sum += std::sqrt(static_cast<double>(squared_distance(p + i, q + i, 3)));
  return 3.0 * sum / set.dims;
}

void orthonormalise(std::vector<double>& basis, int width, int count) {
  for (int i = 0; i < count; ++i) {
    double* v = basis.data() + i * width;
    for (int j = 0; j < i; ++j) {
      const double* u = basis.data() + j * width;
      double dot = 0.0;
      for (int k = 0; k < width; ++k) dot += u[k] * v[k];
      for (int k = 0; k < width; ++k) v[k] -= dot * u[k];
    }
    double length = 0.0;
    for (int k = 0; k < width; ++k) length += v[k] * v[k];
    length = std::sqrt(length);
    for (int k = 0; k < width; ++k) v[k] = length > 1e-20 ? v[k] / length : 0.0;
  }
}

}  // namespace

RetrievalScores score_retrieval(const RetrievalSet& set) {
  RetrievalScores scores;
  const auto frames = static_cast<int>(set.clip.size());
  const int step = std::max(1, frames / std::max(1, set.most_queries));
  double sum = 0.0;
  std::vector<double> jumps;
  for (int q = 0; q < frames; q += step) {
    const Nearest nearest = search(set, q);
    if (nearest.count < kNearest) continue;
    ++scores.queries;
    for (const auto& [distance, frame] : nearest.found) sum += pose_distance(set, q, frame);
    if (q + 1 >= frames ||
        set.clip[static_cast<std::size_t>(q + 1)] != set.clip[static_cast<std::size_t>(q)])
      continue;
    const Nearest next = search(set, q + 1);
    jumps.push_back(next.found[0].second - nearest.found[0].second);
  }
  if (scores.queries > 0) scores.distance_m = sum / (scores.queries * kNearest);
  if (!jumps.empty()) {
    std::nth_element(jumps.begin(), jumps.begin() + static_cast<std::ptrdiff_t>(jumps.size() / 2),
                     jumps.end());
    scores.jump = jumps[jumps.size() / 2];
  }
  return scores;
}

std::vector<float> principal_components(std::span<const float> rows, int width, int count) {
  const auto n = static_cast<int>(rows.size()) / width;
  std::vector<double> middle(static_cast<std::size_t>(width), 0.0);
  for (int r = 0; r < n; ++r)
    for (int k = 0; k < width; ++k)
      middle[static_cast<std::size_t>(k)] +=
          static_cast<double>(rows[static_cast<std::size_t>(r * width + k)]) / n;
  // Subspace iteration on the covariance, never formed: v <- sum of rows (row . v).
  std::vector<double> basis(static_cast<std::size_t>(width * count));
  for (std::size_t i = 0; i < basis.size(); ++i)
    basis[i] = std::sin(0.7 * static_cast<double>(i * i % 9973) + 0.3);
  orthonormalise(basis, width, count);
  std::vector<float> projected(static_cast<std::size_t>(n * count));
  std::vector<double> row(static_cast<std::size_t>(width));
  const auto project = [&](std::vector<double>* next) {
    for (int r = 0; r < n; ++r) {
      for (int k = 0; k < width; ++k)
        row[static_cast<std::size_t>(k)] =
            static_cast<double>(rows[static_cast<std::size_t>(r * width + k)]) -
            middle[static_cast<std::size_t>(k)];
      for (int c = 0; c < count; ++c) {
        const double* v = basis.data() + c * width;
        double dot = 0.0;
        for (int k = 0; k < width; ++k) dot += row[static_cast<std::size_t>(k)] * v[k];
        projected[static_cast<std::size_t>(r * count + c)] = static_cast<float>(dot);
        if (next == nullptr) continue;
        double* to = next->data() + c * width;
        for (int k = 0; k < width; ++k) to[k] += dot * row[static_cast<std::size_t>(k)];
      }
    }
  };
  constexpr int kIterations = 8;
  for (int i = 0; i < kIterations; ++i) {
    std::vector<double> next(basis.size(), 0.0);
    project(&next);
    basis = std::move(next);
    orthonormalise(basis, width, count);
  }
  project(nullptr);
  return projected;
}

}  // namespace canter::phase
