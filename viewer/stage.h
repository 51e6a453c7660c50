#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "canter/world/world.h"
#include "viewer/document.h"
#include "viewer/gfx/scene_renderer.h"

namespace canter::viewer {

/// What stands in the view: a character of a World, stepped as a host would, and what draws it.
class Stage {
 public:
  /// @param trace_history  frames of latency the world remembers
  explicit Stage(int trace_history);

  /// Puts a clip of `motion` on stage, or its rest pose (clip -1). The mesh is `body`'s if it fits
  /// the motion's skeleton, else the motion's own, else there is none. On an error what stood
  /// there stays.
  Result<void> show(const DocumentPtr& motion, int clip, const DocumentPtr& body);

  /// Evaluates the character at a time of its clip; `dt_s` has passed since the last frame.
  void step(double time_s, double dt_s);

  /// Adds what stands on stage to a frame: bare bones, or the mesh where there is one.
  /// The spans it sets stay valid until the next call.
  void draw(bool bones, SceneFrame& frame);

  bool empty() const { return !character_; }
  const World& world() const { return world_; }
  /// What the mesh came from; nullptr if bones are drawn.
  const Document* body() const { return body_.get(); }
  const Document* motion() const { return motion_.get(); }

  // Of the pose that step() left:
  Vec3 root_position() const;        ///< of the joint that carries the character over the floor
  Vec3 low() const { return low_; }  ///< box around joints and mesh, world space
  Vec3 high() const { return high_; }
  float facing_rad() const;  ///< heading about Y, 0 along +Z; 0 without hips and shoulders

 private:
  void measure();
  const GpuMesh& gpu_mesh(const DocumentPtr& document);

  World world_;
  CharacterId character_;
  ClipId clip_;
  DocumentPtr motion_;
  DocumentPtr body_;
  Vec3 low_{-0.5f, 0.0f, -0.5f};
  Vec3 high_{0.5f, 1.8f, 0.5f};
  std::vector<SkinBone> bones_;  ///< of the mesh, with joints of the motion's skeleton
  std::vector<Mat4> palette_;
  std::vector<MeshInstance> meshes_;
  std::vector<Solid> solids_;
  std::vector<Vec4> blobs_;
  std::map<const Document*, std::pair<DocumentPtr, GpuMesh>> gpu_meshes_;
};

}  // namespace canter::viewer
