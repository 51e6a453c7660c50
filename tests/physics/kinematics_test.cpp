// Our kinematics against the engine's, and rotations in both orders.
#include <doctest/doctest.h>
#include <mujoco/mujoco.h>

#include "canter/physics/pose.h"
#include "canter/physics/quat_order.h"
#include "canter/physics/rotation.h"
#include "physics/scratch_data.h"
#include "random_state.h"

using namespace canter;
using namespace canter::physics;

TEST_CASE("rotations keep their meaning in both orders") {
  test::Random random(7);
  for (int i = 0; i < 100; ++i) {
    const glm::dquat q = random.rotation();
    double wxyz[4];
    to_wxyz(q, wxyz);
    CHECK(wxyz[0] == q.w);
    CHECK(from_wxyz(wxyz) == q);
    // The engine means the same rotation by the same numbers.
    const glm::dvec3 v(random.number(), random.number(), random.number());
    double in[3] = {v.x, v.y, v.z}, out[3];
    mju_rotVecQuat(out, in, wxyz);
    CHECK(glm::length(q * v - load3(out)) < 1e-12);
  }
}

TEST_CASE("log and exp of rotations are inverse, the short way round") {
  test::Random random(8);
  for (int i = 0; i < 100; ++i) {
    const glm::dvec3 v =
        3.0 * glm::dvec3(random.number(), random.number(), random.number()) * (i < 5 ? 1e-9 : 1.0);
    if (glm::length(v) > 3.14) continue;
    CHECK(glm::length(log_rotation(exp_rotation(v)) - v) < 1e-9);
    CHECK(glm::length(log_rotation(-exp_rotation(v)) - v) < 1e-9);
  }
  CHECK(log_rotation(exp_rotation(glm::dvec3(0, 0, 4.0))).z ==
        doctest::Approx(4.0 - 2.0 * glm::pi<double>()));
}

TEST_CASE("links are where the engine has them, and move as fast") {
  double worst_place = 0.0, worst_turn = 0.0, worst_speed = 0.0;
  for (const BodyDesc& body : {humanoid_body(), dog_body()}) {
    const Model model = make_model(body).value();
    physics::Scratch scratch(model);
    mjData* engine = scratch.data().engine.get();
    test::Random random(3);
    std::vector<LinkState> links(static_cast<std::size_t>(model.num_joints()));
    for (int trial = 0; trial < 20; ++trial) {
      std::vector<double> block = test::random_state(model, random);
      const StateView state = state_over(model, block);
      std::copy(state.positions.begin(), state.positions.end(), engine->qpos);
      std::copy(state.velocities.begin(), state.velocities.end(), engine->qvel);
      mj_fwdPosition(model.data().engine.get(), engine);
      mj_fwdVelocity(model.data().engine.get(), engine);
      forward_kinematics(model, state.positions, state.velocities, links);
      for (std::size_t j = 0; j < links.size(); ++j) {
        const int id = model.data().engine_body[j];
        double velocity[6];
        mj_objectVelocity(model.data().engine.get(), engine, mjOBJ_BODY, id, velocity, 0);
        worst_place =
            std::max(worst_place, glm::length(links[j].centre - load3(engine->xipos + 3 * id)));
        worst_place =
            std::max(worst_place, glm::length(links[j].joint - load3(engine->xpos + 3 * id)));
        worst_turn =
            std::max(worst_turn, glm::length(log_rotation(glm::conjugate(links[j].rotation) *
                                                          from_wxyz(engine->xquat + 4 * id))));
        worst_speed =
            std::max(worst_speed, glm::length(links[j].angular_velocity - load3(velocity)));
        worst_speed =
            std::max(worst_speed, glm::length(links[j].linear_velocity - load3(velocity + 3)));
      }
      const MassCentre centre = mass_centre(model, links);
      CHECK(glm::length(centre.position - load3(engine->subtree_com)) < 1e-9);
    }
  }
  MESSAGE("largest differences: " << worst_place << " m, " << worst_turn << " rad, " << worst_speed
                                  << " m/s or rad/s");
  CHECK(worst_place < 1e-9);
  CHECK(worst_turn < 1e-7);  // the angle of rotations a rounding apart
  CHECK(worst_speed < 1e-8);
}

TEST_CASE("the lowest point of each shape") {
  BodyDesc body = humanoid_body();
  const Model model = make_model(body).value();
  LinkState link{};
  link.centre = {0.0, 1.0, 0.0};
  link.rotation = glm::dquat(1.0, 0.0, 0.0, 0.0);
  CHECK(ground_distance(model, 0, link) == doctest::Approx(1.0 - 0.09));
  CHECK(ground_distance(model, 3, link) == doctest::Approx(1.0 - 0.055 - 0.15));
  CHECK(ground_distance(model, 5, link) == doctest::Approx(1.0 - 0.0275));
  link.rotation = glm::angleAxis(0.5 * glm::pi<double>(), glm::dvec3(0, 0, 1));
  CHECK(ground_distance(model, 3, link) == doctest::Approx(1.0 - 0.055));
  CHECK(ground_distance(model, 5, link) == doctest::Approx(1.0 - 0.0885));
}

TEST_CASE("a pose of the skeleton has the joints where the links are") {
  const Model model = make_model(dog_body()).value();
  const Skeleton skeleton = body_skeleton(dog_body()).value();
  test::Random random(5);
  std::vector<double> block = test::random_state(model, random);
  const StateView state = state_over(model, block);
  std::vector<LinkState> links(23);
  forward_kinematics(model, state.positions, state.velocities, links);
  Pose pose(skeleton);
  write_pose(model, state.positions, pose);
  std::vector<Transform> keys(23);
  write_pose(model, state.positions, keys);
  std::vector<Transform> models(23);
  for (std::size_t j = 0; j < 23; ++j) {
    const Transform local = pose.get(static_cast<int>(j));
    CHECK(local.translation == keys[j].translation);
    models[j] =
        j == 0 ? local
               : models[static_cast<std::size_t>(skeleton.parent(static_cast<int>(j)))] * local;
    CHECK(glm::length(glm::dvec3(models[j].translation) - links[j].joint) < 1e-5);
  }
}
