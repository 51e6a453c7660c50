#include "generate/character.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <glm/geometric.hpp>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "canter/anim/local_to_model.h"
#include "canter/anim/pose.h"

using namespace canter;
using namespace canter::generate;

namespace {

/// Meshing takes seconds: once for all cases.
const Character& character() {
  static const Character made = make_character();
  return made;
}

std::vector<Vec3> bind_positions() {
  std::vector<Vec3> out;
  for (const SkinnedMesh::Vertex& v : character().mesh.vertices) out.push_back(v.position);
  return out;
}

double volume(const std::vector<Vec3>& p) {
  double sum = 0.0;
  const auto& index = character().mesh.indices;
  for (std::size_t i = 0; i < index.size(); i += 3)
    sum += glm::dot(p[index[i]], glm::cross(p[index[i + 1]], p[index[i + 2]])) / 6.0;
  return sum;
}

double area(const std::vector<Vec3>& p, std::size_t triangle) {
  const std::uint32_t* t = &character().mesh.indices[3 * triangle];
  return 0.5 * glm::length(glm::cross(p[t[1]] - p[t[0]], p[t[2]] - p[t[0]]));
}

/// The mesh with some joints turned by rotation vectors in degrees, skinned by the CPU reference.
std::vector<Vec3> posed(const std::map<int, Vec3>& turns) {
  Pose pose(character().skeleton);
  for (const auto& [joint, degrees] : turns) {
    Transform t = pose.get(joint);
    t.rotation = exp_rotation(degrees * kPi / 180.0f);
    pose.set(joint, t);
  }
  const SkinnedMesh& mesh = character().mesh;
  std::vector<Mat4> models(kNumJoints);
  std::vector<Mat4> palette(mesh.bones.size());
  local_to_model(character().skeleton, Mat4(1.0f), pose, models);
  skinning_matrices(mesh.bones, models, palette);
  std::vector<Vec3> out(mesh.vertices.size());
  skin(mesh, palette, out, {});
  return out;
}

}  // namespace

TEST_CASE("the character's mesh is closed, manifold and of the stated size") {
  const SkinnedMesh& mesh = character().mesh;
  REQUIRE(validate(mesh, character().skeleton).ok());
  CHECK(mesh.vertices.size() > 8000);
  CHECK(mesh.vertices.size() < 12000);
  // Closed and consistently wound: every edge exactly once in each direction.
  std::set<std::pair<std::uint32_t, std::uint32_t>> edges;
  bool twice = false;
  for (std::size_t i = 0; i < mesh.indices.size(); i += 3)
    for (std::size_t k = 0; k < 3; ++k)
      twice |= !edges.insert({mesh.indices[i + k], mesh.indices[i + (k + 1) % 3]}).second;
  CHECK_FALSE(twice);
  std::size_t open = 0;
  for (const auto& [a, b] : edges) open += edges.count({b, a}) == 0 ? 1 : 0;
  CHECK(open == 0);
  // One piece without handles: V - E + F = 2.
  const auto faces = mesh.indices.size() / 3;
  CHECK(mesh.vertices.size() + faces == edges.size() / 2 + 2);
  // Manifold at the vertices too: the faces around each form one ring, so as many as neighbours.
  std::vector<std::size_t> ring(mesh.vertices.size(), 0);
  for (const auto& edge : edges) ++ring[edge.first];
  CHECK(*std::min_element(ring.begin(), ring.end()) >= 3);
  CHECK(volume(bind_positions()) > 0.045);
  CHECK(volume(bind_positions()) < 0.065);
}

TEST_CASE("the character stands on the ground, faces +Z and is symmetric") {
  Vec3 low(1e9f);
  Vec3 high(-1e9f);
  std::set<std::tuple<float, float, float>> places;
  for (const SkinnedMesh::Vertex& v : character().mesh.vertices) {
    low = glm::min(low, v.position);
    high = glm::max(high, v.position);
    places.insert({v.position.x, v.position.y, v.position.z});
    CHECK(std::abs(glm::length(v.normal) - 1.0f) < 1e-5f);
  }
  CHECK(low.y >= -0.001f);
  CHECK(low.y < 0.003f);
  CHECK(high.y > 1.62f);
  CHECK(high.y < 1.75f);
  std::size_t without_twin = 0;
  for (const auto& [x, y, z] : places) without_twin += places.count({-x, y, z}) == 0 ? 1 : 0;
  CHECK(without_twin == 0);
  const Skeleton& skeleton = character().skeleton;
  CHECK(skeleton.rest_pose()[kLeftToeBase].translation.z > 0.05f);
  CHECK(skeleton.rest_pose()[kLeftUpLeg].translation.x > 0.0f);
}

