#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "canter/anim/model_space.h"
#include "canter/import/import.h"
#include "import_support.h"
#include "test_data.h"

using namespace canter;
using namespace canter::test;
using Json = nlohmann::json;

namespace {

Json json_file(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  const auto* first = reinterpret_cast<const char*>(bytes.data());
  return Json::parse(first, first + bytes.size());
}

importer::Scene load_ok(const std::filesystem::path& path, const importer::Options& options = {}) {
  auto scene = importer::load_file(path.string(), options);
  INFO((scene.ok() ? "" : scene.error().message));
  REQUIRE(scene.ok());
  return std::move(scene).value();
}

// Lowest point of any body in a pose, from the character file's own sizes.
double lowest_point(const Json& character, std::span<const Transform> models) {
  double lowest = 1e9;
  const Json& bodies = character["BodyDefs"];
  for (std::size_t j = 0; j < bodies.size(); ++j) {
    const Json& body = bodies[j];
    const Vec3 half = 0.5f * Vec3(body["Param0"].get<float>(), body["Param1"].get<float>(),
                                  body["Param2"].get<float>());
    const Vec3 centre(body["AttachX"].get<float>(), body["AttachY"].get<float>(),
                      body["AttachZ"].get<float>());
    const Transform& joint = models[j];
    const Vec3 at = transform_point(joint, centre);
    if (body["Shape"] == "sphere") {
      lowest = std::min(lowest, static_cast<double>(at.y - half.x));
    } else if (body["Shape"] == "capsule") {
      const Vec3 axis = joint.rotation * Vec3(0, half.y, 0);
      lowest = std::min(lowest, static_cast<double>(at.y - std::abs(axis.y) - half.x));
    } else {
      const Mat3 r = glm::mat3_cast(joint.rotation);
      const float reach =
          std::abs(r[0].y) * half.x + std::abs(r[1].y) * half.y + std::abs(r[2].y) * half.z;
      lowest = std::min(lowest, static_cast<double>(at.y - reach));
    }
  }
  return lowest;
}

std::string frames_text(const std::string& rows, const std::string& loop = "wrap") {
  return "{\"Loop\": \"" + loop + "\", \"Frames\": [" + rows + "]}";
}

// A humanoid frame of this duration and root x, otherwise at rest.
std::string row(double duration_s, double x) {
  std::string out = "[" + std::to_string(duration_s) + ", " + std::to_string(x) + ", 0.9, 0";
  const auto quaternion = [&out] { out += ", 1, 0, 0, 0"; };
  quaternion();  // root
  quaternion();  // chest
  quaternion();  // neck
  for (int side = 0; side < 2; ++side) {
    quaternion();  // hip
    out += ", 0";  // knee
    quaternion();  // ankle
    quaternion();  // shoulder
    out += ", 0";  // elbow
  }
  return out + "]";
}

std::string error_of(const std::string& text) {
  const auto scene = importer::load(bytes_of(text), "test.json");
  REQUIRE_FALSE(scene.ok());
  return scene.error().message;
}

}  // namespace

TEST_CASE("the skeleton of a motion alone is the character file's") {
  const auto folder = shared_data("motions/deepmimic");
  if (!folder) return;
  for (const auto& [character, motion] :
       {std::pair{"humanoid3d.txt", "humanoid3d_walk.txt"}, {"dog3d.txt", "dog3d_trot.txt"}}) {
    const auto a = load_ok(*folder / "characters" / character);
    const auto b = load_ok(*folder / "motions" / motion);
    CHECK(a.format == "deepmimic_character");
    CHECK(b.format == "deepmimic_motion");
    CHECK(a.clips.empty());
    REQUIRE(a.skeleton.num_joints() == b.skeleton.num_joints());
    for (int j = 0; j < a.skeleton.num_joints(); ++j) {
      CAPTURE(a.skeleton.name(j));
      CHECK(a.skeleton.name(j) == b.skeleton.name(j));
      CHECK(a.skeleton.parent(j) == b.skeleton.parent(j));
      const auto i = static_cast<std::size_t>(j);
      CHECK(glm::distance(a.skeleton.rest_pose()[i].translation,
                          b.skeleton.rest_pose()[i].translation) < 1e-6f);
    }
    REQUIRE(a.skeleton.end_sites().size() == b.skeleton.end_sites().size());
    for (std::size_t e = 0; e < a.skeleton.end_sites().size(); ++e)
      CHECK(glm::distance(a.skeleton.end_sites()[e].offset, b.skeleton.end_sites()[e].offset) <
            1e-6f);
  }
}

