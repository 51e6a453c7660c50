#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "canter/world/world.h"
#include "viewer/body.h"
#include "viewer/compare.h"
#include "viewer/document.h"
#include "viewer/gfx/framing.h"
#include "viewer/gfx/gpu_mesh.h"
#include "viewer/gfx/scene_frame.h"
#include "viewer/joint_labels.h"
#include "viewer/overlay_shapes.h"
#include "viewer/overlays.h"
#include "viewer/phase.h"
#include "viewer/poser.h"
#include "viewer/pull.h"
#include "viewer/toss.h"

namespace canter::viewer {

/// What to put on stage.
struct Performance {
  DocumentPtr motion;
  int clip = -1;     ///< of `motion`; -1: its rest pose
  DocumentPtr body;  ///< whose mesh is worn: `motion` itself, one with the same joints, or none
  RetargetedPtr retargeted;  ///< the clip on the body's own skeleton, instead of the motion's
  DocumentPtr source_body =
      nullptr;  ///< what the source wears beside it, if it has no mesh of its own
};

/// What stands in the view: characters of a World, stepped as a host would, and what draws them.
class Stage {
 public:
  /// @param trace_history  frames of latency the world remembers
  explicit Stage(int trace_history);

  /// On an error what stood there stays. What stood beside it goes.
  Result<void> show(const Performance& performance);

  /// Puts a character beside the shown one; null takes it away. It must have been prepared for the
  /// performance that is shown; another one is not put there.
  void set_compared(const ComparedPtr& compared);
  /// Forgets what is on the graphics card; the next draw() uploads it again.
  void release_graphics() {
    gpu_meshes_.clear();
    ++revision_;
  }
  const ComparedPtr& compared() const { return compared_; }

  /// Evaluates the character at a time of its clip, after `laps` times through it; `dt_s` has
  /// passed since the last frame.
  void step(double time_s, std::int64_t laps, double dt_s);

  /// Adds what stands on stage to a frame. The spans it sets stay valid until the next call.
  void draw(const Overlays& show, SceneFrame& frame);
  /// Names of the shown character's joints, as draw() showed them.
  std::vector<JointLabel> labels(const Camera& camera, const LabelFrame& frame) const;

  /// Lets a body perform what is shown, from a phase on; the shown character wears its pose, and
  /// the reference is a ghost. It goes with the performance. Errors: those of World::simulate.
  Result<void> perform(const BodySetupPtr& setup, const BodyPolicyPtr& policy, double phase);
  /// Another network, or none, from the next action on.
  Result<void> set_policy(const BodyPolicyPtr& policy);
  /// Throws the next of the body's boxes.
  void throw_box(const Toss& toss);
  /// How many were thrown and are still there.
  int num_boxes() const { return world_.boxes(body_.id, {}); }
  /// Draws what the push tool holds, until told otherwise.
  void show_pull(const std::optional<Hold>& hold) { hold_ = hold; }
  void dismiss_body();
  /// Where what a body imitates stands: beside it, or as a ghost in its place.
  void put_reference_beside(bool beside) { reference_beside_ = beside; }

  /// The networks that read phases inside the world's step; null: none. Once.
  Result<void> use_networks(const PhaseNetworksPtr& networks);
  /// Reads phases from now on: of the shown clip by an estimator, of a body from its poses. To be
  /// called again when another one is shown.
  /// @param clip  phases of the shown clip; null: not known
  void read_phases(const PhasedClipPtr& clip, Estimator estimator);
  /// Of the shown character, as of the last step.
  PhaseView phase() const { return world_.phase(has_body() ? body_.id : actor_.id); }

  bool has_body() const { return static_cast<bool>(body_.id); }
  BodyView body() const { return world_.body(body_.id); }
  CharacterId body_id() const { return body_.id; }
  /// From where the simulation has the body to where it is shown, along the floor: a larger
  /// character takes larger steps.
  Vec3 body_shift() const;

  bool empty() const { return !actor_.id; }
  const World& world() const { return world_; }
  World& world() { return world_; }
  const Performance& performance() const { return performance_; }

