#include "viewer/gfx/quality.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace canter::viewer {
namespace {

constexpr Quality kLevels[] = {
    {.name = "low",
     .samples = 1,
     .smooth_edges = false,
     .shadow_size = 384,
     .shadow_taps = 1,
     .triangle_px = 10.0f,
     .under_panels = false},
    {.name = "medium",
     .samples = 1,
     .smooth_edges = true,
     .shadow_size = 512,
     .shadow_taps = 3,
     .triangle_px = 6.0f,
     .under_panels = false},
    {.name = "high",
     .samples = 4,
     .smooth_edges = false,
     .shadow_size = 1024,
     .shadow_taps = 4,
     .triangle_px = 0.0f,
     .under_panels = true},
    {.name = "ultra",
     .samples = 8,
     .smooth_edges = false,
     .shadow_size = 2048,
     .shadow_taps = 5,
     .triangle_px = 0.0f,
     .under_panels = true},
};

constexpr int kUncounted = 3;
constexpr std::size_t kCounted = 9;

}  // namespace

std::span<const Quality> quality_levels() {
  return kLevels;
}

int find_quality(const char* name) {
  const auto found = std::find_if(std::begin(kLevels), std::end(kLevels), [&](const Quality& q) {
    return std::string_view(q.name) == name;
  });
  return found == std::end(kLevels) ? -1 : static_cast<int>(found - std::begin(kLevels));
}

void QualityChooser::expect_bodies(std::size_t num_bodies) {
  if (num_bodies_ == num_bodies) return;
  if (num_bodies_ && done_) found_[*num_bodies_] = level_;
  num_bodies_ = num_bodies;
  const auto found = found_.find(num_bodies);
  done_ = found != found_.end();
  level_ = done_ ? found->second : first_;
  came_down_ = false;
  num_seen_ = 0;
  times_ms_.clear();
}

void QualityChooser::add(float scene_ms) {
  if (done_ || ++num_seen_ <= kUncounted) return;
  times_ms_.push_back(scene_ms);
  if (times_ms_.size() < kCounted) return;
  const auto middle = times_ms_.begin() + kCounted / 2;
  std::nth_element(times_ms_.begin(), middle, times_ms_.end());
  const float median = *middle;
  times_ms_.clear();
  num_seen_ = 0;
  // A level costs up to three times the one below it: going up is only tried with room for that,
  // and a level that was too slow is not tried again.
  constexpr float kStep = 3.0f;
  if (median > budget_ms_ && level_ > 0) {
    --level_;
    came_down_ = true;
  } else if (!came_down_ && kStep * median < budget_ms_ &&
             level_ + 1 < static_cast<int>(std::size(kLevels))) {
    ++level_;
  } else {
    done_ = true;
  }
}

}  // namespace canter::viewer
