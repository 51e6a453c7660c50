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

namespace {

// A row along every component. @param centred  scratch, [width]
void project_row(const Components& c, std::span<const float> row, std::span<double> centred,
                 std::span<double> out) {
  for (std::size_t k = 0; k < row.size(); ++k)
    centred[k] = static_cast<double>(row[k]) - c.middle[k];
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double* v = c.basis.data() + i * row.size();
    out[i] = 0.0;
    for (std::size_t k = 0; k < row.size(); ++k) out[i] += centred[k] * v[k];
  }
}

}  // namespace

Components find_components(std::span<const float> rows, int width, int count) {
  const auto wide = static_cast<std::size_t>(width), most = static_cast<std::size_t>(count);
  const std::size_t n = rows.size() / wide;
  Components c{width, count, std::vector<double>(wide, 0.0), std::vector<double>(wide * most)};
  for (std::size_t i = 0; i < n * wide; ++i)
    c.middle[i % wide] += static_cast<double>(rows[i]) / static_cast<double>(n);
  for (std::size_t i = 0; i < c.basis.size(); ++i)
    c.basis[i] = std::sin(0.7 * static_cast<double>(i * i % 9973) + 0.3);
  orthonormalise(c.basis, width, count);
  // Subspace iteration on the covariance, never formed: v <- sum of rows (row . v).
  constexpr int kIterations = 8;
  std::vector<double> next(c.basis.size()), centred(wide), along(most);
  for (int i = 0; i < kIterations; ++i) {
    std::fill(next.begin(), next.end(), 0.0);
    for (std::size_t r = 0; r < n; ++r) {
      project_row(c, rows.subspan(r * wide, wide), centred, along);
      for (std::size_t j = 0; j < most; ++j)
        for (std::size_t k = 0; k < wide; ++k) next[j * wide + k] += along[j] * centred[k];
    }
    c.basis.swap(next);
    orthonormalise(c.basis, width, count);
  }
  return c;
}

std::vector<float> project(const Components& components, std::span<const float> rows) {
  const auto wide = static_cast<std::size_t>(components.width);
  std::vector<double> centred(wide), along(static_cast<std::size_t>(components.count));
  std::vector<float> out;
  for (std::size_t r = 0; r < rows.size() / wide; ++r) {
    project_row(components, rows.subspan(r * wide, wide), centred, along);
    for (const double v : along) out.push_back(static_cast<float>(v));
  }
  return out;
}

std::vector<float> principal_components(std::span<const float> rows, int width, int count) {
  return project(find_components(rows, width, count), rows);
}

}  // namespace canter::phase
