#include "generate/physique.h"

#include <algorithm>
#include <cassert>
#include <glm/gtc/matrix_transform.hpp>
#include <utility>

namespace canter::generate {
namespace {

Physique titan() {
  Physique p;
  p.name = "titan";
  p.description = "Broad, long-armed and short-legged, twice the mannequin's mass.";
  p.parts[kHips] = {1.10, 1.22, 1.26};
  p.parts[kSpine] = {1.18, 1.32, 1.36};
  p.parts[kSpine1] = {1.20, 1.48, 1.48};
  p.parts[kSpine2] = {1.24, 1.58, 1.56};
  p.parts[kNeck] = {0.86, 1.32, 1.30};
  p.parts[kHead] = {1.02, 1.10, 1.10};
  p.parts[kLeftShoulder] = {1.30, 1.50, 1.50};
  p.parts[kLeftArm] = {1.26, 1.62, 1.62};
  p.parts[kLeftForeArm] = {1.36, 1.78, 1.78};
  p.parts[kLeftHand] = {1.42, 1.62, 1.62};
  p.parts[kLeftHandThumb1] = {1.40, 1.60, 1.60};
  p.parts[kLeftHandMiddle1] = {1.36, 1.60, 1.60};
  p.parts[kLeftUpLeg] = {0.94, 1.40, 1.36};
  p.parts[kLeftLeg] = {0.94, 1.46, 1.40};
  p.parts[kLeftFoot] = {1.12, 1.45, 1.15};
  p.parts[kLeftToeBase] = {1.12, 1.45, 1.15};
  p.body_color = {0.30f, 0.235f, 0.19f, 1.0f};
  p.accent_color = {0.055f, 0.050f, 0.050f, 1.0f};
  return p;
}

/// Which way a part's bone runs in the rest pose, as a frame: side, along, front.
glm::dmat3 part_frame(int joint, const Proportions& proportions) {
  const Point front(0, 0, 1);
  switch (joint) {
    case kLeftShoulder:
      return frame_along(Point(1, 0, 0), front);
    case kLeftArm:
    case kLeftForeArm:
    case kLeftHand:
    case kLeftHandThumb1:
    case kLeftHandMiddle1:
      return frame_along(arm_direction(proportions), front);
    case kLeftFoot:
    case kLeftToeBase:
      return frame_along(front, Point(0, 1, 0));
    default:
      return glm::dmat3(1.0);
  }
}

/// Stretches along and across the part's own frame.
glm::dmat3 part_stretch(const Physique& physique, int joint, const Proportions& proportions) {
  const PartScale& s = physique.parts[static_cast<std::size_t>(joint)];
  const glm::dmat3 frame = part_frame(joint, proportions);
  const glm::dmat3 scale(Point(s.width, 0, 0), Point(0, s.length, 0), Point(0, 0, s.depth));
  return frame * scale * glm::transpose(frame);
}

Surface surface_of(const SkinnedMesh& mesh, std::vector<Point> points) {
  Surface surface;
  surface.points = std::move(points);
  for (std::size_t i = 0; i < mesh.indices.size(); i += 3)
    surface.triangles.push_back({static_cast<int>(mesh.indices[i]),
                                 static_cast<int>(mesh.indices[i + 1]),
                                 static_cast<int>(mesh.indices[i + 2])});
  return surface;
}

}  // namespace

const std::vector<Physique>& physiques() {
  static const std::vector<Physique> kAll = [] {
    Physique mannequin;
    mannequin.name = "mannequin";
    mannequin.description = "Neutral, with the proportions of the DeepMimic humanoid.";
    return std::vector<Physique>{std::move(mannequin), titan()};
  }();
  return kAll;
}

const Physique* find_physique(std::string_view name) {
  const auto found = std::find_if(physiques().begin(), physiques().end(),
                                  [&](const Physique& p) { return p.name == name; });
  return found == physiques().end() ? nullptr : &*found;
}

Character reshape(const Character& character, const Physique& physique) {
  const auto as_it_is = [](const PartScale& s) { return s == PartScale{}; };
  if (std::all_of(physique.parts.begin(), physique.parts.end(), as_it_is)) return character;
  const Proportions proportions;
  const Skeleton& skeleton = character.skeleton;

  // Joints from the hips outwards: a joint lies where its parent's stretch puts it.
  std::array<Point, kNumJoints> from{}, to{};
  std::array<glm::dmat3, kNumJoints> stretch{};
  for (int j = 0; j < kNumJoints; ++j) {
    const auto i = static_cast<std::size_t>(j);
    const int left = std::min(j, joint_table()[i].mirror);
    const glm::dmat3 own = part_stretch(physique, left, proportions);
    const glm::dmat3 mirror(Point(-1, 0, 0), Point(0, 1, 0), Point(0, 0, 1));
    stretch[i] = left == j ? own : mirror * own * mirror;
    const int parent = skeleton.parent(j);
    const Point offset(skeleton.rest_pose()[i].translation);
    if (parent < 0) {
      from[i] = to[i] = offset;
      continue;
    }
    const auto p = static_cast<std::size_t>(parent);
    from[i] = from[p] + offset;
    to[i] = to[p] + stretch[p] * offset;
  }

  // The mesh follows by its weights, as it does in any pose.
  Character out = character;
  std::vector<Point> points;
  double lowest_before = 1e9, lowest = 1e9;
  for (const SkinnedMesh::Vertex& v : character.mesh.vertices) {
    lowest_before = std::min(lowest_before, static_cast<double>(v.position.y));
    Point sum(0.0);
    for (int k = 0; k < 4; ++k) {
      const std::size_t j = v.bones[static_cast<std::size_t>(k)];
      sum +=
          static_cast<double>(v.weights[k]) * (to[j] + stretch[j] * (Point(v.position) - from[j]));
    }
    lowest = std::min(lowest, sum.y);
    points.push_back(sum);
  }
  // Soles where they were.
  for (Point& p : points) p.y += lowest_before - lowest;
  for (Point& p : to) p.y += lowest_before - lowest;

  const Surface surface = surface_of(character.mesh, points);
  const std::vector<Point> normals = vertex_normals(surface);
  for (std::size_t i = 0; i < points.size(); ++i) {
    out.mesh.vertices[i].position = Vec3(points[i]);
    out.mesh.vertices[i].normal = Vec3(normals[i]);
  }
  for (std::size_t j = 0; j < kNumJoints; ++j)
    out.mesh.bones[j].inverse_bind = glm::translate(Mat4(1.0f), -Vec3(to[j]));
  out.mesh.materials[0].base_color = physique.body_color;
  out.mesh.materials[1].base_color = physique.accent_color;

  SkeletonDesc desc;
  for (int j = 0; j < kNumJoints; ++j) {
    const int parent = skeleton.parent(j);
    const auto i = static_cast<std::size_t>(j);
    Transform rest;
    rest.translation =
        Vec3(to[i] - (parent < 0 ? Point(0.0) : to[static_cast<std::size_t>(parent)]));
    desc.joints.push_back({std::string(skeleton.name(j)), parent, rest});
  }
  for (const EndSite& end : skeleton.end_sites())
    desc.end_sites.push_back(
        {end.joint, Vec3(stretch[static_cast<std::size_t>(end.joint)] * Point(end.offset))});
  Result<Skeleton> made = make_skeleton(desc);
  assert(made.ok());  // the same hierarchy with finite offsets
  out.skeleton = std::move(made).value();
  return out;
}

}  // namespace canter::generate
