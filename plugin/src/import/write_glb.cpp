#include "canter/import/write_glb.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace canter::importer {
namespace {

// Ordered, so that the same scene gives the same bytes and the file reads well.
using Json = nlohmann::ordered_json;

constexpr int kFloat = 5126;
constexpr int kUint16 = 5123;
constexpr int kUint32 = 5125;
constexpr int kVertexBuffer = 34962;
constexpr int kIndexBuffer = 34963;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

template <class T>
Json as_json(const T& v, int n) {
  Json array = Json::array();
  for (int i = 0; i < n; ++i) array.push_back(v[i]);
  return array;
}

Json as_json(const Quat& q) {
  return {q.x, q.y, q.z, q.w};
}

class GlbWriter {
 public:
  GlbWriter(const Skeleton& skeleton, const SkinnedMesh* mesh, std::span<const RawClip> clips)
      : skeleton_(skeleton), mesh_(mesh), clips_(clips) {}

  Result<std::vector<std::byte>> write() {
    if (skeleton_.num_joints() == 0)
      return Error{ErrorCode::bad_value, "the skeleton has no joints; a GLB needs at least one"};
    if (mesh_ != nullptr)
      if (auto valid = validate(*mesh_, skeleton_); !valid) return valid.error();
    for (const RawClip& clip : clips_)
      if (auto valid = validate(clip, skeleton_); !valid)
        return Error{valid.error().code, "clip '" + clip.name + "': " + valid.error().message};
    json_["asset"] = {{"version", "2.0"}, {"generator", "Canter"}};
    write_joints();
    write_materials();
    if (auto written = write_mesh(); !written) return written.error();
    for (const RawClip& clip : clips_) write_clip(clip);
    return finish();
  }

 private:
  // The palette entry of each joint in one glTF skin, or -1.
  using SkinEntries = std::vector<int>;

  int add_view(const void* data, std::size_t size, int target);
  int add_accessor(const void* data, std::size_t count, int component_type, const char* type,
                   std::size_t element_size, int target = 0);
  void write_joints();
  void write_materials();
  Result<void> write_mesh();
  Result<std::size_t> skin_of_part(const SkinnedMesh::Part& part);
  Json primitive(const SkinnedMesh::Part& part, const std::vector<int>& position_in_skin);
  int write_skin(const SkinEntries& entries, bool all_joints, std::vector<int>& position_in_skin);
  void write_clip(const RawClip& clip);
  Result<std::vector<std::byte>> finish();

