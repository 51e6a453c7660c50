#pragma once

#include <memory>
#include <string>
#include <vector>

#include "canter/anim/clip.h"
#include "canter/anim/joint_map.h"
#include "canter/import/import.h"

namespace canter::viewer {

/// What of a mesh moves with one bone, as a box in the bone's frame.
struct BoneBox {
  int bone = 0;  ///< index into the mesh's bones
  Vec3 low{0.0f};
  Vec3 high{0.0f};
};

/// What the transport draws along a clip's time: one value per frame.
struct ClipTracks {
  std::vector<float> root_speed_m_s;  ///< horizontal
};

/// A clip of a file, compressed as the runtime plays it.
struct DocumentClip {
  std::string name;
  Clip clip;
  CompressionReport compression;
  ClipTracks tracks;
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
  std::vector<DocumentClip> clips;
  std::vector<BoneBox> bone_boxes;  ///< of the mesh: what bounds it in any pose
  std::vector<importer::Finding> findings;
  float unit_m = 1.0f;
  std::string up_axis = "y";
  float height_m = 1.8f;  ///< of the skeleton in its first pose, ends of limbs included
  float load_ms = 0.0f;   ///< reading, compressing and measuring
};

using DocumentPtr = std::shared_ptr<const Document>;

/// Reads and prepares a file. Any thread. Errors name the file, the place and what was found.
Result<DocumentPtr> load_document(const std::string& path);

}  // namespace canter::viewer
