#include <assimp/config.h>
#include <assimp/material.h>
#include <assimp/postprocess.h>
#include <assimp/scene.h>

#include <algorithm>
#include <array>
#include <assimp/IOStream.hpp>
#include <assimp/IOSystem.hpp>
#include <assimp/Importer.hpp>
#include <cmath>
#include <cstring>
#include <new>
#include <optional>
#include <stdexcept>
#include <unordered_map>

#include "import/assimp_assert.h"
#include "import/assimp_guard.h"
#include "import/gltf_reader.h"
#include "import/node_scene.h"
#include "import/readers.h"

namespace canter::importer::detail {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// The one file assimp may read: bytes in memory.
class MemoryStream final : public Assimp::IOStream {
 public:
  explicit MemoryStream(Bytes bytes) : bytes_(bytes) {}
  std::size_t Read(void* out, std::size_t size, std::size_t count) override {
    if (size == 0) return 0;
    const std::size_t whole = std::min(count, (bytes_.size() - position_) / size);
    std::memcpy(out, bytes_.data() + position_, whole * size);
    position_ += whole * size;
    return whole;
  }
  std::size_t Write(const void*, std::size_t, std::size_t) override { return 0; }
  aiReturn Seek(std::size_t offset, aiOrigin origin) override {
    const std::size_t base = origin == aiOrigin_SET   ? 0
                             : origin == aiOrigin_CUR ? position_
                                                      : bytes_.size();
    if (offset > bytes_.size() - base) return aiReturn_FAILURE;
    position_ = base + offset;
    return aiReturn_SUCCESS;
  }
  std::size_t Tell() const override { return position_; }
  std::size_t FileSize() const override { return bytes_.size(); }
  void Flush() override {}

 private:
  Bytes bytes_;
  std::size_t position_ = 0;
};

// Knows only that file: assimp cannot reach the disk through it.
class MemorySystem final : public Assimp::IOSystem {
 public:
  MemorySystem(Bytes bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}
  bool Exists(const char* file) const override { return name_ == file; }
  char getOsSeparator() const override { return '/'; }
  Assimp::IOStream* Open(const char* file, const char*) override {
    return Exists(file) ? new MemoryStream(bytes_) : nullptr;
  }
  void Close(Assimp::IOStream* stream) override { delete stream; }

 private:
  Bytes bytes_;
  std::string name_;
};

Mat4 as_mat4(const aiMatrix4x4& m) {
  return Mat4(m.a1, m.b1, m.c1, m.d1, m.a2, m.b2, m.c2, m.d2, m.a3, m.b3, m.c3, m.d3, m.a4, m.b4,
              m.c4, m.d4);
}

Vec3 as_vec3(const aiVector3D& v) {
  return Vec3(v.x, v.y, v.z);
}

bool is_finite(const Mat4& m) {
  float sum = 0.0f;
  for (int c = 0; c < 4; ++c)
    for (int r = 0; r < 4; ++r) sum += m[c][r];
  return std::isfinite(sum);
}

constexpr std::string_view kPivotMark = "_$AssimpFbx$_";

class AssimpReader {
 public:
  AssimpReader(const aiScene& scene, std::string_view name, const Resolver& resolver)
      : scene_(scene), name_(name), resolver_(resolver) {}

  Result<NodeScene> read(std::string format) {
    out_.format = std::move(format);
    if (auto r = read_nodes(); !r) return r.error();
    read_materials();
    if (auto r = read_meshes(); !r) return r.error();
    if (auto r = read_animations(); !r) return r.error();
    return std::move(out_);
  }

 private:
  Error bad(const std::string& what, ErrorCode code = ErrorCode::bad_value) const {
    return {code, name_ + ": " + what};
  }
  Result<void> read_nodes();
  void read_materials();
  int read_texture(const aiMaterial& material);
  Result<void> read_meshes();
  Result<void> read_mesh(const aiMesh& mesh, int node);
  Result<int> read_skin(const aiMesh& mesh, std::vector<Influences>& influences);
  Result<void> read_animations();
  struct PivotTargets;
  const PivotTargets& pivot_targets(int node);
  void add_tracks(Animation& animation, int node, Track translation, Track rotation, Track scale);
  int insert_above(int node);
  void note(std::string code, std::string message, std::string evidence, std::string fix,
            FixState state) {
    out_.findings.push_back(
        {std::move(code), std::move(message), std::move(evidence), std::move(fix), state});
  }