TEST_CASE("triangles are well shaped") {
  const SkinnedMesh& mesh = character().mesh;
  double smallest = 180.0;
  std::size_t below_30 = 0;
  for (std::size_t i = 0; i < mesh.indices.size(); i += 3) {
    double angle = 180.0;
    for (std::size_t k = 0; k < 3; ++k) {
      const Vec3 at = mesh.vertices[mesh.indices[i + k]].position;
      const Vec3 u = glm::normalize(mesh.vertices[mesh.indices[i + (k + 1) % 3]].position - at);
      const Vec3 v = glm::normalize(mesh.vertices[mesh.indices[i + (k + 2) % 3]].position - at);
      angle = std::min(angle, std::acos(std::clamp<double>(glm::dot(u, v), -1, 1)) * 180 / kPi);
    }
    smallest = std::min(smallest, angle);
    if (angle < 30.0) ++below_30;
  }
  MESSAGE("smallest angle ", smallest, " degrees; below 30 degrees: ", below_30, " triangles");
  CHECK(smallest > 8.0);
  CHECK(static_cast<double>(below_30) < 0.01 * static_cast<double>(mesh.indices.size() / 3));
}

TEST_CASE("no vertex follows a far joint") {
  const Character& c = character();
  for (std::size_t i = 0; i < c.mesh.vertices.size(); ++i) {
    const SkinnedMesh::Vertex& v = c.mesh.vertices[i];
    float sum = 0.0f;
    int strongest = 0;
    for (int k = 0; k < 4; ++k) {
      sum += v.weights[k];
      if (v.weights[k] > v.weights[strongest]) strongest = k;
    }
    CHECK(std::abs(sum - 1.0f) < 1e-5f);
    // Influences are within two steps of the strongest one in the hierarchy (its parent's other
    // children count as two).
    const auto path_to_root = [&](int joint) {
      std::vector<int> path;
      for (; joint >= 0; joint = c.skeleton.parent(joint)) path.push_back(joint);
      return path;
    };
    const auto main = path_to_root(v.bones[static_cast<std::size_t>(strongest)]);
    for (int k = 0; k < 4; ++k) {
      if (v.weights[k] == 0.0f) continue;
      const auto other = path_to_root(v.bones[static_cast<std::size_t>(k)]);
      std::size_t shared = 0;
      while (shared < std::min(main.size(), other.size()) &&
             main[main.size() - 1 - shared] == other[other.size() - 1 - shared])
        ++shared;
      const std::size_t steps = main.size() + other.size() - 2 * shared;
      INFO("vertex ", i, " follows ", c.skeleton.name(v.bones[static_cast<std::size_t>(k)]),
           " beside ", c.skeleton.name(v.bones[static_cast<std::size_t>(strongest)]));
      CHECK(steps <= 3);
    }
    // No arm joint moves a vertex of the other side, and none of the trunk's middle.
    for (int k = 0; k < 4; ++k) {
      const int bone = v.bones[static_cast<std::size_t>(k)];
      if (v.weights[k] > 0.0f && bone >= kLeftArm && bone <= kLeftHandMiddle1)
        CHECK(v.position.x > 0.05f);
    }
  }
}

TEST_CASE("neighbouring vertices have similar weights") {
  const SkinnedMesh& mesh = character().mesh;
  const auto weight = [&](std::uint32_t vertex, int joint) {
    float sum = 0.0f;
    for (int k = 0; k < 4; ++k)
      if (mesh.vertices[vertex].bones[static_cast<std::size_t>(k)] == joint)
        sum += mesh.vertices[vertex].weights[k];
    return sum;
  };
  float largest = 0.0f;
  for (std::size_t i = 0; i < mesh.indices.size(); i += 3)
    for (int j = 0; j < kNumJoints; ++j)
      largest =
          std::max(largest, std::abs(weight(mesh.indices[i], j) - weight(mesh.indices[i + 1], j)));
  MESSAGE("largest step of a weight along an edge ", largest);
  CHECK(largest < 0.55f);
}

