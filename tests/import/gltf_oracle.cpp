#include "gltf_oracle.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <glm/gtc/matrix_transform.hpp>
#include <nlohmann/json.hpp>

#include "test_data.h"

namespace canter::test {
namespace {

using Json = nlohmann::json;

std::vector<std::byte> from_base64(const std::string& text) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::byte> out;
  unsigned bits = 0;
  int n = 0;
  for (const char c : text) {
    const std::size_t v = alphabet.find(c);
    if (v == std::string::npos) break;
    bits = bits << 6 | static_cast<unsigned>(v);
    if ((n += 6) >= 8) out.push_back(static_cast<std::byte>(bits >> (n -= 8) & 0xffu));
  }
  return out;
}

}  // namespace

struct GltfOracle::State {
  Json json;
  std::vector<std::vector<std::byte>> buffers;

  std::vector<std::vector<double>> read(std::size_t accessor) const;
  std::vector<double> channel(const Json& sampler, double t, bool rotation) const;
  std::vector<glm::dmat4> globals(int animation, double t) const;
};

std::vector<std::vector<double>> GltfOracle::State::read(std::size_t accessor) const {
  const Json& a = json["accessors"][accessor];
  const Json& view = json["bufferViews"][a["bufferView"].get<std::size_t>()];
  const std::string type = a["type"];
  const std::size_t width = type == "SCALAR" ? 1
                            : type == "VEC2" ? 2
                            : type == "VEC3" ? 3
                            : type == "VEC4" ? 4
                                             : 16;
  const int component = a["componentType"];
  const std::size_t bytes = component == 5121 ? 1 : component == 5123 ? 2 : 4;
  const std::size_t stride = view.value("byteStride", width * bytes);
  const std::byte* start = buffers[view["buffer"].get<std::size_t>()].data() +
                           view.value("byteOffset", std::size_t{0}) +
                           a.value("byteOffset", std::size_t{0});
  std::vector<std::vector<double>> out(a["count"].get<std::size_t>());
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (std::size_t c = 0; c < width; ++c) {
      const std::byte* p = start + i * stride + c * bytes;
      if (component == 5126) {
        float v = 0;
        std::memcpy(&v, p, 4);
        out[i].push_back(static_cast<double>(v));
      } else {
        std::uint32_t v = 0;
        std::memcpy(&v, p, bytes);
        out[i].push_back(v);
      }
    }
  }
  return out;
}

// glTF 2.0, appendix C.
std::vector<double> GltfOracle::State::channel(const Json& sampler, double t, bool rotation) const {
  const auto times = read(sampler["input"]);
  const auto values = read(sampler["output"]);
  const std::string kind = sampler.value("interpolation", "LINEAR");
  const std::size_t n = times.size();
  const auto at_key = [&](std::size_t k) { return values[kind == "CUBICSPLINE" ? 3 * k + 1 : k]; };
  for (std::size_t k = 0; k < n; ++k)
    if (std::abs(times[k][0] - t) < 1e-4) return at_key(k);
  if (t <= times.front()[0]) return at_key(0);
  if (t >= times.back()[0]) return at_key(n - 1);
  std::size_t k = 0;
  while (times[k + 1][0] <= t) ++k;
  if (kind == "STEP") return at_key(k);
  const double span = times[k + 1][0] - times[k][0];
  const double s = (t - times[k][0]) / span;
  const std::vector<double> a = at_key(k);
  const std::vector<double> b = at_key(k + 1);
  std::vector<double> out(a.size());
  if (kind == "CUBICSPLINE") {
    for (std::size_t c = 0; c < a.size(); ++c)
      out[c] = (2 * s * s * s - 3 * s * s + 1) * a[c] +
               span * (s * s * s - 2 * s * s + s) * values[3 * k + 2][c] +
               (3 * s * s - 2 * s * s * s) * b[c] +
               span * (s * s * s - s * s) * values[3 * (k + 1)][c];
  } else if (rotation) {
    double dot = 0;
    for (std::size_t c = 0; c < 4; ++c) dot += a[c] * b[c];
    const double sign = dot < 0 ? -1.0 : 1.0;
    const double angle = std::acos(std::min(1.0, std::abs(dot)));
    const double wa = angle < 1e-9 ? 1 - s : std::sin((1 - s) * angle) / std::sin(angle);
    const double wb = angle < 1e-9 ? s : std::sin(s * angle) / std::sin(angle);
    for (std::size_t c = 0; c < 4; ++c) out[c] = wa * a[c] + sign * wb * b[c];
  } else {
    for (std::size_t c = 0; c < a.size(); ++c) out[c] = (1 - s) * a[c] + s * b[c];
  }
  return out;
}