TEST_CASE("the humanoid's rest pose stands on the ground") {
  const auto folder = shared_data("motions/deepmimic");
  if (!folder) return;
  const auto scene = load_ok(*folder / "characters/humanoid3d.txt");
  // Thigh, shin, ankle to sole: the published zero-pose height.
  CHECK(scene.skeleton.rest_pose()[0].translation.y == doctest::Approx(0.8814).epsilon(1e-4));
  const auto rest = joint_positions(scene.skeleton, scene.skeleton.rest_pose());
  CHECK(std::abs(rest.at("right_ankle_end").y) < 1e-6f);
  CHECK(rest.at("right_hip").z > 0.0f);
  CHECK(rest.at("neck_end").y > 1.6f);
}

TEST_CASE("the lowest points of all bodies are those measured on the original") {
  const auto folder = shared_data("motions/deepmimic");
  if (!folder) return;
  const Json character = json_file(*folder / "characters/humanoid3d.txt");
  const std::pair<const char*, double> measured[] = {
      {"walk", -0.005},    {"jump", -0.018},           {"backflip", -0.018},  {"spinkick", -0.024},
      {"dance_a", -0.026}, {"kick", -0.030},           {"cartwheel", -0.036}, {"punch", -0.044},
      {"spin", -0.055},    {"getup_facedown", -0.062}, {"run", -0.068},       {"roll", -0.094},
      {"crawl", -0.104}};
  for (const auto& [clip_name, want] : measured) {
    const std::string name = clip_name;
    CAPTURE(name);
    const auto scene = load_ok(*folder / "motions" / ("humanoid3d_" + name + ".txt"));
    const RawClip& clip = scene.clips.at(0);
    std::vector<Transform> models(static_cast<std::size_t>(clip.num_joints));
    double lowest = 1e9;
    for (int f = 0; f < clip.num_frames(); ++f) {
      model_transforms(scene.skeleton, clip.frame(f), models);
      const double low = lowest_point(character, models);
      // Walk's first frame was measured too.
      if (f == 0 && name == "walk") CHECK(std::abs(low - -0.004) < 6e-4);
      lowest = std::min(lowest, low);
    }
    // The numbers are given to a millimetre; roll's frames are resampled to an even rate.
    CHECK(std::abs(lowest - want) < (name == "roll" ? 1e-3 : 6e-4));
  }
}

TEST_CASE("every shared motion loads with the duration its README lists") {
  const auto folder = shared_data("motions/deepmimic/motions");
  if (!folder) return;
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder)) {
    if (!entry.is_regular_file()) continue;
    CAPTURE(entry.path().string());
    const auto scene = load_ok(entry.path());
    const Json source = json_file(entry.path());
    REQUIRE(scene.clips.size() == 1);
    const RawClip& clip = scene.clips[0];
    CHECK(validate(clip, scene.skeleton).ok());
    double duration_s = 0.0;
    for (std::size_t f = 0; f + 1 < source["Frames"].size(); ++f)
      duration_s += source["Frames"][f][0].get<double>();
    CHECK(static_cast<double>(clip.duration_s()) == doctest::Approx(duration_s).epsilon(1e-3));
    CHECK(clip.loop == (source["Loop"] == "wrap"));
    // First and last root positions are the file's, whatever was resampled in between.
    const auto& last = source["Frames"].back();
    CHECK(clip.frame(clip.num_frames() - 1)[0].translation.x ==
          doctest::Approx(last[1].get<double>()));
    ++files;
  }
  CHECK(files >= 20);
}

