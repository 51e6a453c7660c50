#pragma once

#include "canter/anim/skinning.h"
#include "generate/humanoid.h"
#include "generate/mesher.h"

namespace canter::generate {

struct CharacterSettings {
  Proportions proportions;
  double detail = 1.0;  ///< scales the length of edges: vertices grow with 1 / detail²
  double grid_m = 0.006;
  int iterations = 10;
};

struct Character {
  Skeleton skeleton;
  SkinnedMesh mesh;
};

/// The shape of the humanoid: distance fields of its parts, blended into one surface.
class HumanoidShape {
 public:
  explicit HumanoidShape(const Proportions& proportions);

  /// Distance to the whole surface, metres, negative inside. Symmetric about x = 0.
  double distance(const Point& p) const;
  /// Positive on what is drawn in the accent material: hands, feet and face.
  double accent(const Point& p) const;
  /// Wanted edge length, metres.
  double edge_length(const Point& p) const;
  /// How far creases between parts may be evened out: 0 where fine shapes must stay, else 1.
  double softness(const Point& p) const;
  /// Influence of every joint; sums to 1, at most a handful differ from 0.
  std::array<double, kNumJoints> weights(const Point& p) const;

 private:
  double trunk(const Point& p) const;
  double head(const Point& p) const;
  double arm(const Point& p) const;
  double hand(const Point& p) const;
  double leg(const Point& p) const;
  double paired_muscles(const Point& p) const;
  double thumb(const Point& p) const;

  Proportions proportions_;
  std::array<Point, kNumJoints> at_;
  double crotch_ = 0.0;  ///< height where the thighs part, metres
  std::vector<Loft> trunk_, head_, arm_, leg_, foot_, palm_;
};

/// Meshes and binds the humanoid. Takes about a second; deterministic.
Character make_character(const CharacterSettings& settings = {});

}  // namespace canter::generate
