#pragma once

#include <cstdint>
#include <span>

#include "canter/base/math.h"
#include "viewer/camera.h"

namespace canter::viewer {

class GpuMesh;

/// A lit solid between two spheres: a bone, a capsule, a ball.
struct Solid {
  Vec4 end_a{0.0f, 0.0f, 0.0f, 0.01f};  ///< world xyz and radius, m
  Vec4 end_b{0.0f, 0.0f, 0.0f, 0.01f};
  Vec4 color{1.0f};  ///< linear RGBA; alpha below 1 is drawn translucent and casts no shadow
};

/// A lit box.
struct Cuboid {
  Mat4 pose{1.0f};   ///< of a cube from -1 to 1, to world: columns are half sizes, m
  Vec4 color{1.0f};  ///< linear, opaque
};

/// How far a box reaches from its centre along each axis of the world.
inline Vec3 reach_of(const Cuboid& box) {
  return glm::abs(Vec3(box.pose[0])) + glm::abs(Vec3(box.pose[1])) + glm::abs(Vec3(box.pose[2]));
}

/// A line of even width on screen, unlit, with smooth edges.
struct Line {
  Vec4 end_a{0.0f, 0.0f, 0.0f, 2.0f};  ///< world xyz and width, pixels; 0 makes a point of an arrow
  Vec4 end_b{0.0f, 0.0f, 0.0f, 2.0f};
  Vec4 color_a{1.0f};  ///< sRGB and alpha
  Vec4 color_b{1.0f};
};

/// Bones all meshes of a frame may have together: what a uniform block of 64 kB holds.
inline constexpr int kMaxPaletteBones = 1365;

/// A skinned mesh in the pose its palette gives.
struct MeshInstance {
  const GpuMesh* mesh = nullptr;
  std::span<const Mat4> palette;  ///< bind-pose mesh space to world
  Vec4 tint{1.0f};                ///< linear; multiplied on every material
  /// Drawn translucent in `tint` alone, without a shadow.
  bool ghost = false;
};

/// Everything a frame shows in 3-D. Spans are read during `render` only.
struct SceneFrame {
  Camera camera;
  Vec3 focus{0.0f};  ///< on the floor, under the character: the pool of light follows it
  /// World-space box around everything that casts shadows.
  Vec3 low{-1.0f, 0.0f, -1.0f};
  Vec3 high{1.0f, 2.0f, 1.0f};
  std::span<const MeshInstance> meshes;  ///< at most kMaxPaletteBones bones together
  std::span<const Solid> solids;
  std::span<const Cuboid> cuboids;
  std::span<const Line> lines;            ///< hidden behind bodies
  std::span<const Line> lines_over;       ///< on top of everything
  std::span<const Solid> contact_shades;  ///< limbs near the floor, which darken it
  /// Changes when a mesh is uploaded anew: two frames of one revision mean the same meshes.
  std::uint64_t revision = 0;
};

/// A rectangle of pixels, from the bottom left.
struct PixelRect {
  int x = 0, y = 0, width = 0, height = 0;
  bool empty() const { return width < 1 || height < 1; }
};

}  // namespace canter::viewer