std::vector<glm::dmat4> GltfOracle::State::globals(int animation, double t) const {
  const Json& nodes = json["nodes"];
  std::vector<Json> posed(nodes.begin(), nodes.end());
  if (animation >= 0) {
    const Json& a = json["animations"][static_cast<std::size_t>(animation)];
    for (const Json& c : a["channels"]) {
      const std::string path = c["target"]["path"];
      posed[c["target"]["node"].get<std::size_t>()][path] =
          channel(a["samplers"][c["sampler"].get<std::size_t>()], t, path == "rotation");
    }
  }
  std::vector<glm::dmat4> locals;
  std::vector<int> parents(nodes.size(), -1);
  for (std::size_t i = 0; i < posed.size(); ++i) {
    const Json& n = posed[i];
    if (n.contains("matrix")) {
      glm::dmat4 m(1.0);
      for (int k = 0; k < 16; ++k) m[k / 4][k % 4] = n["matrix"][static_cast<std::size_t>(k)];
      locals.push_back(m);
    } else {
      const auto v = n.value("translation", std::vector<double>{0, 0, 0});
      const auto q = n.value("rotation", std::vector<double>{0, 0, 0, 1});
      const auto s = n.value("scale", std::vector<double>{1, 1, 1});
      locals.push_back(glm::translate(glm::dmat4(1.0), {v[0], v[1], v[2]}) *
                       glm::mat4_cast(glm::normalize(glm::dquat(q[3], q[0], q[1], q[2]))) *
                       glm::scale(glm::dmat4(1.0), {s[0], s[1], s[2]}));
    }
    for (const Json& child : n.value("children", Json::array()))
      parents[child.get<std::size_t>()] = static_cast<int>(i);
  }
  std::vector<glm::dmat4> out;
  for (std::size_t i = 0; i < locals.size(); ++i) {
    glm::dmat4 m = locals[i];
    for (int p = parents[i]; p >= 0; p = parents[static_cast<std::size_t>(p)])
      m = locals[static_cast<std::size_t>(p)] * m;
    out.push_back(m);
  }
  return out;
}

GltfOracle::GltfOracle(const std::filesystem::path& path) : state_(new State) {
  const std::vector<std::byte> file = read_file(path);
  const auto* text = reinterpret_cast<const char*>(file.data());
  std::vector<std::byte> chunk;
  if (path.extension() == ".glb") {
    std::uint32_t length = 0;
    std::memcpy(&length, file.data() + 12, 4);
    state_->json = Json::parse(text + 20, text + 20 + length);
    chunk.assign(file.begin() + 28 + length, file.end());
  } else {
    state_->json = Json::parse(text, text + file.size());
  }
  for (const Json& buffer : state_->json["buffers"]) {
    const std::string uri = buffer.value("uri", "");
    if (uri.empty())
      state_->buffers.push_back(chunk);
    else if (uri.rfind("data:", 0) == 0)
      state_->buffers.push_back(from_base64(uri.substr(uri.find(',') + 1)));
    else
      state_->buffers.push_back(read_file(path.parent_path() / uri));
  }
}

GltfOracle::~GltfOracle() {
  delete state_;
}

int GltfOracle::num_animations() const {
  return static_cast<int>(state_->json.value("animations", Json::array()).size());
}

std::vector<glm::dvec3> GltfOracle::skinned(int animation, double time_s) const {
  const Json& json = state_->json;
  const std::vector<glm::dmat4> globals = state_->globals(animation, time_s);
  std::vector<glm::dvec3> out;
  for (std::size_t n = 0; n < json["nodes"].size(); ++n) {
    const Json& node = json["nodes"][n];
    if (!node.contains("mesh")) continue;
    for (const Json& primitive : json["meshes"][node["mesh"].get<std::size_t>()]["primitives"]) {
      const Json& attributes = primitive["attributes"];
      const auto positions = state_->read(attributes["POSITION"]);
      const bool skinned = node.contains("skin");
      std::vector<std::vector<double>> joints;
      std::vector<std::vector<double>> weights;
      std::vector<glm::dmat4> palette;
      if (skinned) {
        joints = state_->read(attributes["JOINTS_0"]);
        weights = state_->read(attributes["WEIGHTS_0"]);
        const Json& skin = json["skins"][node["skin"].get<std::size_t>()];
        for (std::size_t j = 0; j < skin["joints"].size(); ++j) {
          glm::dmat4 bind(1.0);
          if (skin.contains("inverseBindMatrices")) {
            const auto m = state_->read(skin["inverseBindMatrices"])[j];
            for (int k = 0; k < 16; ++k) bind[k / 4][k % 4] = m[static_cast<std::size_t>(k)];
          }
          palette.push_back(globals[skin["joints"][j].get<std::size_t>()] * bind);
        }
      }
      for (std::size_t v = 0; v < positions.size(); ++v) {
        const glm::dvec4 p(positions[v][0], positions[v][1], positions[v][2], 1.0);
        if (!skinned) {
          out.emplace_back(globals[n] * p);
          continue;
        }
        glm::dvec4 sum(0.0);
        double total = 0.0;
        for (std::size_t k = 0; k < 4; ++k) {
          sum += weights[v][k] * (palette[static_cast<std::size_t>(joints[v][k])] * p);
          total += weights[v][k];
        }
        out.emplace_back(sum / total);
      }
    }
  }
  return out;
}

}  // namespace canter::test
