// Both shipped characters in every shipped clip and in recorded motions: what retargeting and
// skinning make of them.
#include "generate/physique.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <glm/geometric.hpp>
#include <string>
#include <vector>

#include "canter/anim/retarget.h"
#include "canter/import/import.h"
#include "feet.h"
#include "generate/clips.h"
#include "test_data.h"

using namespace canter;
using namespace canter::generate;
using canter::test::models_of;

namespace {

const Character& base() {
  static const Character made = make_character();
  return made;
}

const Character& character(const std::string& name) {
  static const Character titan = reshape(base(), *find_physique("titan"));
  return name == "titan" ? titan : base();
}

RawClip carried(const Skeleton& source, const RawClip& clip, const Skeleton& target,
                RetargetReport* report = nullptr) {
  if (source.hash() == target.hash()) return clip;
  Result<RawClip> result = retarget(source, clip, target, {}, {}, report);
  REQUIRE_MESSAGE(result.ok(), clip.name);
  return std::move(result).value();
}

/// The point of a foot's sole that is furthest back, in the frame of its joint.
Vec3 heel_of(const Character& c, int foot) {
  const Vec3 joint(glm::inverse(c.mesh.bones[static_cast<std::size_t>(foot)].inverse_bind)[3]);
  Vec3 heel(0.0f, 0.0f, 1e9f);
  for (const SkinnedMesh::Vertex& v : c.mesh.vertices) {
    const bool own = v.position.x * joint.x > 0.0f;
    if (own && v.position.y < 0.008f && v.position.z < heel.z) heel = v.position;
  }
  return heel - joint;
}

double volume(const SkinnedMesh& mesh, const std::vector<Vec3>& p) {
  double sum = 0.0;
  for (std::size_t i = 0; i < mesh.indices.size(); i += 3)
    sum +=
        glm::dot(p[mesh.indices[i]], glm::cross(p[mesh.indices[i + 1]], p[mesh.indices[i + 2]])) /
        6.0;
  return sum;
}

/// What a pose does to the mesh, against the bind pose.
struct Deformation {
  double volume = 1.0;   ///< kept
  double crushed = 0.0;  ///< share of triangles below a tenth of their area
  double stretched =
      1.0;  ///< the longest edge, over its length in the bind pose; short ones left out
};

Deformation deform(const Character& c, const std::vector<Mat4>& models) {
  const SkinnedMesh& mesh = c.mesh;
  std::vector<Mat4> palette(mesh.bones.size());
  std::vector<Vec3> p(mesh.vertices.size()), rest(mesh.vertices.size());
  skinning_matrices(mesh.bones, models, palette);
  skin(mesh, palette, p, {});
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = mesh.vertices[i].position;
  Deformation d;
  d.volume = volume(mesh, p) / volume(mesh, rest);
  for (std::size_t i = 0; i < mesh.indices.size(); i += 3) {
    const std::uint32_t* t = &mesh.indices[i];
    const auto area = [&](const std::vector<Vec3>& q) {
      return glm::length(glm::cross(q[t[1]] - q[t[0]], q[t[2]] - q[t[0]]));
    };
    if (area(p) < 0.1f * area(rest)) d.crushed += 1.0;
    for (std::size_t k = 0; k < 3; ++k) {
      const float before = glm::distance(rest[t[k]], rest[t[(k + 1) % 3]]);
      const float after = glm::distance(p[t[k]], p[t[(k + 1) % 3]]);
      if (before > 0.006f) d.stretched = std::max(d.stretched, double(after / before));
    }
  }
  d.crushed /= static_cast<double>(mesh.indices.size() / 3);
  return d;
}

}  // namespace

