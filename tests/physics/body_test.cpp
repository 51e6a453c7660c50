#include <doctest/doctest.h>

#include <functional>

#include "canter/physics/pose.h"
#include "canter/physics/simulate.h"

using namespace canter;
using namespace canter::physics;

namespace {

struct BadBody {
  const char* what;
  std::function<void(BodyDesc&)> spoil;
};

}  // namespace

TEST_CASE("the humanoid has the published numbers") {
  const BodyDesc body = humanoid_body();
  REQUIRE(validate(body).ok());
  const Model model = make_model(body).value();
  CHECK(model.num_joints() == 15);
  CHECK(model.num_positions() == 43);
  CHECK(model.num_velocities() == 34);
  CHECK(model.state_size() * sizeof(double) == 888);
  CHECK(model.mass_kg() == doctest::Approx(45.0).epsilon(1e-6));
  std::vector<double> block(static_cast<std::size_t>(model.state_size()));
  rest_state(model, block);
  // Soles on the ground in the zero pose.
  CHECK(block[1] == doctest::Approx(0.421546 + 0.40987 + 0.0225 + 0.0275).epsilon(1e-6));
  CHECK(body_skeleton(body).value().rest_pose()[0].translation.y ==
        doctest::Approx(block[1]).epsilon(1e-5));
}

TEST_CASE("the dog has the published numbers") {
  const Model model = make_model(dog_body()).value();
  CHECK(model.num_joints() == 23);
  CHECK(model.num_positions() == 83);
  CHECK(model.num_velocities() == 64);
  CHECK(model.mass_kg() == doctest::Approx(29.25).epsilon(1e-6));
}

TEST_CASE("a body that cannot be is refused by name") {
  const BadBody bad[] = {
      {"without joints", [](BodyDesc& b) { b.joints.clear(); }},
      {"no name", [](BodyDesc& b) { b.joints[3].name.clear(); }},
      {"comes twice", [](BodyDesc& b) { b.joints[3].name = "neck"; }},
      {"must be the root", [](BodyDesc& b) { b.joints[0].type = JointType::ball; }},
      {"only the first joint", [](BodyDesc& b) { b.joints[2].type = JointType::root; }},
      {"parent is joint 9", [](BodyDesc& b) { b.joints[3].parent = 9; }},
      {"parent is joint -1", [](BodyDesc& b) { b.joints[3].parent = -1; }},
      {"half size", [](BodyDesc& b) { b.joints[3].half_size.y = 0.0f; }},
      {"mass", [](BodyDesc& b) { b.joints[3].mass_kg = -1.0f; }},
      {"unit length", [](BodyDesc& b) { b.joints[3].shape_rotation = Quat(2, 0, 0, 0); }},
      {"not finite", [](BodyDesc& b) { b.joints[3].attach.x = NAN; }},
      {"gains", [](BodyDesc& b) { b.joints[3].kp_nm_per_rad = 0.0f; }},
      {"gains", [](BodyDesc& b) { b.joints[3].torque_limit_nm = INFINITY; }},
      {"no range", [](BodyDesc& b) { b.joints[4].limit_high.z = -4.0f; }},
      {"reward weight", [](BodyDesc& b) { b.joints[3].reward_weight = -1.0f; }},
      {"weights are 0",
       [](BodyDesc& b) {
         for (auto& j : b.joints) j.reward_weight = 0.0f;
       }},
      {"at most 64", [](BodyDesc& b) { b.joints.resize(65, b.joints[3]); }},
  };
  for (const BadBody& one : bad) {
    CAPTURE(one.what);
    BodyDesc body = humanoid_body();
    one.spoil(body);
    const Result<Model> model = make_model(body);
    REQUIRE_FALSE(model.ok());
    CHECK(model.error().message.find(one.what) != std::string::npos);
  }
}

TEST_CASE("options out of range are refused by name") {
  const auto message = [](const std::function<void(ModelOptions&)>& spoil) {
    ModelOptions options;
    spoil(options);
    const Result<Model> model = make_model(humanoid_body(), options);
    return model.ok() ? std::string() : model.error().message;
  };
  CHECK(message([](ModelOptions&) {}).empty());
  const auto names = [&](const char* word, const std::function<void(ModelOptions&)>& spoil) {
    CHECK_MESSAGE(message(spoil).find(word) != std::string::npos, word);
  };
  names("rate", [](ModelOptions& o) { o.rate_hz = 0.0; });
  names("contact time", [](ModelOptions& o) { o.contact_time_s = 0.01; });
  names("gravity", [](ModelOptions& o) { o.gravity_m_s2 = NAN; });
  names("boxes", [](ModelOptions& o) { o.num_boxes = 9; });
  names("friction", [](ModelOptions& o) { o.ground.friction = -0.1f; });
  names("slope", [](ModelOptions& o) { o.ground.slope_rad = 2.0f; });
  names("stair", [](ModelOptions& o) { o.ground.num_steps = -1; });
  names("level ground", [](ModelOptions& o) {
    o.ground.num_steps = 2;
    o.ground.slope_rad = 0.1f;
  });
}

TEST_CASE("a body's hash tells bodies apart") {
  const std::uint64_t hash = body_hash(humanoid_body());
  CHECK(hash == body_hash(humanoid_body()));
  CHECK(hash != body_hash(dog_body()));
  BodyDesc heavier = humanoid_body();
  heavier.joints[5].mass_kg += 0.1f;
  CHECK(hash != body_hash(heavier));
}
