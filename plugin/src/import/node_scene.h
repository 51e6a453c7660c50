#pragma once

// What glTF, FBX and Collada have in common: a tree of nodes with animated transforms, and meshes
// skinned to nodes. The readers fill it; build_scene() makes joints, clips and one mesh of it.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "canter/import/import.h"

namespace canter::importer::detail {

// Limits, checked before memory is taken for what a file announces.
inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;
inline constexpr std::size_t kMaxNodes = 65536;
inline constexpr std::size_t kMaxVertices = std::size_t{1} << 23;
inline constexpr std::size_t kMaxIndices = std::size_t{1} << 25;
inline constexpr std::size_t kMaxClipKeys = std::size_t{1} << 24;  ///< all clips together
inline constexpr double kMaxClipSeconds = 6.0 * 3600.0;

enum class Interpolation : std::uint8_t { linear, step, cubic_spline };

/// Keys of one property of one node: translation and scale as x, y, z, rotation as x, y, z, w.
struct Track {
  Interpolation interpolation = Interpolation::linear;
  std::vector<double> times_s;  ///< ascending
  std::vector<Vec4>
      values;  ///< one per key; for cubic_spline in-tangent, value, out-tangent per key
};

/// The value at a time, clamped to the first and last key: glTF 2.0, appendix C.
Vec4 sample_vector(const Track& track, double time_s);
Quat sample_rotation(const Track& track, double time_s);

/// A node's animated properties; an empty track leaves the node's own value.
struct NodeTracks {
  int node = 0;
  Track translation;
  Track rotation;
  Track scale;
};

struct Animation {
  std::string name;
  double rate_hint = 0.0;    ///< its own frame rate, or 0: the scene's
  std::optional<bool> loop;  ///< if the file says so; else found from its first and last pose
  std::vector<NodeTracks> nodes;
};

struct Node {
  std::string name;
  int parent = -1;
  Mat4 matrix{1.0f};       ///< relative to the parent
  Transform local;         ///< the same, taken apart
  bool pivot = false;      ///< part of a split transform: never a joint of its own
  bool left_out = false;   ///< cameras and lights
  bool synthetic = false;  ///< made up by the file format's scene, not by the author
};

/// The four strongest influences of a vertex, and the weight that did not fit.
struct Influences {
  std::array<std::uint32_t, 4> bones{};
  std::array<float, 4> weights{};
  float dropped = 0.0f;
  void add(std::uint32_t bone, float weight);
};

struct Skin {
  std::vector<int> joints;  ///< nodes
  std::vector<Mat4> inverse_binds;
};

/// Triangles of one material, drawn by one node.
struct MeshPart {
  std::string name;
  int node = 0;
  int skin = -1;  ///< -1: rigid on `node`
  int material = -1;
  std::vector<Vec3> positions;
  std::vector<Vec3> normals;           ///< as many, or empty: computed
  std::vector<Vec2> uvs;               ///< as many, or empty
  std::vector<Influences> influences;  ///< as many, if skinned; bones index the skin's joints
  std::vector<std::uint32_t> indices;
};

struct NodeScene {
  std::string format;
  std::vector<Node> nodes;
  std::vector<Skin> skins;
  std::vector<MeshPart> parts;
  std::vector<SkinnedMesh::Material> materials;
  std::vector<SkinnedMesh::Texture> textures;
  std::vector<Animation> animations;
  float unit_m = 1.0f;
  std::string up_axis = "y";
  Mat3 to_y_up{1.0f};      ///< rotation from the file's axes
  double rate_hint = 0.0;  ///< the file's own frame rate, or 0
  std::vector<Finding> findings;
};

/// Nodes that matter become joints, animations clips at an even rate, parts one mesh; then units,
/// axes and constant scales are put right. Errors: limits, cycles, indices out of range.
/// @param name  of the file, for messages
Result<Scene> build_scene(NodeScene source, std::string_view name, const Options& options);

/// One mesh of all parts. Internal step of build_scene().
/// @param joint_of_node  [nodes] or -1
/// @param rest_models    [nodes] model-space rest pose, in file units
/// @param bone_scale     [joints] what was taken out of each joint's scale
Result<SkinnedMesh> build_mesh(NodeScene& source, std::span<const int> joint_of_node,
                               std::span<const Mat4> rest_models, std::span<const float> bone_scale,
                               float unit_m, const Mat3& axes, std::vector<Finding>& findings);

/// The even rate whose frames the keys lie on, with the largest distance of a key from a frame.
struct ClipRate {
  double hz = 30.0;
  double worst_s = 0.0;
};
/// @param key_times    every key time of the clip, seconds, in any order
/// @param needs_steps  true if the clip has keys that are not joined by straight lines, which asks
///                     for frames closer together
ClipRate choose_rate(std::vector<double> key_times, double hint, bool needs_steps);

/// Moves keys that choose_rate() counts as on a frame exactly there, so that the frame has the
/// key's value and not nearly so.
void snap_to_frames(Track& track, double hz);

/// Splits a Mat4 into node.matrix and node.local.
void set_matrix(Node& node, const Mat4& matrix);
void set_local(Node& node, const Transform& local);

}  // namespace canter::importer::detail
