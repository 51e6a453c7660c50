#include <doctest/doctest.h>

#include <cmath>

#include "canter/import/import.h"
#include "canter/mimic/reference_motion.h"
#include "canter/physics/quat_order.h"
#include "canter/physics/rotation.h"
#include "canter/physics/simulate.h"
#include "made_up_clip.h"
#include "test_data.h"

using namespace canter;
using namespace canter::mimic;

namespace {

const physics::Model& model() {
  static const physics::Model humanoid = physics::make_model(physics::humanoid_body()).value();
  return humanoid;
}

struct Sample {
  std::vector<double> positions = std::vector<double>(43), velocities = std::vector<double>(34);
};

Sample at(const ReferenceMotion& motion, double time_s) {
  Sample s;
  sample(motion, model(), time_s, s.positions, s.velocities);
  return s;
}

double lowest(const ReferenceMotion& motion, double time_s) {
  const Sample s = at(motion, time_s);
  std::vector<physics::LinkState> links(15);
  physics::forward_kinematics(model(), s.positions, s.velocities, links);
  return physics::lowest_distance(model(), links);
}

std::optional<ReferenceMotion> published(const std::string& name) {
  const auto path = test::shared_data("motions/deepmimic/motions/humanoid3d_" + name + ".txt");
  if (!path) return std::nullopt;
  const importer::Scene scene = importer::load_file(path->string()).value();
  return make_reference_motion(model(), scene.skeleton, scene.clips.front()).value();
}

}  // namespace

TEST_CASE("velocities are those that positions change by") {
  const Skeleton& skeleton = test::humanoid_skeleton();
  const ReferenceMotion motion =
      make_reference_motion(model(), skeleton, test::made_up_clip(skeleton, 1.0f)).value();
  CHECK(motion.duration_s() == doctest::Approx(1.0));
  CHECK(motion.lap().x == doctest::Approx(1.0));
  CHECK(motion.lap().y == 0.0);
  constexpr double kStep_s = 1e-4;
  double worst = 0.0;
  for (double t = -0.3; t < 2.2; t += 0.0371) {  // across seams as well
    const Sample before = at(motion, t - kStep_s), after = at(motion, t + kStep_s),
                 now = at(motion, t);
    for (const physics::JointIndex& joint : model().joints()) {
      const double* a = before.positions.data() + joint.position;
      const double* b = after.positions.data() + joint.position;
      const double* v = now.velocities.data() + joint.velocity;
      const auto turning = [&](int at) {  // about the child's own axes
        return physics::log_rotation(glm::conjugate(physics::from_wxyz(a + at)) *
                                     physics::from_wxyz(b + at)) /
               (2.0 * kStep_s);
      };
      if (joint.type == physics::JointType::root) {
        worst =
            std::max(worst, glm::length((physics::load3(b) - physics::load3(a)) / (2 * kStep_s) -
                                        physics::load3(v)));
        worst = std::max(worst, glm::length(turning(3) - physics::load3(v + 3)));
      } else if (joint.type == physics::JointType::ball) {
        worst = std::max(worst, glm::length(turning(0) - physics::load3(v)));
      } else if (joint.type == physics::JointType::hinge) {
        worst = std::max(worst, std::abs((*b - *a) / (2 * kStep_s) - *v));
      }
    }
  }
  MESSAGE("largest difference " << worst);
  CHECK(worst < 0.11);  // half a frame of the fastest swing: 0.3 (2π)² / 120
}

TEST_CASE("an open seam is not differentiated across") {
  const Skeleton& skeleton = test::humanoid_skeleton();
  RawClip clip = test::made_up_clip(skeleton);
  const auto knee = static_cast<std::size_t>(skeleton.find("right_knee"));
  clip.frame(60)[knee].rotation = glm::angleAxis(-1.2f, Vec3(0, 0, 1));  // jumps by a radian
  const ReferenceMotion motion = make_reference_motion(model(), skeleton, clip).value();
  const auto at_knee = static_cast<std::size_t>(
      model()
          .joints()[static_cast<std::size_t>(physics::find_joint(model().body(), "right_knee"))]
          .velocity);
  CHECK(std::abs(at(motion, 0.0).velocities[at_knee]) < 1.0);
}

TEST_CASE("clips without a loop hold their ends at rest") {
  const Skeleton& skeleton = test::humanoid_skeleton();
  RawClip clip = test::made_up_clip(skeleton, 1.0f);
  clip.loop = false;
  const ReferenceMotion motion = make_reference_motion(model(), skeleton, clip).value();
  const Sample end = at(motion, 1.0), later = at(motion, 5.0);
  CHECK(end.positions == later.positions);
  CHECK(end.velocities[0] == doctest::Approx(1.0));
  for (const double v : later.velocities) CHECK(v == 0.0);
  CHECK(phase_at(motion, 5.0) == 1.0);
}