  const Skeleton& skeleton_;
  const SkinnedMesh* mesh_;
  std::span<const RawClip> clips_;
  Json json_;
  std::vector<std::byte> binary_;
  std::vector<SkinEntries> skins_;
  std::vector<Mat4> rest_models_;
  std::vector<int> image_of_texture_;
};

int GlbWriter::add_view(const void* data, std::size_t size, int target) {
  // Accessors must start at multiples of their component size; 4 serves all that are written.
  binary_.resize((binary_.size() + 3) / 4 * 4, std::byte{0});
  Json view = {{"buffer", 0}, {"byteOffset", binary_.size()}, {"byteLength", size}};
  if (target != 0) view["target"] = target;
  const auto* bytes = static_cast<const std::byte*>(data);
  binary_.insert(binary_.end(), bytes, bytes + size);
  json_["bufferViews"].push_back(std::move(view));
  return static_cast<int>(json_["bufferViews"].size()) - 1;
}

int GlbWriter::add_accessor(const void* data, std::size_t count, int component_type,
                            const char* type, std::size_t element_size, int target) {
  const int view = add_view(data, count * element_size, target);
  json_["accessors"].push_back(
      {{"bufferView", view}, {"componentType", component_type}, {"count", count}, {"type", type}});
  return static_cast<int>(json_["accessors"].size()) - 1;
}

// Node i is joint i; end sites and meshes follow.
void GlbWriter::write_joints() {
  Json& nodes = json_["nodes"] = Json::array();
  std::vector<Json> children(at(skeleton_.num_joints()), Json::array());
  Json roots = Json::array();
  for (int j = 0; j < skeleton_.num_joints(); ++j) {
    const Transform& rest = skeleton_.rest_pose()[at(j)];
    Json node = {{"name", skeleton_.name(j)}};
    node["translation"] = as_json(rest.translation, 3);
    node["rotation"] = as_json(rest.rotation);
    if (skeleton_.has_scale()) node["scale"] = as_json(rest.scale, 3);
    nodes.push_back(std::move(node));
    if (skeleton_.parent(j) < 0)
      roots.push_back(j);
    else
      children[at(skeleton_.parent(j))].push_back(j);
    const Mat4 local = to_matrix(rest);
    rest_models_.push_back(skeleton_.parent(j) < 0 ? local
                                                   : rest_models_[at(skeleton_.parent(j))] * local);
  }
  for (const EndSite& site : skeleton_.end_sites()) {
    children[at(site.joint)].push_back(nodes.size());
    nodes.push_back({{"name", std::string(skeleton_.name(site.joint)) + "_end"},
                     {"translation", as_json(site.offset, 3)}});
  }
  for (std::size_t j = 0; j < children.size(); ++j)
    if (!children[j].empty()) nodes[j]["children"] = children[j];
  // The joints of a skin must have a common root.
  if (roots.size() > 1) {
    nodes.push_back({{"name", "skeleton"}, {"children", roots}});
    roots = Json::array({nodes.size() - 1});
  }
  json_["scene"] = 0;
  json_["scenes"] = Json::array({{{"nodes", roots}}});
}

void GlbWriter::write_materials() {
  if (mesh_ == nullptr) return;
  const auto mime_type = [](const std::vector<std::byte>& bytes) -> const char* {
    const auto starts = [&](std::string_view magic) {
      return bytes.size() >= magic.size() &&
             std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
    };
    if (starts("\x89PNG")) return "image/png";
    if (starts("\xff\xd8\xff")) return "image/jpeg";
    return nullptr;
  };
  for (const SkinnedMesh::Texture& texture : mesh_->textures) {
    const char* mime = mime_type(texture.bytes);
    if (mime == nullptr) {
      image_of_texture_.push_back(-1);
      continue;
    }
    const int view = add_view(texture.bytes.data(), texture.bytes.size(), 0);
    json_["images"].push_back({{"name", texture.name}, {"bufferView", view}, {"mimeType", mime}});
    const auto image = json_["images"].size() - 1;
    json_["textures"].push_back({{"source", image}});
    image_of_texture_.push_back(static_cast<int>(image));
  }
  for (const SkinnedMesh::Material& material : mesh_->materials) {
    Json pbr = {{"baseColorFactor", as_json(glm::clamp(material.base_color, 0.0f, 1.0f), 4)},
                {"metallicFactor", 0}};
    if (material.texture >= 0 && image_of_texture_[at(material.texture)] >= 0)
      pbr["baseColorTexture"] = {{"index", image_of_texture_[at(material.texture)]}};
    json_["materials"].push_back({{"name", material.name}, {"pbrMetallicRoughness", pbr}});
  }
}

// The first skin in which every palette entry of the part finds its place.
Result<std::size_t> GlbWriter::skin_of_part(const SkinnedMesh::Part& part) {
  SkinEntries entries(at(skeleton_.num_joints()), -1);
  for (std::uint32_t i = 0; i < part.num_indices; ++i) {
    const SkinnedMesh::Vertex& v = mesh_->vertices[mesh_->indices[part.first_index + i]];
    for (int k = 0; k < 4; ++k) {
      if (v.weights[k] == 0.0f) continue;
      const int entry = v.bones[at(k)];
      int& slot = entries[at(mesh_->bones[at(entry)].joint)];
      if (slot >= 0 && slot != entry)
        return Error{ErrorCode::unsupported,
                     "part '" + part.name + "' follows joint '" +
                         std::string(skeleton_.name(mesh_->bones[at(entry)].joint)) +
                         "' with two inverse bind matrices; glTF allows one per mesh"};
      slot = entry;
    }
  }
  const auto fits = [&](const SkinEntries& skin) {
    for (std::size_t j = 0; j < entries.size(); ++j)
      if (entries[j] >= 0 && skin[j] >= 0 && skin[j] != entries[j]) return false;
    return true;
  };
  auto skin = std::find_if(skins_.begin(), skins_.end(), fits);
  if (skin == skins_.end()) {
    skins_.emplace_back(entries.size(), -1);
    skin = skins_.end() - 1;
  }
  for (std::size_t j = 0; j < entries.size(); ++j)
    if (entries[j] >= 0) (*skin)[j] = entries[j];
  return static_cast<std::size_t>(skin - skins_.begin());
}

int GlbWriter::write_skin(const SkinEntries& entries, bool all_joints,
                          std::vector<int>& position_in_skin) {
  Json joints = Json::array();
  std::vector<Mat4> matrices;
  position_in_skin.assign(entries.size(), -1);
  for (std::size_t j = 0; j < entries.size(); ++j) {
    if (entries[j] < 0 && !all_joints) continue;
    position_in_skin[j] = static_cast<int>(joints.size());
    joints.push_back(j);
    Mat4 matrix =
        entries[j] >= 0 ? mesh_->bones[at(entries[j])].inverse_bind : glm::inverse(rest_models_[j]);
    // The last row must be 0, 0, 0, 1 to the bit.
    for (int c = 0; c < 4; ++c) matrix[c][3] = c == 3 ? 1.0f : 0.0f;
    matrices.push_back(matrix);
  }
  const int accessor = add_accessor(matrices.data(), matrices.size(), kFloat, "MAT4", sizeof(Mat4));
  json_["skins"].push_back({{"inverseBindMatrices", accessor}, {"joints", std::move(joints)}});
  return static_cast<int>(json_["skins"].size()) - 1;
}

Json GlbWriter::primitive(const SkinnedMesh::Part& part, const std::vector<int>& position_in_skin) {
  // Only the vertices of this part, in their order.
  std::vector<std::uint32_t> used(mesh_->indices.begin() + part.first_index,
                                  mesh_->indices.begin() + part.first_index + part.num_indices);
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  std::vector<Vec3> positions;
  std::vector<Vec3> normals;
  std::vector<Vec2> uvs;
  std::vector<std::array<std::uint16_t, 4>> joints;
  std::vector<Vec4> weights;
  Vec3 low(std::numeric_limits<float>::max());
  Vec3 high(std::numeric_limits<float>::lowest());
  for (const std::uint32_t i : used) {
    const SkinnedMesh::Vertex& v = mesh_->vertices[i];
    positions.push_back(v.position);
    low = glm::min(low, v.position);
    high = glm::max(high, v.position);
    normals.push_back(v.normal);
    uvs.push_back(v.uv);
    weights.push_back(v.weights);
    std::array<std::uint16_t, 4> joint{};
    for (std::size_t k = 0; k < 4; ++k)
      if (v.weights[static_cast<int>(k)] != 0.0f)
        joint[k] = static_cast<std::uint16_t>(position_in_skin[at(mesh_->bones[v.bones[k]].joint)]);
    joints.push_back(joint);
  }
  std::vector<std::uint32_t> indices;
  for (std::uint32_t i = 0; i < part.num_indices; ++i)
    indices.push_back(static_cast<std::uint32_t>(
        std::lower_bound(used.begin(), used.end(), mesh_->indices[part.first_index + i]) -
        used.begin()));

  const std::size_t n = used.size();
  Json attributes;
  attributes["POSITION"] =
      add_accessor(positions.data(), n, kFloat, "VEC3", sizeof(Vec3), kVertexBuffer);
  json_["accessors"].back()["min"] = as_json(low, 3);
  json_["accessors"].back()["max"] = as_json(high, 3);
  attributes["NORMAL"] =
      add_accessor(normals.data(), n, kFloat, "VEC3", sizeof(Vec3), kVertexBuffer);
  if (std::any_of(uvs.begin(), uvs.end(), [](const Vec2& uv) { return uv != Vec2(0.0f); }))
    attributes["TEXCOORD_0"] =
        add_accessor(uvs.data(), n, kFloat, "VEC2", sizeof(Vec2), kVertexBuffer);
  attributes["JOINTS_0"] =
      add_accessor(joints.data(), n, kUint16, "VEC4", sizeof joints[0], kVertexBuffer);
  attributes["WEIGHTS_0"] =
      add_accessor(weights.data(), n, kFloat, "VEC4", sizeof(Vec4), kVertexBuffer);
  int index_accessor = 0;
  // 65535 itself restarts a primitive.
  if (n < 65535) {
    const std::vector<std::uint16_t> narrow(indices.begin(), indices.end());
    index_accessor = add_accessor(narrow.data(), narrow.size(), kUint16, "SCALAR",
                                  sizeof(std::uint16_t), kIndexBuffer);
  } else {
    index_accessor = add_accessor(indices.data(), indices.size(), kUint32, "SCALAR",
                                  sizeof(std::uint32_t), kIndexBuffer);
  }
  return {{"attributes", std::move(attributes)},
          {"indices", index_accessor},
          {"material", part.material}};
}

Result<void> GlbWriter::write_mesh() {
  // The first skin lists every joint, so that a reader sees which nodes are joints.
  skins_.emplace_back(at(skeleton_.num_joints()), -1);
  std::vector<std::vector<const SkinnedMesh::Part*>> parts_of_skin(1);
  if (mesh_ != nullptr) {
    for (const SkinnedMesh::Part& part : mesh_->parts) {
      if (part.num_indices == 0) continue;
      const Result<std::size_t> skin = skin_of_part(part);
      if (!skin) return skin.error();
      parts_of_skin.resize(skins_.size());
      parts_of_skin[*skin].push_back(&part);
    }
  }
  for (std::size_t s = 0; s < skins_.size(); ++s) {
    std::vector<int> position_in_skin;
    const int skin = write_skin(skins_[s], s == 0, position_in_skin);
    for (const SkinnedMesh::Part* part : parts_of_skin[s]) {
      // One mesh per part keeps the parts' names.
      Json mesh;
      if (!part->name.empty()) mesh["name"] = part->name;
      mesh["primitives"] = Json::array({primitive(*part, position_in_skin)});
      json_["meshes"].push_back(std::move(mesh));
      Json node = {{"name", part->name.empty() ? "mesh" : part->name},
                   {"mesh", json_["meshes"].size() - 1},
                   {"skin", skin}};
      json_["nodes"].push_back(std::move(node));
      json_["scenes"][0]["nodes"].push_back(json_["nodes"].size() - 1);
    }
  }
  return {};
}

void GlbWriter::write_clip(const RawClip& clip) {
  const int frames = clip.num_frames();
  std::vector<float> times;
  for (int f = 0; f < frames; ++f)
    times.push_back(static_cast<float>(static_cast<double>(f) / static_cast<double>(clip.rate_hz)));
  const int input = add_accessor(times.data(), times.size(), kFloat, "SCALAR", sizeof(float));
  json_["accessors"].back()["min"] = Json::array({times.front()});
  json_["accessors"].back()["max"] = Json::array({times.back()});

  Json samplers = Json::array();
  Json channels = Json::array();
  const auto add = [&](int joint, const char* path, const void* data, const char* type,
                       std::size_t element_size) {
    const int output = add_accessor(data, at(frames), kFloat, type, element_size);
    samplers.push_back({{"input", input}, {"output", output}, {"interpolation", "LINEAR"}});
    channels.push_back(
        {{"sampler", samplers.size() - 1}, {"target", {{"node", joint}, {"path", path}}}});
  };
  for (int j = 0; j < clip.num_joints; ++j) {
    const Transform& rest = skeleton_.rest_pose()[at(j)];
    std::vector<Vec4> rotations;
    std::vector<Vec3> translations;
    std::vector<Vec3> scales;
    rotations.reserve(at(frames));
    translations.reserve(at(frames));
    scales.reserve(at(frames));
    bool turns = false;
    bool moves = false;
    bool grows = false;
    for (int f = 0; f < frames; ++f) {
      const Transform& key = clip.frame(f)[at(j)];
      const Quat unit = glm::normalize(key.rotation);
      rotations.emplace_back(unit.x, unit.y, unit.z, unit.w);
      translations.push_back(key.translation);
      scales.push_back(key.scale);
      turns = turns || key.rotation != rest.rotation;
      moves = moves || key.translation != rest.translation;
      grows = grows || key.scale != rest.scale;
    }
    // Something must tell how long a motionless clip lasts.
    if (turns || j == 0) add(j, "rotation", rotations.data(), "VEC4", sizeof(Vec4));
    if (moves) add(j, "translation", translations.data(), "VEC3", sizeof(Vec3));
    if (grows && skeleton_.has_scale()) add(j, "scale", scales.data(), "VEC3", sizeof(Vec3));
  }
  Json animation;
  if (!clip.name.empty()) animation["name"] = clip.name;
  animation["samplers"] = std::move(samplers);
  animation["channels"] = std::move(channels);
  animation["extras"] = {{"rate_hz", clip.rate_hz}, {"loop", clip.loop}};
  json_["animations"].push_back(std::move(animation));
}

Result<std::vector<std::byte>> GlbWriter::finish() {
  binary_.resize((binary_.size() + 3) / 4 * 4, std::byte{0});
  json_["buffers"] = Json::array({{{"byteLength", binary_.size()}}});
  // Names may hold bytes that are not UTF-8; JSON must not.
  std::string text = json_.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.resize((text.size() + 3) / 4 * 4, ' ');
  const std::uint64_t total = 12 + 8 + text.size() + 8 + binary_.size();
  if (total > std::numeric_limits<std::uint32_t>::max())
    return Error{ErrorCode::limit,
                 "the GLB would have " + std::to_string(total) + " bytes; its format allows 2^32"};
  std::vector<std::byte> out;
  out.reserve(total);
  const auto put = [&](const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::byte*>(data);
    out.insert(out.end(), bytes, bytes + size);
  };
  const std::array<std::uint32_t, 5> header = {0x46546C67u, 2u, static_cast<std::uint32_t>(total),
                                               static_cast<std::uint32_t>(text.size()),
                                               0x4E4F534Au};
  put(header.data(), sizeof header);
  put(text.data(), text.size());
  const std::array<std::uint32_t, 2> chunk = {static_cast<std::uint32_t>(binary_.size()),
                                              0x004E4942u};
  put(chunk.data(), sizeof chunk);
  put(binary_.data(), binary_.size());
  return out;
}

}  // namespace

Result<std::vector<std::byte>> write_glb(const Skeleton& skeleton, const SkinnedMesh* mesh,
                                         std::span<const RawClip> clips) {
  return GlbWriter(skeleton, mesh, clips).write();
}

}  // namespace canter::importer
