#pragma once

#include <memory>
#include <string>
#include <vector>

#include "canter/anim/clip.h"
#include "canter/anim/contacts.h"
#include "canter/anim/joint_map.h"
#include "canter/anim/retarget.h"
#include "canter/anim/root_motion.h"
#include "canter/import/import.h"
#include "canter/import/recipe.h"
#include "viewer/gfx/draw_mesh.h"

namespace canter::viewer {

/// What of a mesh moves with one bone, as a box in the bone's frame.
struct BoneBox {
  int bone = 0;  ///< index into the mesh's bones
  Vec3 low{0.0f};
  Vec3 high{0.0f};
};

/// How well a clip's end meets its beginning, the way over the floor taken out.
struct LoopSeam {
  float gap_m = 0.0f;      ///< the largest distance that a joint jumps
  float kick_m_s = 0.0f;   ///< the largest change of a joint's velocity
  float usual_m_s = 0.0f;  ///< the same from frame to frame elsewhere in the clip
  bool measured = false;   ///< false: too few frames to tell
};

/// What the transport draws along a clip's time: one value per frame.
struct ClipTracks {
  std::vector<float> root_speed_m_s;  ///< horizontal
  /// Of every foot in `contacts`: its speed, and over the floor while it stands (else 0).
  std::vector<std::vector<float>> foot_speed_m_s;
  std::vector<std::vector<float>> foot_slide_by_frame_m_s;
  ContactTrack contacts;
  float foot_slide_m_s = 0.0f;  ///< mean speed of the feet while they stand
  LoopSeam seam;
};

/// A clip of a file, compressed as the runtime plays it.
struct DocumentClip {
  std::string name;
  Clip clip;
  RawClip raw;  ///< what was compressed, to compare with
  CompressionReport compression;
  ClipTracks tracks;
  /// The way over the ground; empty unless the clip loops, in which case the next lap begins where
  /// it ends.
  RootMotion path;
};

/// A file as the viewer keeps it: imported, compressed, measured. Immutable, shared by threads.
struct Document {
  std::string path;
  std::string title;  ///< file name without folders
  std::string format;
  Skeleton skeleton;
  JointMap joints;
  std::vector<Side> sides;   ///< [num_joints] of the body, as inherited down the hierarchy
  int travelling_joint = 0;  ///< the one that carries the character over the floor
  std::optional<SkinnedMesh> mesh;
  DrawMesh drawn;  ///< the mesh made ready for the graphics card
  std::vector<DocumentClip> clips;
  std::vector<BoneBox> bone_boxes;  ///< of the mesh: what bounds it in any pose
  std::vector<importer::Finding> findings;
  float unit_m = 1.0f;
  std::string up_axis = "y";
  float height_m = 1.8f;       ///< of the skeleton in its first pose, ends of limbs included
  float load_ms = 0.0f;        ///< reading, compressing and measuring
  importer::Recipe recipe;     ///< the fixes that were applied
  bool preliminary = false;    ///< at a lower rate, until all of it is prepared
  bool recipe_beside = false;  ///< one was saved beside the file
  std::shared_ptr<const Document> unrepaired;  ///< what a repaired one was made of
};

using DocumentPtr = std::shared_ptr<const Document>;

/// A clip of a document.
struct ClipRef {
  DocumentPtr document;
  int clip = 0;

  explicit operator bool() const { return document != nullptr; }
  const DocumentClip& get() const { return document->clips[static_cast<std::size_t>(clip)]; }
  bool operator==(const ClipRef&) const = default;
};

/// A clip of one document on the skeleton of another. Immutable, shared by threads.
struct RetargetedClip {
  DocumentPtr motion;
  int clip = 0;
  DocumentPtr body;
  Clip result;  ///< of the body's skeleton
  RootMotion path;
  RetargetReport report;
};

using RetargetedPtr = std::shared_ptr<const RetargetedClip>;

/// Carries a clip over. Any thread. Errors: bodies with too little in common.
Result<RetargetedPtr> retarget_clip(const DocumentPtr& motion, int clip, const DocumentPtr& body);

/// Whether the body's mesh can be bound to the motion's joints by their names: same hierarchy, same
/// rest pose.
bool same_joints(const Document& body, const Document& motion);

/// Reads and prepares a file. Any thread. Errors name the file, the place and what was found.
Result<DocumentPtr> load_document(const std::string& path, const importer::Recipe& recipe = {});

/// A file that is shown at once: long motions first at a lower rate, which a fraction of the time
/// prepares. Then `rest` holds what was read, and complete_document() makes all of it.
struct Opened {
  DocumentPtr document;
  std::shared_ptr<const importer::Scene> rest;  ///< null: the document is complete
};
Result<Opened> open_document(const std::string& path);
Result<DocumentPtr> complete_document(const Opened& opened, const std::string& path);

/// The same file with these fixes and no others; without any, the original itself. Any thread.
Result<DocumentPtr> repair_document(const DocumentPtr& original, const importer::Recipe& recipe);

/// A document of what is in memory. Any thread. Errors: a clip that cannot be compressed.
Result<DocumentPtr> make_document(importer::Scene scene, const std::string& path);

}  // namespace canter::viewer
