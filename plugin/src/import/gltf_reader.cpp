#include "import/gltf_reader.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <new>

#include "import/gltf_document.h"
#include "import/node_scene.h"

namespace canter::importer::detail {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

std::string place(const char* list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

// A value for a message; containers by their kind only, since printing them would recurse.
std::string shown(const Json& value) {
  return value.is_structured() ? value.type_name()
                               : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class GltfReader {
 public:
  GltfReader(std::span<const std::byte> bytes, std::string_view name, const Resolver& resolver)
      : doc_(bytes, name, resolver) {}

  NodeScene read() {
    scene_.format = doc_.is_binary() ? "glb" : "gltf";
    read_nodes();
    read_skins();
    read_materials();
    read_meshes();
    read_animations();
    return std::move(scene_);
  }

 private:
  void read_nodes();
  std::vector<char> nodes_in_scene() const;
  void read_skins();
  void read_materials();
  int read_texture(const Json& material, const std::string& where);
  void read_meshes();
  void read_primitive(const Json& primitive, const std::string& where, int node, int skin,
                      const std::string& name);
  std::vector<std::uint32_t> read_triangles(const Json& primitive, const std::string& where,
                                            std::size_t num_vertices);
  void read_influences(const Json& attributes, const std::string& where, MeshPart& part);
  void read_animations();
  Track read_track(const Json& sampler, const std::string& where, int components);
  void note(std::string code, std::string message, std::string evidence, std::string fix,
            FixState state) {
    scene_.findings.push_back(
        {std::move(code), std::move(message), std::move(evidence), std::move(fix), state});
  }

  GltfDocument doc_;
  NodeScene scene_;
  std::map<int, int> texture_of_image_;
  std::size_t num_vertices_ = 0;
  std::size_t num_indices_ = 0;
  std::size_t num_skipped_primitives_ = 0;
  bool morph_targets_ = false;
};

void GltfReader::read_nodes() {
  const std::size_t n = doc_.size("nodes");
  if (n > kMaxNodes)
    doc_.fail(ErrorCode::limit, "nodes: found " + std::to_string(n) + ", at most " +
                                    std::to_string(kMaxNodes) + " are supported");
  scene_.nodes.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::string where = place("nodes", i);
    const Json& object = doc_.item("nodes", i);
    Node& node = scene_.nodes[i];
    node.name = doc_.text(object, "name");
    if (node.name.empty()) node.name = "node_" + std::to_string(i);
    node.left_out = object.contains("camera") ||
                    (object.contains("extensions") && object["extensions"].is_object() &&
                     object["extensions"].contains("KHR_lights_punctual"));
    Mat4 matrix(1.0f);
    if (doc_.numbers(object, "matrix", {&matrix[0][0], 16}, where)) {
      set_matrix(node, matrix);
    } else {
      std::array<float, 4> rotation{0, 0, 0, 1};
      Transform local;
      doc_.numbers(object, "translation", {&local.translation.x, 3}, where);
      doc_.numbers(object, "scale", {&local.scale.x, 3}, where);
      doc_.numbers(object, "rotation", rotation, where);
      local.rotation = Quat(rotation[3], rotation[0], rotation[1], rotation[2]);
      set_local(node, local);
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    const Json& object = doc_.item("nodes", i);
    const auto children = object.find("children");
    if (children == object.end()) continue;
    if (!children->is_array()) doc_.fail(ErrorCode::bad_format, place("nodes", i) + ".children");
    for (const Json& child : *children) {
      if (!child.is_number_unsigned() || child.get<std::uint64_t>() >= n)
        doc_.fail(ErrorCode::bad_value, place("nodes", i) + ".children: found " + shown(child) +
                                            ", expected an index below " + std::to_string(n));
      Node& node = scene_.nodes[child.get<std::size_t>()];
      if (node.parent >= 0)
        doc_.fail(ErrorCode::bad_value, place("nodes", child.get<std::size_t>()) +
                                            " is a child of " + place("nodes", at(node.parent)) +
                                            " and of " + place("nodes", i));
      node.parent = static_cast<int>(i);
    }
  }
}

// Nodes of the default scene: only their meshes are drawn. Joints may lie elsewhere.
std::vector<char> GltfReader::nodes_in_scene() const {
  const std::size_t n = scene_.nodes.size();
  if (doc_.size("scenes") == 0) return std::vector<char>(n, 1);
  const int chosen = std::max(0, doc_.index(doc_.json(), "scene", "scenes", "glTF"));
  const Json& scene = doc_.item("scenes", at(chosen));
  std::vector<char> in_scene(n, 0);
  const auto roots = scene.find("nodes");
  if (roots == scene.end() || !roots->is_array()) return in_scene;
  std::vector<std::vector<int>> children(n);
  for (std::size_t i = 0; i < n; ++i)
    if (scene_.nodes[i].parent >= 0)
      children[at(scene_.nodes[i].parent)].push_back(static_cast<int>(i));
  std::vector<int> stack;
  for (const Json& root : *roots)
    if (root.is_number_unsigned() && root.get<std::uint64_t>() < n)
      stack.push_back(root.get<int>());
  while (!stack.empty()) {
    const int i = stack.back();
    stack.pop_back();
    if (in_scene[at(i)] != 0) continue;
    in_scene[at(i)] = 1;
    stack.insert(stack.end(), children[at(i)].begin(), children[at(i)].end());
  }
  return in_scene;
}

void GltfReader::read_skins() {
  for (std::size_t s = 0; s < doc_.size("skins"); ++s) {
    const std::string where = place("skins", s);
    const Json& object = doc_.item("skins", s);
    Skin skin;
    const auto joints = object.find("joints");
    if (joints == object.end() || !joints->is_array() || joints->empty())
      doc_.fail(ErrorCode::bad_format, where + " has no joints");
    for (const Json& joint : *joints) {
      if (!joint.is_number_unsigned() || joint.get<std::uint64_t>() >= scene_.nodes.size())
        doc_.fail(ErrorCode::bad_value, where + ".joints: found " + shown(joint) +
                                            ", expected an index below " +
                                            std::to_string(scene_.nodes.size()));
      skin.joints.push_back(joint.get<int>());
    }
    // Without matrices the mesh is in the space of each joint: glTF 2.0, section 3.7.3.1.
    skin.inverse_binds.assign(skin.joints.size(), Mat4(1.0f));
    const int accessor = doc_.index(object, "inverseBindMatrices", "accessors", where);
    if (accessor >= 0) {
      const FloatArray matrices = doc_.floats(accessor, 16);
      if (matrices.count() < skin.joints.size())
        doc_.fail(ErrorCode::bad_value, where + ": " + std::to_string(matrices.count()) +
                                            " inverse bind matrices for " +
                                            std::to_string(skin.joints.size()) + " joints");
      for (std::size_t j = 0; j < skin.joints.size(); ++j) {
        // The last row is 0, 0, 0, 1 by the standard; exporters' rounding is not meant.
        for (int c = 0; c < 4; ++c)
          for (int r = 0; r < 3; ++r) skin.inverse_binds[j][c][r] = matrices[j][4 * c + r];
      }
    }
    scene_.skins.push_back(std::move(skin));
  }
}

int GltfReader::read_texture(const Json& material, const std::string& where) {
  const auto pbr = material.find("pbrMetallicRoughness");
  if (pbr == material.end() || !pbr->is_object()) return -1;
  const auto slot = pbr->find("baseColorTexture");
  if (slot == pbr->end() || !slot->is_object()) return -1;
  const int texture = doc_.index(*slot, "index", "textures", where);
  if (texture < 0) return -1;
  const int image = doc_.index(doc_.item("textures", at(texture)), "source", "images",
                               place("textures", at(texture)));
  if (image < 0) return -1;
  if (const auto known = texture_of_image_.find(image); known != texture_of_image_.end())
    return known->second;

  const Json& object = doc_.item("images", at(image));
  const std::string uri = doc_.text(object, "uri");
  SkinnedMesh::Texture out;
  out.name = doc_.text(object, "name");
  if (out.name.empty())
    out.name = uri.empty() || uri.rfind("data:", 0) == 0 ? "image_" + std::to_string(image) : uri;
  const int view = doc_.index(object, "bufferView", "bufferViews", place("images", at(image)));
  if (view >= 0) {
    const auto bytes = doc_.view(view);
    out.bytes.assign(bytes.begin(), bytes.end());
  } else {
    Result<std::vector<std::byte>> got = doc_.uri(uri);
    if (!got) {
      note("texture_missing", "A texture could not be read; the material keeps its plain colour.",
           got.error().message, "put the file beside the model", FixState::none);
      texture_of_image_[image] = -1;
      return -1;
    }
    out.bytes = std::move(*got);
  }
  const int index = static_cast<int>(scene_.textures.size());
  scene_.textures.push_back(std::move(out));
  texture_of_image_[image] = index;
  return index;
}

void GltfReader::read_materials() {
  for (std::size_t m = 0; m < doc_.size("materials"); ++m) {
    const std::string where = place("materials", m);
    const Json& object = doc_.item("materials", m);
    SkinnedMesh::Material material;
    material.name = doc_.text(object, "name");
    if (material.name.empty()) material.name = "material_" + std::to_string(m);
    material.base_color = Vec4(1.0f);
    if (const auto pbr = object.find("pbrMetallicRoughness");
        pbr != object.end() && pbr->is_object())
      doc_.numbers(*pbr, "baseColorFactor", {&material.base_color.x, 4}, where);
    material.texture = read_texture(object, where);
    scene_.materials.push_back(std::move(material));
  }
}

void GltfReader::read_meshes() {
  const std::vector<char> drawn = nodes_in_scene();
  for (std::size_t n = 0; n < scene_.nodes.size(); ++n) {
    const std::string node_place = place("nodes", n);
    const Json& node = doc_.item("nodes", n);
    const int mesh = doc_.index(node, "mesh", "meshes", node_place);
    const int skin = doc_.index(node, "skin", "skins", node_place);
    if (mesh < 0 || drawn[n] == 0) continue;
    const Json& object = doc_.item("meshes", at(mesh));
    const auto primitives = object.find("primitives");
    if (primitives == object.end() || !primitives->is_array()) continue;
    for (std::size_t p = 0; p < primitives->size(); ++p) {
      const std::string where = place("meshes", at(mesh)) + "." + place("primitives", p);
      if (!(*primitives)[p].is_object()) doc_.fail(ErrorCode::bad_format, where);
      const std::string mesh_name = doc_.text(object, "name");
      read_primitive((*primitives)[p], where, static_cast<int>(n), skin,
                     mesh_name.empty() ? scene_.nodes[n].name : mesh_name);
    }
  }
  if (num_skipped_primitives_ > 0)
    note("primitives_skipped", "Points, lines and primitives without positions were left out.",
         std::to_string(num_skipped_primitives_) + " primitives", "left out", FixState::applied);
  if (morph_targets_)
    note("morph_targets_ignored", "The mesh has morph targets, which are not played.", "", "",
         FixState::none);
}

void GltfReader::read_primitive(const Json& primitive, const std::string& where, int node, int skin,
                                const std::string& name) {
  const auto attributes = primitive.find("attributes");
  const std::size_t mode = doc_.count(primitive, "mode", 4, where);
  const bool has_attributes = attributes != primitive.end() && attributes->is_object();
  const int positions =
      has_attributes ? doc_.index(*attributes, "POSITION", "accessors", where) : -1;
  if (positions < 0 || mode < 4 || mode > 6) {
    ++num_skipped_primitives_;
    return;
  }
  morph_targets_ = morph_targets_ || primitive.contains("targets");
  // The same primitive may be drawn by many nodes: count before reading it again.
  num_vertices_ += doc_.accessor_count(positions);
  if (num_vertices_ > kMaxVertices)
    doc_.fail(ErrorCode::limit,
              where + ": more than " + std::to_string(kMaxVertices) + " vertices in all");
  MeshPart part;
  part.name = name;
  part.node = node;
  part.material = doc_.index(primitive, "material", "materials", where);
  const FloatArray p = doc_.floats(positions, 3);
  const auto checked_count = [&](std::size_t count, const char* attribute) {
    if (count != p.count())
      doc_.fail(ErrorCode::bad_value, where + "." + attribute + ": " + std::to_string(count) +
                                          " elements for " + std::to_string(p.count()) +
                                          " positions");
  };
  for (std::size_t i = 0; i < p.count(); ++i)
    part.positions.emplace_back(p[i][0], p[i][1], p[i][2]);
  if (const int normals = doc_.index(*attributes, "NORMAL", "accessors", where); normals >= 0) {
    const FloatArray n = doc_.floats(normals, 3);
    checked_count(n.count(), "NORMAL");
    for (std::size_t i = 0; i < n.count(); ++i)
      part.normals.emplace_back(n[i][0], n[i][1], n[i][2]);
  }
  if (const int uvs = doc_.index(*attributes, "TEXCOORD_0", "accessors", where); uvs >= 0) {
    const FloatArray t = doc_.floats(uvs, 2);
    checked_count(t.count(), "TEXCOORD_0");
    for (std::size_t i = 0; i < t.count(); ++i) part.uvs.emplace_back(t[i][0], t[i][1]);
  }
  if (skin >= 0 && attributes->contains("JOINTS_0")) {
    part.skin = skin;
    read_influences(*attributes, where, part);
  }
  part.indices = read_triangles(primitive, where, p.count());
  scene_.parts.push_back(std::move(part));
}

std::vector<std::uint32_t> GltfReader::read_triangles(const Json& primitive,
                                                      const std::string& where,
                                                      std::size_t num_vertices) {
  const int accessor = doc_.index(primitive, "indices", "accessors", where);
  const std::size_t n = accessor >= 0 ? doc_.accessor_count(accessor) : num_vertices;
  num_indices_ += 3 * n;
  if (num_indices_ > 3 * kMaxIndices)
    doc_.fail(ErrorCode::limit,
              where + ": more than " + std::to_string(kMaxIndices) + " indices in all");
  std::vector<std::uint32_t> corners;
  if (accessor >= 0) {
    corners = doc_.integers(accessor, 1);
  } else {
    for (std::size_t i = 0; i < n; ++i) corners.push_back(static_cast<std::uint32_t>(i));
  }
  for (const std::uint32_t corner : corners)
    if (corner >= num_vertices)
      doc_.fail(ErrorCode::bad_value, where + ".indices: found " + std::to_string(corner) +
                                          ", expected a vertex below " +
                                          std::to_string(num_vertices));
  const std::size_t mode = doc_.count(primitive, "mode", 4, where);
  if (mode == 4) {
    corners.resize(corners.size() / 3 * 3);
    return corners;
  }
  // Strips and fans: glTF 2.0, section 3.7.2.1.
  std::vector<std::uint32_t> triangles;
  for (std::size_t i = 2; i < corners.size(); ++i) {
    if (mode == 6)
      triangles.insert(triangles.end(), {corners[0], corners[i - 1], corners[i]});
    else if (i % 2 == 0)
      triangles.insert(triangles.end(), {corners[i - 2], corners[i - 1], corners[i]});
    else
      triangles.insert(triangles.end(), {corners[i - 1], corners[i - 2], corners[i]});
  }
  return triangles;
}

void GltfReader::read_influences(const Json& attributes, const std::string& where, MeshPart& part) {
  part.influences.resize(part.positions.size());
  constexpr int kMaxSets = 8;
  for (int set = 0; set < kMaxSets; ++set) {
    const std::string joints_name = "JOINTS_" + std::to_string(set);
    const std::string weights_name = "WEIGHTS_" + std::to_string(set);
    const int joints = doc_.index(attributes, joints_name.c_str(), "accessors", where);
    const int weights = doc_.index(attributes, weights_name.c_str(), "accessors", where);
    if (joints < 0 || weights < 0) return;
    const std::vector<std::uint32_t> j = doc_.integers(joints, 4);
    const FloatArray w = doc_.floats(weights, 4);
    if (j.size() != 4 * part.positions.size() || w.count() != part.positions.size())
      doc_.fail(ErrorCode::bad_value, where + "." + joints_name + ": " +
                                          std::to_string(j.size() / 4) + " joints and " +
                                          std::to_string(w.count()) + " weights for " +
                                          std::to_string(part.positions.size()) + " positions");
    for (std::size_t i = 0; i < j.size(); ++i) part.influences[i / 4].add(j[i], w.values[i]);
  }
}

Track GltfReader::read_track(const Json& sampler, const std::string& where, int components) {
  Track track;
  const std::string interpolation = doc_.text(sampler, "interpolation");
  if (interpolation == "STEP")
    track.interpolation = Interpolation::step;
  else if (interpolation == "CUBICSPLINE")
    track.interpolation = Interpolation::cubic_spline;
  else if (!interpolation.empty() && interpolation != "LINEAR")
    doc_.fail(ErrorCode::bad_value, where + ".interpolation: found '" + interpolation +
                                        "', expected LINEAR, STEP or CUBICSPLINE");
  const int input = doc_.index(sampler, "input", "accessors", where);
  const int output = doc_.index(sampler, "output", "accessors", where);
  if (input < 0 || output < 0)
    doc_.fail(ErrorCode::bad_format, where + " has no input or no output");
  const FloatArray times = doc_.floats(input, 1);
  const FloatArray values = doc_.floats(output, components);
  const std::size_t per_key = track.interpolation == Interpolation::cubic_spline ? 3 : 1;
  if (times.count() == 0 || values.count() != times.count() * per_key)
    doc_.fail(ErrorCode::bad_value, where + ": " + std::to_string(times.count()) +
                                        " key times and " + std::to_string(values.count()) +
                                        " values; expected " + std::to_string(per_key) +
                                        " per key and at least one key");
  for (std::size_t i = 0; i < times.count(); ++i) {
    const double t = static_cast<double>(times.values[i]);
    if (t < 0.0 || (i > 0 && t < track.times_s.back()))
      doc_.fail(ErrorCode::bad_value, where + ": key " + std::to_string(i) + " at " +
                                          std::to_string(t) +
                                          " s; expected ascending times from 0");
    track.times_s.push_back(t);
  }
  for (std::size_t i = 0; i < values.count(); ++i)
    track.values.emplace_back(values[i][0], values[i][1], values[i][2],
                              components == 4 ? values[i][3] : 0.0f);
  return track;
}

void GltfReader::read_animations() {
  std::size_t num_values = 0;
  for (std::size_t a = 0; a < doc_.size("animations"); ++a) {
    const Json& object = doc_.item("animations", a);
    Animation animation;
    animation.name = doc_.text(object, "name");
    if (animation.name.empty()) animation.name = "animation_" + std::to_string(a);
    const auto channels = object.find("channels");
    const auto samplers = object.find("samplers");
    if (channels == object.end() || !channels->is_array() || samplers == object.end() ||
        !samplers->is_array())
      doc_.fail(ErrorCode::bad_format, place("animations", a) + " has no channels or no samplers");
    // What our own writer notes down.
    if (const auto extras = object.find("extras"); extras != object.end() && extras->is_object()) {
      animation.rate_hint = doc_.number(*extras, "rate_hz", 0.0, place("animations", a));
      if (const auto loop = extras->find("loop"); loop != extras->end() && loop->is_boolean())
        animation.loop = loop->get<bool>();
    }
    std::map<int, std::size_t> tracks_of_node;
    for (std::size_t c = 0; c < channels->size(); ++c) {
      const std::string where = place("animations", a) + "." + place("channels", c);
      const Json& channel = (*channels)[c];
      if (!channel.is_object() || !channel.contains("target") || !channel["target"].is_object())
        doc_.fail(ErrorCode::bad_format, where + " has no target");
      const int node = doc_.index(channel["target"], "node", "nodes", where + ".target");
      const std::string path = doc_.text(channel["target"], "path");
      const std::size_t s = doc_.count(channel, "sampler", samplers->size(), where);
      if (s >= samplers->size() || !(*samplers)[s].is_object())
        doc_.fail(ErrorCode::bad_value, where + ".sampler does not exist");
      if (node < 0) continue;
      morph_targets_ = morph_targets_ || path == "weights";
      if (path != "translation" && path != "rotation" && path != "scale") continue;
      const auto [entry, added] = tracks_of_node.try_emplace(node, animation.nodes.size());
      if (added) animation.nodes.push_back({node, {}, {}, {}});
      NodeTracks& tracks = animation.nodes[entry->second];
      Track track = read_track((*samplers)[s], place("animations", a) + "." + place("samplers", s),
                               path == "rotation" ? 4 : 3);
      // Many channels may name one long sampler.
      num_values += track.values.size();
      if (num_values > kMaxClipKeys)
        doc_.fail(ErrorCode::limit,
                  where + ": more than " + std::to_string(kMaxClipKeys) + " keys in all");
      (path == "rotation"      ? tracks.rotation
       : path == "translation" ? tracks.translation
                               : tracks.scale) = std::move(track);
    }
    scene_.animations.push_back(std::move(animation));
  }
}

}  // namespace

bool looks_like_gltf(std::span<const std::byte> bytes) {
  if (bytes.size() >= 4 && std::memcmp(bytes.data(), "glTF", 4) == 0) return true;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t start = text.find_first_not_of("\xef\xbb\xbf \t\r\n");
  return start != std::string_view::npos && text[start] == '{' &&
         text.find("\"asset\"") != std::string_view::npos;
}

Result<Scene> read_gltf(std::span<const std::byte> bytes, std::string_view name,
                        const Options& options, const Resolver& resolver) {
  try {
    return build_scene(GltfReader(bytes, name, resolver).read(), name, options);
  } catch (const GltfError& e) {
    return e.error;
  } catch (const Json::exception& e) {
    return Error{ErrorCode::bad_format, std::string(name) + ": " + e.what()};
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::limit, std::string(name) + ": not enough memory to read the file"};
  }
}

}  // namespace canter::importer::detail