  const aiScene& scene_;
  std::string name_;
  const Resolver& resolver_;
  NodeScene out_;
  std::vector<const aiNode*> ai_nodes_;
  std::unordered_map<std::string, int> node_by_name_;
  std::unordered_map<std::string, int> texture_by_path_;
  std::unordered_map<int, PivotTargets> pivot_targets_;
  std::size_t num_vertices_ = 0;
  std::size_t num_indices_ = 0;
};

// Where a joint's keys belong among its pivots. assimp splits an FBX joint into a chain of nodes,
// one per step of the FBX formula, but gives its keys to the last node, with pre- and post-rotation
// already multiplied in (5.2.5, GenerateSimpleNodeAnim): playing them there turns twice.
struct AssimpReader::PivotTargets {
  int translation = 0;
  int rotation = 0;
  int scale = 0;
  std::vector<int> cancelled;  ///< rotations the keys already contain
};

Result<void> AssimpReader::read_nodes() {
  std::vector<std::pair<const aiNode*, int>> stack = {{scene_.mRootNode, -1}};
  while (!stack.empty()) {
    const auto [node, parent] = stack.back();
    stack.pop_back();
    const int index = static_cast<int>(out_.nodes.size());
    if (out_.nodes.size() >= kMaxNodes)
      return bad("more than " + std::to_string(kMaxNodes) + " nodes", ErrorCode::limit);
    Node made;
    made.name = node->mName.C_Str();
    made.parent = parent;
    const Mat4 matrix = as_mat4(node->mTransformation);
    if (!is_finite(matrix)) return bad("node '" + made.name + "' has a non-finite transform");
    set_matrix(made, matrix);
    made.pivot = made.name.find(kPivotMark) != std::string::npos;
    made.synthetic = parent < 0;
    node_by_name_.emplace(made.name, index);
    out_.nodes.push_back(std::move(made));
    ai_nodes_.push_back(node);
    for (unsigned c = node->mNumChildren; c-- > 0;) stack.emplace_back(node->mChildren[c], index);
  }
  const auto leave_out = [&](const aiString& name) {
    if (const auto found = node_by_name_.find(name.C_Str()); found != node_by_name_.end())
      out_.nodes[at(found->second)].left_out = true;
  };
  for (unsigned i = 0; i < scene_.mNumCameras; ++i) leave_out(scene_.mCameras[i]->mName);
  for (unsigned i = 0; i < scene_.mNumLights; ++i) leave_out(scene_.mLights[i]->mName);
  return {};
}

int AssimpReader::read_texture(const aiMaterial& material) {
  aiString path;
  if (material.GetTexture(aiTextureType_BASE_COLOR, 0, &path) != aiReturn_SUCCESS &&
      material.GetTexture(aiTextureType_DIFFUSE, 0, &path) != aiReturn_SUCCESS)
    return -1;
  const std::string file = path.C_Str();
  if (const auto known = texture_by_path_.find(file); known != texture_by_path_.end())
    return known->second;
  SkinnedMesh::Texture texture;
  texture.name = file;
  std::string problem;
  if (const aiTexture* embedded = scene_.GetEmbeddedTexture(file.c_str()); embedded != nullptr) {
    // Height 0 means an encoded image of mWidth bytes.
    if (embedded->mHeight == 0 && embedded->pcData != nullptr) {
      const auto* data = reinterpret_cast<const std::byte*>(embedded->pcData);
      texture.bytes.assign(data, data + embedded->mWidth);
    } else {
      problem = file + ": embedded as raw pixels";
    }
  } else if (resolver_) {
    // Exporters write paths of their own machine: the file's name in this folder is tried last.
    std::string relative = file;
    std::replace(relative.begin(), relative.end(), '\\', '/');
    Result<std::vector<std::byte>> got = resolver_(relative);
    if (!got) got = resolver_(relative.substr(relative.rfind('/') + 1));
    if (got)
      texture.bytes = std::move(*got);
    else
      problem = got.error().message;
  } else {
    problem = file + ": no way to get other files was given";
  }
  int index = -1;
  if (problem.empty()) {
    index = static_cast<int>(out_.textures.size());
    out_.textures.push_back(std::move(texture));
  } else {
    note("texture_missing", "A texture could not be read; the material keeps its plain colour.",
         problem, "put the file beside the model", FixState::none);
  }
  texture_by_path_[file] = index;
  return index;
}

void AssimpReader::read_materials() {
  for (unsigned m = 0; m < scene_.mNumMaterials; ++m) {
    const aiMaterial& material = *scene_.mMaterials[m];
    SkinnedMesh::Material made;
    aiString name;
    if (material.Get(AI_MATKEY_NAME, name) == aiReturn_SUCCESS) made.name = name.C_Str();
    if (made.name.empty()) made.name = "material_" + std::to_string(m);
    aiColor4D color;
    if (material.Get(AI_MATKEY_BASE_COLOR, color) == aiReturn_SUCCESS ||
        material.Get(AI_MATKEY_COLOR_DIFFUSE, color) == aiReturn_SUCCESS) {
      const Vec4 c(color.r, color.g, color.b, color.a);
      if (std::isfinite(c.x + c.y + c.z + c.w)) made.base_color = glm::clamp(c, 0.0f, 1.0f);
    }
    made.texture = read_texture(material);
    out_.materials.push_back(std::move(made));
  }
}

Result<int> AssimpReader::read_skin(const aiMesh& mesh, std::vector<Influences>& influences) {
  Skin skin;
  influences.resize(mesh.mNumVertices);
  for (unsigned b = 0; b < mesh.mNumBones; ++b) {
    const aiBone& bone = *mesh.mBones[b];
    const auto node = node_by_name_.find(bone.mName.C_Str());
    if (node == node_by_name_.end())
      return bad("mesh '" + std::string(mesh.mName.C_Str()) + "': bone '" + bone.mName.C_Str() +
                 "' is no node");
    const Mat4 offset = as_mat4(bone.mOffsetMatrix);
    if (!is_finite(offset))
      return bad("bone '" + std::string(bone.mName.C_Str()) + "' has a non-finite matrix");
    for (unsigned w = 0; w < bone.mNumWeights; ++w) {
      if (bone.mWeights[w].mVertexId >= mesh.mNumVertices)
        return bad("bone '" + std::string(bone.mName.C_Str()) + "' weighs vertex " +
                   std::to_string(bone.mWeights[w].mVertexId) + " of " +
                   std::to_string(mesh.mNumVertices));
      influences[bone.mWeights[w].mVertexId].add(b, bone.mWeights[w].mWeight);
    }
    skin.joints.push_back(node->second);
    skin.inverse_binds.push_back(offset);
  }
  out_.skins.push_back(std::move(skin));
  return static_cast<int>(out_.skins.size()) - 1;
}

// FNV-1a over the corner of a triangle, to give equal corners one vertex.
struct Corner {
  Vec3 position;
  Vec3 normal;
  Vec2 uv;
  Influences influences;
  bool operator==(const Corner& other) const {
    return position == other.position && normal == other.normal && uv == other.uv &&
           influences.bones == other.influences.bones &&
           influences.weights == other.influences.weights;
  }
};
struct CornerHash {
  std::size_t operator()(const Corner& c) const {
    std::size_t h = 0xcbf29ce484222325ull;
    for (const float f : {c.position.x, c.position.y, c.position.z, c.normal.x, c.normal.y,
                          c.normal.z, c.uv.x, c.uv.y}) {
      const float zero_is_one_value = f == 0.0f ? 0.0f : f;
      std::uint32_t bits = 0;
      std::memcpy(&bits, &zero_is_one_value, sizeof bits);
      h = (h ^ bits) * 0x100000001b3ull;
    }
    return h ^ h >> 29;
  }
};

Result<void> AssimpReader::read_mesh(const aiMesh& mesh, int node) {
  if ((mesh.mPrimitiveTypes & aiPrimitiveType_TRIANGLE) == 0 || mesh.mVertices == nullptr)
    return {};
  const std::string place = "mesh '" + std::string(mesh.mName.C_Str()) + "'";
  num_vertices_ += mesh.mNumVertices;
  num_indices_ += std::size_t{3} * mesh.mNumFaces;
  if (num_vertices_ > kMaxVertices || num_indices_ > kMaxIndices)
    return bad(place + ": more than " + std::to_string(kMaxVertices) + " vertices or " +
                   std::to_string(kMaxIndices) + " indices in all",
               ErrorCode::limit);
  MeshPart part;
  part.name = mesh.mName.length > 0 ? mesh.mName.C_Str() : out_.nodes[at(node)].name;
  part.node = node;
  part.material =
      mesh.mMaterialIndex < scene_.mNumMaterials ? static_cast<int>(mesh.mMaterialIndex) : -1;
  std::vector<Influences> influences(mesh.mNumVertices);
  if (mesh.mNumBones > 0) {
    const Result<int> skin = read_skin(mesh, influences);
    if (!skin) return skin.error();
    part.skin = *skin;
  }
  std::unordered_map<Corner, std::uint32_t, CornerHash> vertex_of;
  for (unsigned f = 0; f < mesh.mNumFaces; ++f) {
    const aiFace& face = mesh.mFaces[f];
    if (face.mNumIndices != 3) continue;
    for (unsigned k = 0; k < 3; ++k) {
      const unsigned i = face.mIndices[k];
      if (i >= mesh.mNumVertices)
        return bad(place + ": face " + std::to_string(f) + " names vertex " + std::to_string(i) +
                   " of " + std::to_string(mesh.mNumVertices));
      Corner corner{as_vec3(mesh.mVertices[i]), Vec3(0.0f), Vec2(0.0f), influences[i]};
      if (mesh.mNormals != nullptr) corner.normal = as_vec3(mesh.mNormals[i]);
      // Images run from the top here, from the bottom there.
      if (mesh.mTextureCoords[0] != nullptr)
        corner.uv = Vec2(mesh.mTextureCoords[0][i].x, 1.0f - mesh.mTextureCoords[0][i].y);
      const auto [entry, added] =
          vertex_of.try_emplace(corner, static_cast<std::uint32_t>(part.positions.size()));
      if (added) {
        part.positions.push_back(corner.position);
        if (mesh.mNormals != nullptr) part.normals.push_back(corner.normal);
        part.uvs.push_back(corner.uv);
        if (part.skin >= 0) part.influences.push_back(corner.influences);
      }
      part.indices.push_back(entry->second);
    }
  }
  if (!part.indices.empty()) out_.parts.push_back(std::move(part));
  return {};
}

Result<void> AssimpReader::read_meshes() {
  for (std::size_t n = 0; n < ai_nodes_.size(); ++n) {
    for (unsigned m = 0; m < ai_nodes_[n]->mNumMeshes; ++m) {
      const unsigned index = ai_nodes_[n]->mMeshes[m];
      if (index >= scene_.mNumMeshes) return bad("a node names a mesh that does not exist");
      if (auto r = read_mesh(*scene_.mMeshes[index], static_cast<int>(n)); !r) return r;
    }
  }
  return {};
}

template <class Key, class AsVec4>
Result<Track> read_track(const Key* keys, unsigned count, double ticks_per_second, AsVec4 as_vec4,
                         const std::string& place) {
  std::vector<std::pair<double, Vec4>> sorted;
  for (unsigned k = 0; k < count; ++k) {
    const double time_s = keys[k].mTime / ticks_per_second;
    const Vec4 v = as_vec4(keys[k].mValue);
    if (!std::isfinite(time_s) || !std::isfinite(v.x + v.y + v.z + v.w))
      return Error{ErrorCode::bad_value, place + ": key " + std::to_string(k) + " is not finite"};
    sorted.emplace_back(time_s, v);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Track track;
  for (const auto& [time_s, v] : sorted) {
    track.times_s.push_back(time_s);
    track.values.push_back(v);
  }
  return track;
}

// A new node that does nothing yet, between `node` and its parent.
int AssimpReader::insert_above(int node) {
  Node made;
  made.name = "pivot";
  made.pivot = true;
  made.parent = out_.nodes[at(node)].parent;
  const int index = static_cast<int>(out_.nodes.size());
  out_.nodes.push_back(std::move(made));
  out_.nodes[at(node)].parent = index;
  return index;
}

const AssimpReader::PivotTargets& AssimpReader::pivot_targets(int node) {
  const auto [entry, added] = pivot_targets_.try_emplace(node, PivotTargets{node, node, node, {}});
  if (!added) return entry->second;
  // The steps of the FBX formula, from the parent's side.
  constexpr std::array<std::string_view, 14> kSteps = {
      "Translation",       "RotationOffset",  "RotationPivot",        "PreRotation",
      "Rotation",          "PostRotation",    "RotationPivotInverse", "ScalingOffset",
      "ScalingPivot",      "Scaling",         "ScalingPivotInverse",  "GeometricTranslation",
      "GeometricRotation", "GeometricScaling"};
  constexpr std::size_t kTranslation = 0;
  constexpr std::size_t kPreRotation = 3;
  constexpr std::size_t kPostRotation = 5;
  constexpr std::size_t kScaling = 9;
  std::array<int, kSteps.size()> steps;
  steps.fill(-1);
  const std::string prefix = out_.nodes[at(node)].name + std::string(kPivotMark);
  bool any = false;
  for (int p = out_.nodes[at(node)].parent; p >= 0; p = out_.nodes[at(p)].parent) {
    const std::string& name = out_.nodes[at(p)].name;
    if (name.compare(0, prefix.size(), prefix) != 0) break;
    const auto step = std::find(kSteps.begin(), kSteps.end(), name.substr(prefix.size()));
    if (step == kSteps.end()) break;
    steps[static_cast<std::size_t>(step - kSteps.begin())] = p;
    any = true;
  }
  if (!any) return entry->second;

  // A step that is there takes the keys; one that is not gets a node before the next that is.
  const auto target = [&](std::size_t first, std::size_t last) {
    for (std::size_t s = first; s < steps.size(); ++s) {
      if (steps[s] < 0) continue;
      return s <= last ? steps[s] : insert_above(steps[s]);
    }
    return node;
  };
  PivotTargets targets;
  targets.scale = target(kScaling, kScaling);
  targets.rotation = target(kPreRotation, kPostRotation);
  targets.translation = target(kTranslation, kTranslation);
  for (std::size_t s = kPreRotation; s <= kPostRotation; ++s)
    if (steps[s] >= 0 && steps[s] != targets.rotation) targets.cancelled.push_back(steps[s]);
  return entry->second = std::move(targets);
}

void AssimpReader::add_tracks(Animation& animation, int node, Track translation, Track rotation,
                              Track scale) {
  const PivotTargets& targets = pivot_targets(node);
  const std::size_t first = animation.nodes.size();
  const auto tracks_of = [&](int target) -> NodeTracks& {
    for (std::size_t i = first; i < animation.nodes.size(); ++i)
      if (animation.nodes[i].node == target) return animation.nodes[i];
    animation.nodes.push_back({target, {}, {}, {}});
    return animation.nodes.back();
  };
  tracks_of(targets.translation).translation = std::move(translation);
  tracks_of(targets.rotation).rotation = std::move(rotation);
  tracks_of(targets.scale).scale = std::move(scale);
  for (const int cancelled : targets.cancelled)
    tracks_of(cancelled).rotation = {Interpolation::linear, {0.0}, {Vec4(0, 0, 0, 1)}};
}

Result<void> AssimpReader::read_animations() {
  std::size_t num_keys = 0;
  for (unsigned a = 0; a < scene_.mNumAnimations; ++a) {
    const aiAnimation& from = *scene_.mAnimations[a];
    Animation animation;
    animation.name = from.mName.length > 0 ? from.mName.C_Str() : "animation_" + std::to_string(a);
    // 0 means unspecified; assimp's own convention is 25.
    const double ticks = from.mTicksPerSecond > 0.0 ? from.mTicksPerSecond : 25.0;
    if (ticks <= 240.0) out_.rate_hint = ticks;
    for (unsigned c = 0; c < from.mNumChannels; ++c) {
      const aiNodeAnim& channel = *from.mChannels[c];
      const auto node = node_by_name_.find(channel.mNodeName.C_Str());
      if (node == node_by_name_.end()) continue;
      num_keys += std::size_t{channel.mNumPositionKeys} + channel.mNumRotationKeys +
                  channel.mNumScalingKeys;
      if (num_keys > 4 * kMaxClipKeys)
        return bad("animation '" + animation.name + "': too many keys", ErrorCode::limit);
      const std::string place =
          name_ + ": animation '" + animation.name + "', node '" + channel.mNodeName.C_Str() + "'";
      const auto vector = [](const aiVector3D& v) { return Vec4(v.x, v.y, v.z, 0.0f); };
      const auto rotation = [](const aiQuaternion& q) { return Vec4(q.x, q.y, q.z, q.w); };
      auto t = read_track(channel.mPositionKeys, channel.mNumPositionKeys, ticks, vector, place);
      if (!t) return t.error();
      auto r = read_track(channel.mRotationKeys, channel.mNumRotationKeys, ticks, rotation, place);
      if (!r) return r.error();
      auto s = read_track(channel.mScalingKeys, channel.mNumScalingKeys, ticks, vector, place);
      if (!s) return s.error();
      add_tracks(animation, node->second, std::move(*t), std::move(*r), std::move(*s));
    }
    out_.animations.push_back(std::move(animation));
  }
  return {};
}

// FBX says which of its axes points where; the rest of the project wants X right, Y up, Z front.
void read_fbx_settings(const aiScene& scene, NodeScene& out) {
  out.unit_m = 0.01f;
  if (scene.mMetaData == nullptr) return;
  // In centimetres; a file that says nothing means 1.
  float unit_cm = 1.0f;
  scene.mMetaData->Get("UnitScaleFactor", unit_cm);
  out.unit_m = unit_cm > 0.0f && std::isfinite(unit_cm) ? unit_cm / 100.0f : 0.01f;
  std::int32_t up = 1;
  std::int32_t up_sign = 1;
  std::int32_t front = 2;
  std::int32_t front_sign = 1;
  std::int32_t side = 0;
  std::int32_t side_sign = 1;
  scene.mMetaData->Get("UpAxis", up);
  scene.mMetaData->Get("UpAxisSign", up_sign);
  scene.mMetaData->Get("FrontAxis", front);
  scene.mMetaData->Get("FrontAxisSign", front_sign);
  scene.mMetaData->Get("CoordAxis", side);
  scene.mMetaData->Get("CoordAxisSign", side_sign);
  Mat3 turn(0.0f);
  const auto set_row = [&](std::int32_t axis, std::int32_t sign, int row) {
    if (axis >= 0 && axis < 3) turn[axis][row] = sign < 0 ? -1.0f : 1.0f;
  };
  set_row(side, side_sign, 0);
  set_row(up, up_sign, 1);
  set_row(front, front_sign, 2);
  // Anything but a rotation is not meant (or a left-handed file, whose mirror is left alone).
  if (glm::determinant(turn) < 0.5f) return;
  out.to_y_up = turn;
  out.up_axis = up == 0 ? "x" : up == 2 ? "z" : "y";
}

void read_collada_asset(const ColladaAsset& asset, NodeScene& out) {
  out.unit_m = asset.unit_m;
  out.up_axis = asset.up_axis;
  // Collada 1.4.1, up_axis: X_UP has -Y to the right and Z in front, Z_UP has X right and -Y front.
  if (asset.up_axis == "x") out.to_y_up = Mat3(0, 1, 0, -1, 0, 0, 0, 0, 1);
  if (asset.up_axis == "z") out.to_y_up = Mat3(1, 0, 0, 0, 0, -1, 0, 1, 0);
}

Result<Scene> read_with_assimp(Bytes bytes, std::string_view name, const Options& options,
                               const Resolver& resolver,
                               const std::optional<ColladaAsset>& collada) {
  replace_assimp_assert();
  const std::string memory_name = collada ? "file.dae" : "file.fbx";
  Assimp::Importer importer;
  importer.SetIOHandler(new MemorySystem(bytes, memory_name));
  importer.SetPropertyBool(AI_CONFIG_IMPORT_FBX_PRESERVE_PIVOTS, true);
  importer.SetPropertyBool(AI_CONFIG_IMPORT_COLLADA_IGNORE_UP_DIRECTION, true);
  importer.SetPropertyBool(AI_CONFIG_IMPORT_NO_SKELETON_MESHES, true);
  const aiScene* scene = importer.ReadFile(memory_name, aiProcess_Triangulate);
  if (scene == nullptr || scene->mRootNode == nullptr) {
    std::string reason = importer.GetErrorString();
    if (const auto end = reason.find_last_not_of(" \r\n"); end != std::string::npos)
      reason.resize(std::min<std::size_t>(end + 1, 300));
    return Error{ErrorCode::bad_format, std::string(name) + ": assimp could not read it: " +
                                            (reason.empty() ? "no reason given" : reason)};
  }
  Result<NodeScene> nodes = AssimpReader(*scene, name, resolver).read(collada ? "collada" : "fbx");
  if (!nodes) return nodes.error();
  if (collada) {
    // assimp writes the unit into the root node of a Collada file; build_scene() applies it
    // instead.
    set_matrix(nodes->nodes.front(), Mat4(1.0f));
    read_collada_asset(*collada, *nodes);
  } else {
    read_fbx_settings(*scene, *nodes);
  }
  return build_scene(std::move(*nodes), name, options);
}

}  // namespace

Result<Scene> read_assimp(Bytes bytes, std::string_view name, const Options& options,
                          const Resolver& resolver) {
  if (looks_like_gltf(bytes)) return read_gltf(bytes, name, options, resolver);
  const auto named = [&](const Error& e) {
    return Error{e.code, std::string(name) + ": " + e.message};
  };
  try {
    if (bytes.size() > kMaxFileBytes)
      return Error{ErrorCode::limit, std::string(name) + ": the file has " +
                                         std::to_string(bytes.size()) + " bytes; at most " +
                                         std::to_string(kMaxFileBytes) + " are supported"};
    std::optional<ColladaAsset> collada;
    if (is_binary_fbx(bytes)) {
      if (const auto sound = check_binary_fbx(bytes); !sound) return named(sound.error());
    } else if (looks_like_collada(bytes)) {
      const Result<ColladaAsset> asset = check_collada(bytes);
      if (!asset) return named(asset.error());
      collada = *asset;
    } else if (looks_like_ascii_fbx(bytes)) {
      if (const auto sound = check_ascii_fbx(bytes); !sound) return named(sound.error());
    } else {
      return Error{ErrorCode::bad_format,
                   std::string(name) +
                       ": neither glTF, FBX nor Collada; it starts with none of "
                       "'glTF', '{', 'Kaydara FBX Binary', '; FBX' or '<COLLADA'"};
    }
    return read_with_assimp(bytes, name, options, resolver, collada);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::limit, std::string(name) + ": not enough memory to read the file"};
  } catch (const std::exception& e) {
    return Error{ErrorCode::bad_format, std::string(name) + ": assimp: " + e.what()};
  } catch (...) {
    return Error{ErrorCode::bad_format, std::string(name) + ": assimp failed"};
  }
}

}  // namespace canter::importer::detail
