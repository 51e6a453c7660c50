#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "canter/world/world.h"
#include "viewer/document.h"
#include "viewer/gfx/gpu_mesh.h"
#include "viewer/gfx/scene_frame.h"
#include "viewer/state.h"

namespace canter::viewer {

/// What to put on stage.
struct Performance {
  DocumentPtr motion;
  int clip = -1;     ///< of `motion`; -1: its rest pose
  DocumentPtr body;  ///< whose mesh is worn: `motion` itself, one with the same joints, or none
  RetargetedPtr retargeted;  ///< the clip on the body's own skeleton, instead of the motion's
};

/// What stands in the view: characters of a World, stepped as a host would, and what draws them.
class Stage {
 public:
  /// @param trace_history  frames of latency the world remembers
  explicit Stage(int trace_history);

  /// On an error what stood there stays.
  Result<void> show(const Performance& performance);

  /// Evaluates the character at a time of its clip, after `laps` times through it; `dt_s` has
  /// passed since the last frame.
  void step(double time_s, std::int64_t laps, double dt_s);

  /// Adds what stands on stage to a frame. The spans it sets stay valid until the next call.
  void draw(const ViewSettings& view, double time_s, SceneFrame& frame);

  bool empty() const { return !actor_.id; }
  const World& world() const { return world_; }
  World& world() { return world_; }
  const Performance& performance() const { return performance_; }

  // Of the pose that step() left, world space:
  Vec3 root_position() const;        ///< of the joint that carries the character over the floor
  Vec3 low() const { return low_; }  ///< box around joints and mesh
  Vec3 high() const { return high_; }
  float facing_rad() const;  ///< heading about Y, 0 along +Z; 0 without hips and shoulders

 private:
  /// A character of the world and its joints in world space.
  struct Actor {
    CharacterId id;
    ClipId clip;
    std::vector<Mat4> models;
  };

  Result<Actor> create(const DocumentPtr& owner, const std::shared_ptr<const Clip>& clip);
  void remove(Actor& actor);
  void place(Actor& actor, const RootMotion& path, double time_s, std::int64_t laps);
  void read_models(Actor& actor);
  void measure();
  void append_contact_marks(double time_s);
  void append_contact_shades();
  /// Whose skeleton the shown character has.
  const Document& owner() const;
  const GpuMesh& gpu_mesh(const DocumentPtr& document);

  World world_;
  Performance performance_;
  std::uint64_t revision_ = 0;  ///< of what is on the graphics card
  Actor actor_;
  Actor ghost_;  ///< plays the source where the clip was carried over
  Vec3 low_{-0.5f, 0.0f, -0.5f};
  Vec3 high_{0.5f, 1.8f, 0.5f};
  std::vector<SkinBone> bones_;  ///< of the mesh, with joints of the shown skeleton
  std::vector<Mat4> palette_;
  std::vector<MeshInstance> meshes_;
  std::vector<Solid> solids_;
  std::vector<Solid> shades_;
  std::map<const Document*, std::pair<DocumentPtr, GpuMesh>> gpu_meshes_;
};

}  // namespace canter::viewer
