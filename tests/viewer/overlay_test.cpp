#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "canter/anim/local_to_model.h"
#include "test_data.h"
#include "viewer/compare.h"
#include "viewer/joint_labels.h"
#include "viewer/overlay_shapes.h"
#include "viewer_support.h"

namespace canter::test {
namespace {

using namespace viewer;

DocumentPtr open(const std::filesystem::path& path) {
  Result<DocumentPtr> document = load_document(path.string());
  REQUIRE_MESSAGE(document.ok(), path.string());
  return *document;
}

DocumentPtr shipped(const char* name) {
  return open(source_dir() / "motion_data" / (std::string(name) + ".clip"));
}

Poser poser_of(const DocumentPtr& document) {
  const DocumentClip& c = document->clips[0];
  return Poser(document, std::shared_ptr<const Clip>(document, &c.clip), c.path);
}

std::vector<Mat4> models_at(const DocumentPtr& document, double time_s, std::int64_t laps = 0) {
  Poser poser = poser_of(document);
  std::vector<Mat4> models;
  poser.models_at(time_s, laps, models);
  return models;
}

Vec3 place(const std::vector<Mat4>& models, int joint) {
  return Vec3(models[static_cast<std::size_t>(joint)][3]);
}

TEST_CASE("a poser goes on from lap to lap, both ways, and stands still beyond what ends") {
  const DocumentPtr walk = shipped("walk");
  const auto duration = static_cast<double>(walk->clips[0].clip.duration_s());
  const Vec3 first = place(models_at(walk, 0.0), walk->travelling_joint);
  const Vec3 next = place(models_at(walk, 0.0, 1), walk->travelling_joint);
  CHECK(next.z - first.z == doctest::Approx(1.387).epsilon(0.01));
  CHECK(glm::distance(place(models_at(walk, 0.3, 1), 5),
                      place(models_at(walk, duration + 0.3), 5)) < 1e-3f);
  CHECK(glm::distance(place(models_at(walk, 0.3, -1), 5),
                      place(models_at(walk, 0.3 - duration), 5)) < 1e-3f);
  const DocumentPtr jump = shipped("jump");
  CHECK(glm::distance(place(models_at(jump, 99.0), 5),
                      place(models_at(jump, static_cast<double>(jump->clips[0].clip.duration_s())),
                            5)) < 1e-4f);
}

TEST_CASE("bones, axes and arrows lie where the joints are and go") {
  const DocumentPtr walk = shipped("walk");
  const std::vector<Mat4> models = models_at(walk, 0.3);
  std::vector<Line> lines;
  append_skeleton(*walk, models, side_colors(*walk), lines);
  // A dot per joint, a bone to every parent, one to every end site.
  const auto joints = static_cast<std::size_t>(walk->skeleton.num_joints());
  CHECK(lines.size() == joints + (joints - 1) + walk->skeleton.end_sites().size());

  lines.clear();
  append_axes(*walk, models, lines);
  REQUIRE(lines.size() == 3 * joints);
  for (std::size_t i = 0; i < lines.size(); i += 3) {
    const Vec3 x = Vec3(lines[i].end_b - lines[i].end_a);
    const Vec3 y = Vec3(lines[i + 1].end_b - lines[i + 1].end_a);
    const Vec3 z = Vec3(lines[i + 2].end_b - lines[i + 2].end_a);
    CHECK(glm::dot(glm::cross(glm::normalize(x), glm::normalize(y)), glm::normalize(z)) ==
          doctest::Approx(1.0f).epsilon(1e-3));
  }

  lines.clear();
  constexpr float kDt_s = 1.0f / 120.0f;
  append_velocities(*walk, models, models_at(walk, 0.3 + 1.0 / 120.0), kDt_s, 0.5f, lines);
  REQUIRE(lines.size() >= 2);
  // The hips walk at 1.3 m/s along z: the tip is half a second ahead.
  const Vec3 tip = Vec3(lines[1].end_b);
  CHECK(tip.z - place(models, walk->travelling_joint).z == doctest::Approx(0.65).epsilon(0.15));
  // What stands still gets no arrow.
  lines.clear();
  append_velocities(*walk, models, models, kDt_s, 0.5f, lines);
  CHECK(lines.empty());
}

TEST_CASE("a trail runs through its points and is faint where it is far from now") {
  const std::vector<Vec3> points = {Vec3(0), Vec3(1, 0, 0), Vec3(2, 0, 0), Vec3(3, 0, 0),
                                    Vec3(4, 0, 0)};
  std::vector<Line> lines;
  append_trail(points, 2, Vec4(1.0f), lines);
  REQUIRE(lines.size() == 4);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(Vec3(lines[i].end_a) == points[i]);
    CHECK(Vec3(lines[i].end_b) == points[i + 1]);
  }
  CHECK(lines[0].color_a.a == 0.0f);
  CHECK(lines[3].color_b.a == 0.0f);
  CHECK(lines[1].color_b.a > lines[2].color_a.a);
  CHECK(trail_joints(*shipped("walk")).size() == 6);
}

TEST_CASE("a contact ring is closed and lies around its point") {
  std::vector<Line> lines;
  append_contact_ring(Vec3(1, 0, 2), 0.06f, lines);
  REQUIRE(lines.size() > 8);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& next = lines[(i + 1) % lines.size()];
    CHECK(glm::distance(Vec3(lines[i].end_b), Vec3(next.end_a)) < 1e-5f);
    CHECK(glm::distance(Vec3(lines[i].end_a), Vec3(1, 0, 2)) == doctest::Approx(0.06f));
  }
}