  // Of the pose that step() left, world space:
  /// Of the joint that carries the character over the floor; in the middle between two characters.
  Vec3 root_position() const;
  Vec3 low() const { return box_.low; }  ///< box around joints and mesh of all characters
  Vec3 high() const { return box_.high; }
  float facing_rad() const;  ///< heading about Y, 0 along +Z; 0 without hips and shoulders

 private:
  /// A character of the world and its joints in world space.
  struct Actor {
    CharacterId id;
    ClipId clip;
    std::vector<Mat4> models;
  };
  /// A mesh that a skeleton wears: its bones as joints of that skeleton.
  struct Costume {
    DocumentPtr body;
    std::vector<SkinBone> bones;
    bool empty() const { return bones.empty(); }
  };

  Result<Actor> create(const DocumentPtr& owner, const std::shared_ptr<const Clip>& clip);
  void remove(Actor& actor);
  void place(Actor& actor, const RootMotion& path, double time_s, std::int64_t laps, double dt_s);
  void read_models(Actor& actor);
  const RootMotion& path() const;
  /// Whose skeleton the shown character has.
  const DocumentPtr& owner() const;
  const ClipTracks* tracks() const;
  void step_compared(double time_s, std::int64_t laps);
  void turn_rings(double dt_s);
  void measure();
  void include(const Document& document, std::span<const Mat4> models, const Costume& costume);

  void draw_actor(const Overlays& show);
  void draw_reference(const Overlays& show);
  void draw_phase_rings(const Overlays& show);
  void draw_shapes();
  void draw_boxes();
  void draw_compared(const Overlays& show);
  void draw_later(const Overlays& show);
  void append_mesh(const Costume& costume, std::span<const Mat4> models, const Vec4& tint,
                   bool ghost);
  void append_overlays(const Document& document, std::span<const Mat4> models, const Overlays& show,
                       const std::vector<Vec4>& colors);
  void append_trails(const Overlays& show);
  void append_contact_marks();
  void append_contact_shades(const Document& document, std::span<const Mat4> models);
  const GpuMesh& gpu_mesh(const DocumentPtr& document);

  World world_;
  Performance performance_;
  Actor actor_;
  Actor ghost_;               ///< plays the source where the clip was carried over
  Actor body_;                ///< simulated, in the shown character's skeleton
  std::optional<Hold> hold_;  ///< the push tool's
  SkillId skill_;
  int next_box_ = 0;
  std::vector<physics::LinkState> links_;
  std::vector<Mat4> reference_models_;  ///< what the body imitates, now
  bool reference_beside_ = false;
  Vec3 reference_offset_{0.0f};  ///< of what stands beside the body
  PhaseNetworkId carried_, past_only_, frame_;
  PhasedClipPtr phased_;           ///< of the shown clip
  float ring_heading_rad_ = 0.0f;  ///< where the phase rings begin
  Poser poser_;                    ///< the shown character at other times
  Costume worn_;                   ///< of the shown character
  ComparedPtr compared_;
  Poser other_;
  Costume other_worn_;
  Vec3 beside_{0.0f};  ///< where the other stands, against its own place
  std::vector<Mat4> other_models_;
  double time_s_ = 0.0;
  std::int64_t laps_ = 0;
  Box box_{Vec3(-0.5f, 0.0f, -0.5f), Vec3(0.5f, 1.8f, 0.5f)};

  // Of the frame being drawn.
  std::vector<MeshInstance> meshes_;
  std::vector<std::vector<Mat4>> palettes_;
  std::vector<Solid> solids_, shades_;
  std::vector<Cuboid> cuboids_;
  std::size_t first_box_ = 0;  ///< of `cuboids_`: what was thrown; before it links
  std::vector<Line> lines_, lines_over_;
  std::vector<Mat4> moment_;
  std::uint64_t revision_ = 0;  ///< of what is on the graphics card
  std::map<const Document*, std::pair<DocumentPtr, GpuMesh>> gpu_meshes_;
};

}  // namespace canter::viewer
