// What lies in motion_data/ and assets/ is what the generator makes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <glm/geometric.hpp>
#include <string>

#include "canter/anim/clip_file.h"
#include "canter/import/import.h"
#include "generate/character.h"
#include "generate/clips.h"
#include "generate/physique.h"
#include "test_data.h"

using namespace canter;
using namespace canter::generate;

TEST_CASE("the shipped clips are the generated ones") {
  const Rig rig;
  for (const MadeClip& made : make_clips(rig)) {
    const auto path = test::source_dir() / "motion_data" / (made.clip.name + ".clip");
    const Result<ClipFile> file = load_clip_file(test::read_file(path));
    REQUIRE_MESSAGE(file.ok(), path.string());
    CHECK(file->name == made.clip.name);
    CHECK(file->provenance.find("canter make clips") != std::string::npos);
    REQUIRE(file->skeleton.num_joints() == kNumJoints);
    for (int j = 0; j < kNumJoints; ++j) CHECK(file->skeleton.name(j) == rig.skeleton().name(j));
    const RawClip shipped = decompress(file->clip, file->skeleton);
    REQUIRE(shipped.keys.size() == made.clip.keys.size());
    CHECK(shipped.loop == made.clip.loop);
    CHECK(shipped.rate_hz == made.clip.rate_hz);
    // Compression is bounded in the joints' places, 0.1 mm; a finger's rotation shows little there.
    float turn = 0.0f;
    float move = 0.0f;
    for (std::size_t i = 0; i < shipped.keys.size(); ++i) {
      const Quat q = glm::conjugate(shipped.keys[i].rotation) * made.clip.keys[i].rotation;
      turn = std::max(turn, glm::length(log_rotation(q)));
      move =
          std::max(move, glm::distance(shipped.keys[i].translation, made.clip.keys[i].translation));
    }
    MESSAGE(made.clip.name, ": shipped and made differ by ", turn, " rad, ", move * 1000.0f, " mm");
    CHECK(turn < 0.01f);
    CHECK(move < 3e-4f);
  }
}

TEST_CASE("the shipped characters are the generated ones") {
  const Character base = make_character();
  for (const Physique& physique : physiques()) {
    const auto path = test::source_dir() / "assets" / (physique.name + ".glb");
    const Result<importer::Scene> scene = importer::load_file(path.string());
    REQUIRE_MESSAGE(scene.ok(), path.string());
    REQUIRE(scene->mesh.has_value());
    const Character made = reshape(base, physique);
    REQUIRE(scene->skeleton.num_joints() == kNumJoints);
    for (int j = 0; j < kNumJoints; ++j) CHECK(scene->skeleton.name(j) == made.skeleton.name(j));
    CHECK(scene->skeleton.end_sites().size() == made.skeleton.end_sites().size());
    // Triangle by triangle: vertices on the border of two materials may be stored twice.
    const SkinnedMesh& shipped = *scene->mesh;
    REQUIRE(shipped.indices.size() == made.mesh.indices.size());
    REQUIRE(shipped.parts.size() == made.mesh.parts.size());
    float distance = 0.0f;
    float turn = 0.0f;
    for (std::size_t i = 0; i < shipped.indices.size(); ++i) {
      const SkinnedMesh::Vertex& a = shipped.vertices[shipped.indices[i]];
      const SkinnedMesh::Vertex& b = made.mesh.vertices[made.mesh.indices[i]];
      distance = std::max(distance, glm::distance(a.position, b.position));
      turn = std::max(turn, glm::distance(a.normal, b.normal));
    }
    MESSAGE(physique.name, ": shipped and made differ by ", distance * 1000.0f, " mm, normals by ",
            turn);
    CHECK(distance < 1e-4f);
    CHECK(turn < 1e-3f);
  }
}