TEST_CASE("every joint of a humanoid has a name beside it, none over another") {
  for (const char* name : {"idle", "walk", "run", "jump", "wave"}) {
    CAPTURE(name);
    const DocumentPtr clip = shipped(name);
    Camera camera;
    const LabelFrame frame{Vec2(1280, 720), Vec2(232, 44), Vec2(936, 552), 13.0f};
    for (const double time_s : {0.0, 0.2, 0.4})
      for (const float yaw : {0.5f, 2.5f, 4.0f}) {
        const std::vector<Mat4> models = models_at(clip, time_s);
        camera.target = place(models, clip->travelling_joint);
        camera.yaw_rad = yaw;
        const auto labels = joint_labels(*clip, models, camera, frame);
        CHECK(labels.size() ==
              static_cast<std::size_t>(clip->skeleton.num_joints() - clip->travelling_joint));
        for (const JointLabel& a : labels) {
          CHECK(a.at.y > frame.low.y);
          CHECK(a.at.y < frame.high.y);
          for (const JointLabel& b : labels)
            if (a.joint != b.joint && a.ends == b.ends) CHECK(std::abs(a.at.y - b.at.y) >= 12.99f);
        }
      }
  }
}

TEST_CASE("names belong to their joints and move as little as these do") {
  const DocumentPtr walk = shipped("walk");
  Camera camera;
  camera.yaw_rad = 0.5f;
  const LabelFrame frame{Vec2(1280, 720), Vec2(232, 44), Vec2(936, 552), 13.0f};
  std::map<int, Vec2> before;
  int swaps = 0;
  for (int f = 0; f < 120; ++f) {
    const std::vector<Mat4> models = models_at(walk, f / 120.0);
    camera.target = place(models, walk->travelling_joint);
    for (const JointLabel& l : joint_labels(*walk, models, camera, frame)) {
      if (l.name == "Hips") CHECK(l.joint_at.x == doctest::Approx(640.0f));
      if (l.name == "LeftHand") CHECK(l.ends == false);
      const auto known = before.find(l.joint);
      // A name that passes another jumps by a line, and the names around it give way.
      if (known != before.end() && glm::distance(known->second, l.at) > 8.0f) ++swaps;
      before[l.joint] = l.at;
    }
  }
  MESSAGE(swaps << " names of " << before.size() << " jumped within 120 frames");
  CHECK(swaps < 60);
  // Nothing behind the camera, nothing in a window of nothing.
  const std::vector<Mat4> models = models_at(walk, 0.0);
  CHECK(joint_labels(*walk, models, Camera{Vec3(0, 0, 99)}, frame).empty());
  CHECK(joint_labels(*walk, models, camera, {}).empty());
}

TEST_CASE("where there are too few lines fingers go without a name") {
  const DocumentPtr walk = shipped("walk");
  const std::vector<Mat4> models = models_at(walk, 0.0);
  Camera camera;
  camera.target = place(models, walk->travelling_joint);
  const LabelFrame low{Vec2(1280, 720), Vec2(232, 44), Vec2(936, 44 + 66), 13.0f};
  const auto labels = joint_labels(*walk, models, camera, low);
  CHECK(labels.size() == 10);
}