TEST_CASE("loops go on over any number of laps") {
  const Skeleton& skeleton = test::humanoid_skeleton();
  const ReferenceMotion motion =
      make_reference_motion(model(), skeleton, test::made_up_clip(skeleton, 1.0f)).value();
  const Sample first = at(motion, 0.3), later = at(motion, 7.3);
  CHECK(later.positions[0] - first.positions[0] == doctest::Approx(7.0));
  for (std::size_t k = 1; k < 43; ++k)
    CHECK(later.positions[k] == doctest::Approx(first.positions[k]).epsilon(1e-6));
  CHECK(phase_at(motion, 7.3) == doctest::Approx(0.3));
}

TEST_CASE("a loop that turns goes on from where a lap left it") {
  const Skeleton& skeleton = test::humanoid_skeleton();
  RawClip clip = test::made_up_clip(skeleton, 1.0f);
  constexpr float kTurn_rad = 2.6f;
  for (int f = 0; f < clip.num_frames(); ++f) {
    const float angle =
        kTurn_rad * static_cast<float>(f) / static_cast<float>(clip.num_frames() - 1);
    Transform& root = clip.frame(f)[0];
    root.rotation = glm::angleAxis(angle, Vec3(0, 1, 0)) * root.rotation;
  }
  const ReferenceMotion motion = make_reference_motion(model(), skeleton, clip).value();
  CHECK(motion.lap_turn_rad() == doctest::Approx(kTurn_rad).epsilon(1e-4));

  const auto yaw = [](const Sample& from, const Sample& to) {
    return physics::log_rotation(physics::from_wxyz(&to.positions[3]) *
                                 glm::conjugate(physics::from_wxyz(&from.positions[3])));
  };
  const Sample before = at(motion, 2.0 - 1e-6), behind = at(motion, 2.0 + 1e-6);
  CHECK(glm::length(yaw(before, behind)) < 1e-3);
  for (const std::size_t k : {0u, 1u, 2u})
    CHECK(before.positions[k] == doctest::Approx(behind.positions[k]).epsilon(1e-4));
  // A lap later everything is turned alike: places, headings and what the root moves at.
  const Sample first = at(motion, 0.3), later = at(motion, 1.3), next = at(motion, 2.3);
  CHECK(yaw(first, later).y == doctest::Approx(kTurn_rad).epsilon(1e-4));
  const glm::dquat turn = glm::angleAxis(motion.lap_turn_rad(), glm::dvec3(0, 1, 0));
  const glm::dvec3 step = physics::load3(&next.positions[0]) - physics::load3(&later.positions[0]);
  const glm::dvec3 turned =
      turn * (physics::load3(&later.positions[0]) - physics::load3(&first.positions[0]));
  CHECK(glm::distance(step, turned) < 1e-4);
  CHECK(glm::distance(physics::load3(&later.velocities[0]),
                      turn * physics::load3(&first.velocities[0])) < 1e-9);
}

TEST_CASE("clips that cannot be imitated are refused by name") {
  const Skeleton& skeleton = test::humanoid_skeleton();
  RawClip clip = test::made_up_clip(skeleton);
  const auto message = [&](const Skeleton& s, const RawClip& c) {
    const auto motion = make_reference_motion(model(), s, c);
    return motion.ok() ? std::string() : motion.error().message;
  };
  CHECK(message(skeleton, clip).empty());
  RawClip brief = clip;
  brief.keys.resize(static_cast<std::size_t>(4 * clip.num_joints));
  CHECK(message(skeleton, brief).find("too short") != std::string::npos);
  SkeletonDesc renamed = describe(skeleton);
  renamed.joints[4].name = "knie";
  CHECK(message(make_skeleton(renamed).value(), clip).find("no joint 'right_knee'") !=
        std::string::npos);
  clip.keys[7].rotation.x = NAN;
  CHECK_FALSE(message(skeleton, clip).empty());
}

TEST_CASE("published clips have the listed heights") {
  struct Listed {
    const char* clip;
    double lowest_m;
  };
  const Listed listed[] = {{"walk", -0.005},           {"jump", -0.018},    {"backflip", -0.018},
                           {"spinkick", -0.024},       {"dance_a", -0.026}, {"kick", -0.030},
                           {"cartwheel", -0.036},      {"punch", -0.044},   {"spin", -0.055},
                           {"getup_facedown", -0.062}, {"run", -0.068},     {"roll", -0.094},
                           {"crawl", -0.104}};
  for (const Listed& one : listed) {
    const auto motion = published(one.clip);
    if (!motion) return;
    CAPTURE(one.clip);
    double found = 1e9;
    for (int f = 0; f < motion->num_frames(); ++f)
      found = std::min(found, lowest(*motion, f / motion->rate_hz() -
                                                  (f + 1 == motion->num_frames() ? 1e-9 : 0.0)));
    CHECK(found == doctest::Approx(one.lowest_m).epsilon(0.0).scale(1.0).epsilon(0.001));
  }
  const auto walk = published("walk");
  CHECK(at(*walk, 0.0).positions[1] == doctest::Approx(0.8475).epsilon(1e-4));
  CHECK(std::abs(lowest(*walk, 0.0) + 0.004) < 0.0006);
  CHECK(walk->duration_s() == doctest::Approx(1.267).epsilon(1e-3));
}