TEST_CASE("quaternions are w first, hinges turn about Z, other lengths are normalised") {
  std::string text = frames_text(row(0.1, 0) + "," + row(0, 1));
  // The chest: a half turn about X in the file's order, of length 2.
  const std::string rest = "1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0";
  const std::size_t at = text.find(rest);
  REQUIRE(at != std::string::npos);
  text.replace(at, rest.size(), "1, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, -0.5");
  const auto scene = importer::load(bytes_of(text), "test.json");
  REQUIRE(scene.ok());
  const auto frame = scene->clips[0].frame(0);
  CHECK(frame[1].rotation == Quat(0, 1, 0, 0));
  const auto knee = static_cast<std::size_t>(scene->skeleton.find("right_knee"));
  CHECK(frame[knee].rotation.z == doctest::Approx(std::sin(-0.25)));
  CHECK(frame[knee].rotation.w == doctest::Approx(std::cos(-0.25)));
  CHECK(find(*scene, "non_unit_quaternions") != nullptr);
  CHECK(scene->clips[0].loop);
}

TEST_CASE("uneven frames are resampled in time") {
  // One frame lasts three times as long: x grows by 1 per 0.1 s throughout.
  const auto scene =
      importer::load(bytes_of(frames_text(row(0.1, 0) + "," + row(0.1, 1) + "," + row(0.3, 2) +
                                              "," + row(0.1, 5) + "," + row(0, 6),
                                          "none")),
                     "test.json");
  REQUIRE(scene.ok());
  const RawClip& clip = scene->clips[0];
  CHECK(clip.rate_hz == 10.0f);
  REQUIRE(clip.num_frames() == 7);
  for (int f = 0; f < 7; ++f)
    CHECK(clip.frame(f)[0].translation.x == doctest::Approx(static_cast<double>(f)));
  CHECK(find(*scene, "uneven_frames") != nullptr);
  CHECK_FALSE(clip.loop);
}

TEST_CASE("bad motions and characters are refused with the place") {
  CHECK(error_of("{\"Frames\": [[1, 2, 3]]}").find("frame 0 has 3 values; expected 44") !=
        std::string::npos);
  CHECK(error_of(frames_text(row(0.1, 0) + ", [1]")).find("frame 1 has 1 values") !=
        std::string::npos);
  std::string bad = frames_text(row(0.1, 0) + "," + row(0, 1));
  bad.replace(bad.find("0.9"), 3, "\"x\"");
  CHECK(error_of(bad).find("frame 0, value 2 is \"x\"") != std::string::npos);
  CHECK(error_of(frames_text(row(-1, 0) + "," + row(0, 1))).find("frame 0 lasts -1") !=
        std::string::npos);
  CHECK(error_of(frames_text(row(0, 0) + "," + row(0, 1))).find("frames last 0") !=
        std::string::npos);
  CHECK(error_of(frames_text(row(0.01, 0) + "," + row(0.01, 0) + "," + row(0.01, 0) + "," +
                             row(900000, 0) + "," + row(0, 1)))
            .find("differ too much") != std::string::npos);
  CHECK(error_of("{\"Loop\": \"wrap\",\n\"Frames\": [[}").find("test.json:2: ") == 0);
  CHECK(error_of("{\"Frames\": 5}").find("expected \"Frames\"") != std::string::npos);
  CHECK(error_of("{\"Skeleton\": {\"Joints\": []}}").find("at least one joint") !=
        std::string::npos);
  CHECK(error_of("{\"Skeleton\": {\"Joints\": [{\"Name\": \"a\", \"Type\": \"elastic\"}]}}")
            .find("\"Type\" is \"elastic\"") != std::string::npos);
  CHECK(error_of("{\"Skeleton\": {\"Joints\": [{\"Name\": \"a\", \"Type\": \"none\", \"Parent\": 0}"
                 "]}}")
            .find("\"Parent\"") != std::string::npos);
}
