#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "canter/import/import.h"
#include "import_support.h"
#include "test_data.h"

using namespace canter;
using namespace canter::test;

namespace {

importer::Options raw() {
  importer::Options options;
  options.raw = true;
  return options;
}

}  // namespace

TEST_CASE("every recorded joint position of the shared clips is reproduced") {
  const auto folder = shared_data("motions");
  if (!folder) return;
  const auto bytes = read_file(*folder / "bvh_expected_positions.json");
  const auto expected =
      nlohmann::json::parse(reinterpret_cast<const char*>(bytes.data()),
                            reinterpret_cast<const char*>(bytes.data()) + bytes.size());
  std::size_t checked = 0;
  double worst = 0.0;
  for (const auto& [file, record] : expected["clips"].items()) {
    CAPTURE(file);
    const auto scene = importer::load_file((*folder / "bvh" / file).string(), raw());
    REQUIRE_MESSAGE(scene.ok(), (scene.ok() ? "" : scene.error().message));
    REQUIRE(scene->clips.size() == 1);
    for (std::size_t i = 0; i < record["frames"].size(); ++i) {
      const int frame = record["frames"][i];
      REQUIRE(frame < scene->clips[0].num_frames());
      const auto found = joint_positions(scene->skeleton, scene->clips[0].frame(frame));
      const Vec3 root = found.at(std::string(scene->skeleton.name(0)));
      double size = 0.0;
      double error = 0.0;
      for (std::size_t j = 0; j < record["joints"].size(); ++j) {
        const auto& p = record["positions"][i][j];
        const Vec3 want(p[0].get<float>(), p[1].get<float>(), p[2].get<float>());
        const auto it = found.find(record["joints"][j].get<std::string>());
        REQUIRE(it != found.end());
        size = std::max(size, static_cast<double>(glm::length(want)));
        error = std::max(error, static_cast<double>(glm::distance(it->second - root, want)));
        ++checked;
      }
      CHECK(error <= 1e-4 * size);
      worst = std::max(worst, error / size);
    }
  }
  MESSAGE(checked << " positions, largest error / clip size " << worst);
  CHECK(checked > 3000);
}

TEST_CASE("every shared clip is brought to metres and Y up") {
  const auto folder = shared_data("motions/bvh");
  if (!folder) return;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    CAPTURE(entry.path().string());
    const auto scene = importer::load_file(entry.path().string());
    REQUIRE(scene.ok());
    REQUIRE(scene->clips.size() == 1);
    CHECK(validate(scene->clips[0], scene->skeleton).ok());
    CHECK(find(*scene, "unit_guess") != nullptr);
  }
}

TEST_CASE("errors name the file, the line, what was expected and what was found") {
  const auto scene =
      importer::load(bytes_of("HIERARCHY\nROOT Hips\n{\n  OFSET 0 0 0\n"), "name.bvh");
  REQUIRE_FALSE(scene.ok());
  CHECK(scene.error().message == "name.bvh:4: expected \"OFFSET\", found \"OFSET\"");
}
