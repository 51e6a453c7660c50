#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace canter::viewer {

/// How much a frame may cost.
struct Quality {
  const char* name = "high";
  int samples = 4;            ///< of multisampling; 1 is none
  bool smooth_edges = false;  ///< silhouettes are smoothed in the finished image
  int shadow_size = 1024;     ///< texels a side
  int shadow_taps = 3;        ///< filter taps a side
  float triangle_px = 0.0f;   ///< meshes get coarser until a triangle covers this much, pixels²
  bool under_panels = true;   ///< whether the scene shows faintly through the panels
};

/// Levels from cheap to fine, in that order.
std::span<const Quality> quality_levels();
/// Index of a level by its name; -1: none.
int find_quality(const char* name);

/// Finds the finest level that a machine affords, from the times that frames take, and again when
/// more or fewer bodies are drawn.
class QualityChooser {
 public:
  /// @param first      level to begin with
  /// @param budget_ms  what drawing the scene may take
  QualityChooser(int first, float budget_ms)
      : first_(first), level_(first), budget_ms_(budget_ms) {}

  int level() const { return level_; }
  bool done() const { return done_; }
  /// Goes to the level found for that many bodies, or begins anew if they were not measured yet.
  void expect_bodies(std::size_t num_bodies);
  /// Takes the time of one frame at level(); the first frames of a level are not counted, since
  /// shaders are still compiled in them. May change level().
  void add(float scene_ms);

 private:
  int first_ = 0;
  int level_ = 0;
  float budget_ms_ = 20.0f;
  bool done_ = false;
  bool came_down_ = false;
  std::optional<std::size_t> num_bodies_;
  std::map<std::size_t, int> found_;  ///< level by number of bodies
  int num_seen_ = 0;
  std::vector<float> times_ms_;
};

}  // namespace canter::viewer