TEST_CASE("the titan is another body on the same joints") {
  const Character& titan = character("titan");
  REQUIRE(validate(titan.mesh, titan.skeleton).ok());
  REQUIRE(titan.skeleton.num_joints() == kNumJoints);
  for (int j = 0; j < kNumJoints; ++j) CHECK(titan.skeleton.name(j) == base().skeleton.name(j));
  const auto length = [](const Character& c, int joint) {
    return glm::length(c.skeleton.rest_pose()[static_cast<std::size_t>(joint)].translation);
  };
  // Longer arms on shorter legs: no scaling of the whole makes one of the other.
  CHECK(length(titan, kLeftForeArm) > 1.2f * length(base(), kLeftForeArm));
  CHECK(length(titan, kLeftLeg) < 0.97f * length(base(), kLeftLeg));
  float low = 1e9f, high = -1e9f;
  std::vector<Vec3> p, q;
  for (const SkinnedMesh::Vertex& v : titan.mesh.vertices) {
    low = std::min(low, v.position.y);
    high = std::max(high, v.position.y);
    CHECK(std::abs(glm::length(v.normal) - 1.0f) < 1e-5f);
    p.push_back(v.position);
  }
  for (const SkinnedMesh::Vertex& v : base().mesh.vertices) q.push_back(v.position);
  CHECK(std::abs(low) < 0.003f);
  const double mass = volume(titan.mesh, p) / volume(base().mesh, q);
  MESSAGE("titan: ", high, " m tall, ", mass, " of the mannequin's volume");
  CHECK(high > 1.7f);
  CHECK(mass > 1.8);
  // As it is: the mannequin itself, to the bit.
  const Character same = reshape(base(), *find_physique("mannequin"));
  CHECK(same.mesh.vertices[77].position == base().mesh.vertices[77].position);
  CHECK(find_physique("nobody") == nullptr);
}

TEST_CASE("on both characters feet hold their places and loops close") {
  const Rig rig;
  const std::vector<MadeClip> clips = make_clips(rig);
  for (const char* name : {"mannequin", "titan"}) {
    const Character& c = character(name);
    for (const MadeClip& made : clips) {
      const RawClip clip = carried(rig.skeleton(), made.clip, c.skeleton);
      const float worst = test::foot_slide_m(c.skeleton, clip, made.contacts,
                                             {heel_of(c, kLeftFoot), heel_of(c, kRightFoot)});
      float seam = 0.0f;
      if (clip.loop) {
        const int last = clip.num_frames() - 1;
        for (std::size_t j = 0; j < kNumJoints; ++j)
          seam =
              std::max(seam, glm::length(log_rotation(glm::conjugate(clip.frame(last)[j].rotation) *
                                                      clip.frame(0)[j].rotation)));
      }
      MESSAGE(std::string(name), " ", clip.name, ": slide ", worst * 100.0f, " cm, seam ", seam,
              " rad");
      CHECK(worst < 0.01f);
      CHECK(seam < 2e-3f);
    }
  }
}

TEST_CASE("no shoulder, hip or elbow collapses in recorded motions") {
  const auto folder = test::shared_data("motions/deepmimic/motions");
  if (!folder) return;
  for (const char* name : {"mannequin", "titan"}) {
    const Character& c = character(name);
    Deformation worst;
    std::string least, most;
    for (const char* motion : {"cartwheel", "crawl", "spinkick", "getup_faceup", "backflip", "roll",
                               "kick", "dance_b", "sideflip"}) {
      const std::string file = (*folder / ("humanoid3d_" + std::string(motion) + ".txt")).string();
      Result<importer::Scene> scene = importer::load_file(file);
      REQUIRE_MESSAGE(scene.ok(), file);
      const RawClip clip = carried(scene->skeleton, scene->clips[0], c.skeleton);
      for (int f = 0; f < clip.num_frames(); f += 5) {
        const Deformation d = deform(c, models_of(c.skeleton, clip.frame(f)));
        if (d.volume < worst.volume) least = std::string(motion) + " " + std::to_string(f);
        if (d.stretched > worst.stretched) most = std::string(motion) + " " + std::to_string(f);
        worst.volume = std::min(worst.volume, d.volume);
        worst.crushed = std::max(worst.crushed, d.crushed);
        worst.stretched = std::max(worst.stretched, d.stretched);
      }
    }
    MESSAGE(std::string(name), ": volume kept ", worst.volume, " (", least, "), crushed triangles ",
            worst.crushed * 100.0, " %, longest edge ", worst.stretched, " times (", most, ")");
    CHECK(worst.volume > 0.88);
    CHECK(worst.crushed < 0.02);
    CHECK(worst.stretched < 3.8);  // between thighs in a split, in an armpit under a raised arm
  }
}