TEST_CASE("bends keep the volume and collapse no triangle") {
  struct Bend {
    const char* name;
    std::map<int, Vec3> turns;
    double least_volume;  // share of the rest volume kept
  };
  // Rotation vectors in degrees. An elbow bends about the front-lateral axis of the rest pose.
  const float e = 120.0f * 0.70711f;
  const std::vector<Bend> bends = {
      {"elbows 120", {{kLeftForeArm, {-e, -e, 0}}, {kRightForeArm, {-e, e, 0}}}, 0.985},
      {"knees 120", {{kLeftLeg, {120, 0, 0}}, {kRightLeg, {120, 0, 0}}}, 0.965},
      {"arms up", {{kLeftArm, {0, 0, 125}}, {kRightArm, {0, 0, -125}}}, 0.965},
      {"arms down", {{kLeftArm, {0, 0, -40}}, {kRightArm, {0, 0, 40}}}, 0.985},
      {"hips 110", {{kLeftUpLeg, {-110, 0, 0}}, {kRightUpLeg, {-110, 0, 0}}}, 0.93},
      {"arm twist 80", {{kLeftArm, {56, -56, 0}}, {kRightArm, {56, 56, 0}}}, 0.975},
      {"hand twist 70", {{kLeftHand, {49, -49, 0}}, {kRightHand, {49, 49, 0}}}, 0.995},
      {"spine 60", {{kSpine, {20, 0, 0}}, {kSpine1, {20, 0, 0}}, {kSpine2, {20, 0, 0}}}, 0.97},
  };
  const std::vector<Vec3> rest = bind_positions();
  const double rest_volume = volume(rest);
  for (const Bend& bend : bends) {
    const std::vector<Vec3> p = posed(bend.turns);
    double worst = 1e9;
    std::size_t crushed = 0;  // below a tenth of their area
    for (std::size_t t = 0; t < character().mesh.indices.size() / 3; ++t) {
      const double ratio = area(p, t) / area(rest, t);
      worst = std::min(worst, ratio);
      if (ratio < 0.1) ++crushed;
    }
    const double kept = volume(p) / rest_volume;
    MESSAGE(std::string(bend.name), ": volume ", kept, ", smallest area ratio ", worst,
            ", below 0.1: ", crushed);
    CHECK(kept > bend.least_volume);
    CHECK(kept < 1.05);
    CHECK(crushed < character().mesh.indices.size() / 3 / 200);
  }
}

TEST_CASE("limbs keep their girth in a bend") {
  // The ring of vertices around a knee: its mean distance from the axis of the joint line.
  const auto ring_radius = [&](const std::vector<Vec3>& p, int joint, const Vec3& centre) {
    const Vec3 at(joint_positions({})[static_cast<std::size_t>(joint)]);
    double sum = 0.0;
    int count = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      const Vec3 rest = character().mesh.vertices[i].position;
      if (glm::distance(rest, at) > 0.075f) continue;
      sum += glm::distance(p[i], centre);
      ++count;
    }
    REQUIRE(count > 20);
    return sum / count;
  };
  for (const auto& [joint, turn] :
       std::map<int, Vec3>{{kLeftLeg, {120, 0, 0}}, {kLeftForeArm, {-84.9f, -84.9f, 0}}}) {
    const Vec3 centre(joint_positions({})[static_cast<std::size_t>(joint)]);
    const double before = ring_radius(bind_positions(), joint, centre);
    const double after = ring_radius(posed({{joint, turn}}), joint, centre);
    MESSAGE("joint ", joint, ": girth kept at 120 degrees ", after / before);
    CHECK(after / before > 0.80);
  }
}

TEST_CASE("the same settings give the same character, other proportions another valid one") {
  CharacterSettings coarse;
  coarse.detail = 2.5;
  coarse.grid_m = 0.012;
  coarse.iterations = 4;
  const Character a = make_character(coarse);
  const Character b = make_character(coarse);
  REQUIRE(a.mesh.vertices.size() == b.mesh.vertices.size());
  CHECK(a.mesh.indices == b.mesh.indices);
  bool same = true;
  for (std::size_t i = 0; i < a.mesh.vertices.size(); ++i)
    same &= a.mesh.vertices[i].position == b.mesh.vertices[i].position;
  CHECK(same);

  coarse.proportions.thigh *= 1.1;
  coarse.proportions.hip_height += 0.1 * 0.421546;
  coarse.proportions.upper_arm *= 0.9;
  const Character other = make_character(coarse);
  CHECK(validate(other.mesh, other.skeleton).ok());
  CHECK(other.skeleton.hash() != a.skeleton.hash());
}