TEST_CASE("difference colours go from fine to over, and are quiet where nothing is compared") {
  const std::vector<float> distances = {-1.0f, 0.0f, 0.05f, 0.1f, 9.0f};
  const auto colors = difference_colors(distances, 0.1f);
  CHECK(colors[3] == colors[4]);
  CHECK(colors[1].g > colors[1].r);
  CHECK(colors[3].r > colors[3].g);
  CHECK(colors[0] != colors[1]);
}

TEST_CASE("compressed against original differs by what compression says") {
  const DocumentPtr walker = open(write_walker());
  const Result<ComparedPtr> compared = compare(Comparison::original, walker, 0, nullptr);
  REQUIRE(compared.ok());
  const Difference& d = (*compared)->difference;
  REQUIRE(d.num_frames() == 60);
  float worst = 0.0f;
  for (const float m : d.max_m) worst = std::max(worst, m);
  const float bound = walker->clips[0].compression.error.max_error_m;
  MESSAGE("joints differ by ", worst * 1000.0f, " mm, the bound with points off them is ",
          bound * 1000.0f);
  CHECK(worst > 0.0f);
  CHECK(worst <= bound + 1e-6f);
  // Every joint has itself as its counterpart.
  for (const float m : d.at(0.5, 30.0f)) CHECK(m >= 0.0f);
}

TEST_CASE("an even walk is its own mirror image half a lap later; a wave is not") {
  const auto worst = [](const char* name) {
    const Result<ComparedPtr> compared = compare(Comparison::mirror, shipped(name), 0, nullptr);
    REQUIRE(compared.ok());
    float most = 0.0f;
    for (const float m : (*compared)->difference.max_m) most = std::max(most, m);
    return most;
  };
  const float walk = worst("walk"), wave = worst("wave");
  MESSAGE("walk ", walk * 1000.0f, " mm, wave ", wave * 1000.0f, " mm");
  CHECK(walk < 0.005f);
  CHECK(wave > 0.3f);
}

TEST_CASE("a clip that was carried over is compared with its source by roles") {
  const DocumentPtr walker = open(write_walker());
  const DocumentPtr mannequin = open(source_dir() / "assets" / "mannequin.glb");
  const Result<RetargetedPtr> carried = retarget_clip(walker, 0, mannequin);
  REQUIRE(carried.ok());
  const Result<ComparedPtr> compared = compare(Comparison::source, walker, 0, *carried);
  REQUIRE(compared.ok());
  const Difference& d = (*compared)->difference;
  CHECK(d.num_joints == mannequin->skeleton.num_joints());
  const std::span<const float> at_half = d.at(1.0, 30.0f);
  CHECK(at_half[static_cast<std::size_t>(mannequin->skeleton.find("LeftForeArm"))] >= 0.0f);
  // The source has no fingers.
  CHECK(at_half[static_cast<std::size_t>(mannequin->skeleton.find("LeftHandMiddle1"))] < 0.0f);
  CHECK(!(*compared)->wears_body);
  CHECK(!compare(Comparison::original, walker, 0, *carried).ok());
  CHECK(!compare(Comparison::source, walker, 0, nullptr).ok());
  CHECK(!compare(Comparison::mirror, walker, 7, nullptr).ok());
}

TEST_CASE("every overlay and every comparison changes the picture") {
  if (!can_view()) return;
  const std::string walk = (source_dir() / "motion_data" / "walk.clip").string();
  Options plain = headless(walk);
  plain.panels = false;
  plain.time_s = 0.5;
  const Image alone = run_to_image(plain);
  for (const char* name :
       {"skeleton", "axes", "names", "trails", "later", "contacts", "velocities"}) {
    CAPTURE(name);
    Options options = plain;
    options.show = {name};
    CHECK(count_different(alone, run_to_image(options), 12) > 20);
  }
  for (const char* name : {"original", "mirror"}) {
    CAPTURE(name);
    Options options = plain;
    options.compare = name;
    const Image beside = run_to_image(options);
    CHECK(count_different(alone, beside, 12) > 1000);
    options.show = {"difference"};
    CHECK(count_different(beside, run_to_image(options), 12) > 40);
  }
}

}  // namespace
}  // namespace canter::test
