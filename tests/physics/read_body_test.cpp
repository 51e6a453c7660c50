// Bodies out of files: characters of DeepMimic and MJCF.
#include "canter/physics/read_body.h"

#include <doctest/doctest.h>
#include <mujoco/mujoco.h>

#include <cmath>
#include <cstring>
#include <numbers>
#include <random>

#include "canter/physics/kinematics.h"
#include "canter/physics/quat_order.h"
#include "test_data.h"

using namespace canter;
using namespace canter::physics;

namespace {

std::string text_of(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = test::read_file(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A character of two joints as JSON, with a part replaced.
std::string tiny(const std::string& from = "", const std::string& to = "") {
  std::string text = R"({"Skeleton": {"Joints": [
    {"Name": "root", "Type": "none", "Parent": -1},
    {"Name": "leg", "Type": "revolute", "Parent": 0, "AttachY": -0.2, "LimLow0": -2, "LimHigh0": 0,
     "TorqueLim": 80, "IsEndEffector": 1, "DiffWeight": 0.5}]},
   "BodyDefs": [
    {"Shape": "sphere", "Mass": 5, "Param0": 0.2, "EnableFallContact": 1},
    {"Shape": "capsule", "Mass": 2, "Param0": 0.1, "Param1": 0.3, "AttachY": -0.15}]})";
  if (const std::size_t at = text.find(from); !from.empty()) {
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string refusal(const std::string& text) {
  const Result<ReadBody> read = read_body(text, "b.txt");
  if (read.ok()) return {};
  CHECK(read.error().message.starts_with("b.txt: "));
  return read.error().message;
}

// Facing +X, Z up: a trunk, legs whose hips are three hinges, a knee, an arm with a skew elbow.
constexpr const char* kMjcf = R"(<mujoco><compiler angle="degree"/><worldbody>
<geom type="plane" size="5 5 1"/>
<body name="torso" pos="0 0 1.3"><freejoint/>
  <geom type="capsule" fromto="0 -.07 0 0 .07 0" size=".07"/>
  <geom type="sphere" size=".04" pos="0 0 .2"/>
  <body name="thigh" pos="0 -.1 -.2">
    <joint name="hip_x" axis="1 0 0" range="-25 5" limited="true"/>
    <joint name="hip_z" axis="0 0 1" range="-60 35" limited="true"/>
    <joint name="hip_y" axis="0 1 0" range="-110 20" limited="true"/>
    <geom type="capsule" fromto="0 0 0 0 .01 -.34" size=".06"/>
    <body name="shin" pos="0 .01 -.403">
      <joint name="knee" pos="0 0 .02" axis="0 -1 0" range="-160 2" limited="true"/>
      <geom type="capsule" fromto="0 0 0 0 0 -.3" size=".049"/>
      <body name="foot" pos="0 0 -.39">
        <joint name="ankle" type="ball"/>
        <geom type="box" size=".1 .05 .03" pos=".04 0 -.03" euler="0 0 10"/>
      </body>
    </body>
  </body>
  <body name="arm" pos="0 -.17 .06">
    <joint name="elbow" axis="0 -1 1" range="-90 50" limited="true"/>
    <geom type="capsule" fromto="0 0 0 .16 -.16 -.16" size=".04"/>
  </body>
</body></worldbody>
<actuator><motor joint="knee" gear="80" ctrlrange="-1 1" ctrllimited="true"/>
<position joint="elbow" kp="120" forcerange="-30 30" forcelimited="true"/></actuator></mujoco>)";

struct Engine {
  explicit Engine(const std::string& xml) {
    const auto files = std::make_unique<mjVFS>();
    mj_defaultVFS(files.get());
    mj_makeEmptyFileVFS(files.get(), "m.xml", static_cast<int>(xml.size()));
    std::memcpy(files->filedata[0], xml.data(), xml.size());
    char error[256] = "";
    model = mj_loadXML("m.xml", files.get(), error, sizeof error);
    mj_deleteVFS(files.get());
    REQUIRE_MESSAGE(model != nullptr, error);
    data = mj_makeData(model);
  }
  ~Engine() {
    mj_deleteData(data);
    mj_deleteModel(model);
  }
  mjModel* model = nullptr;
  mjData* data = nullptr;
};

// A name's body, and the largest geometry on it.
int body_id(const Engine& engine, const std::string& name) {
  return mj_name2id(engine.model, mjOBJ_BODY, name.c_str());
}

}  // namespace

TEST_CASE("the published characters are what their tables say") {
  const auto folder = test::shared_data("motions/deepmimic");
  if (!folder) return;
  for (const BodyDesc& table : {humanoid_body(), dog_body()}) {
    CAPTURE(table.name);
    const std::string controller = text_of(*folder / "controllers" / (table.name + "_ctrl.txt"));
    const Result<ReadBody> read = read_body(text_of(*folder / "characters" / (table.name + ".txt")),
                                            table.name, {.controller = controller});
    REQUIRE_MESSAGE(read.ok(), read.error().message);
    CHECK(read->notes.empty());
    REQUIRE(read->body.joints.size() == table.joints.size());
    for (std::size_t j = 0; j < table.joints.size(); ++j) {
      const BodyJoint &found = read->body.joints[j], &wanted = table.joints[j];
      CAPTURE(wanted.name);
      CHECK(found.name == wanted.name);
      CHECK(found.type == wanted.type);
      CHECK(found.parent == wanted.parent);
      CHECK(glm::distance(found.attach, wanted.attach) < 1e-6f);
      CHECK(glm::distance(found.limit_low, wanted.limit_low) < 1e-6f);
      CHECK(glm::distance(found.limit_high, wanted.limit_high) < 1e-6f);
      CHECK(found.torque_limit_nm == wanted.torque_limit_nm);
      CHECK(found.kp_nm_per_rad == wanted.kp_nm_per_rad);
      CHECK(found.kd_nm_s_per_rad == doctest::Approx(wanted.kd_nm_s_per_rad));
      CHECK(found.shape == wanted.shape);
      CHECK(glm::distance(found.half_size, wanted.half_size) < 1e-6f);
      CHECK(glm::distance(found.centre, wanted.centre) < 1e-6f);
      CHECK(std::abs(glm::dot(found.shape_rotation, wanted.shape_rotation)) > 0.999999f);
      CHECK(found.mass_kg == wanted.mass_kg);
      CHECK(found.reward_weight == wanted.reward_weight);
      CHECK(found.end_effector == wanted.end_effector);
      CHECK((found.part == Part::foot) == (wanted.part == Part::foot));
      // The dog's file counts its fore legs among what must not touch the ground.
      if (table.name == "humanoid3d") CHECK(found.part == wanted.part);
      // Which places of the reference a policy sees is no part of the file; the humanoid's agree.
      if (table.name == "humanoid3d") CHECK(found.key == wanted.key);
    }
  }
}

TEST_CASE("a character without a controller gets gains, and says so") {
  const ReadBody read = read_body(tiny(), "b.txt").value();
  REQUIRE(read.notes.size() == 1);
  CHECK(read.body.joints[1].kp_nm_per_rad == doctest::Approx(200.0f));
  CHECK(read.body.joints[1].kd_nm_s_per_rad == doctest::Approx(20.0f));
  CHECK(read.body.joints[1].part == Part::foot);
  CHECK(read.body.joints[1].half_size == Vec3(0.05f, 0.15f, 0.0f));
  CHECK(make_model(read.body).ok());
}

TEST_CASE("a character file that cannot be is refused with the place and what was expected") {
  CHECK(refusal(tiny()).empty());
  const auto names = [](const char* words, const std::string& text) {
    CHECK_MESSAGE(refusal(text).find(words) != std::string::npos, words << ": " << refusal(text));
  };
  names("neither MJCF", "");
  names("neither MJCF", "HIERARCHY");
  names("character: not a JSON object", tiny().substr(0, 100));
  names("lacks \"Skeleton\"", "{}");
  names("lacks \"Skeleton\"/\"Joints\"", "{\"Skeleton\": {}}");
  names("joint 1: \"Type\" is \"slide\"; expected \"spherical\"", tiny("revolute", "slide"));
  names("joint 1: \"Parent\" is 1.0", tiny("\"Parent\": 0", "\"Parent\": 1"));
  names("joint 1: \"AttachY\" is \"low\"; expected a number",
        tiny("\"AttachY\": -0.2", "\"AttachY\": \"low\""));
  names("joint 1: lacks \"Name\"", tiny("\"Name\": \"leg\", ", ""));
  names("joint 1: its frame is turned",
        tiny("\"TorqueLim\"", "\"AttachThetaX\": 1, \"TorqueLim\""));
  names("body of joint 'leg': \"Shape\" is \"cone\"", tiny("capsule", "cone"));
  names("body of joint 'leg': lacks \"Mass\"", tiny("\"Mass\": 2, ", ""));
  names("joint 'leg': mass 0", tiny("\"Mass\": 2", "\"Mass\": 0"));
  names("\"BodyDefs\" is a list of 1; expected 2, one per joint", tiny(R"(,
    {"Shape": "capsule", "Mass": 2, "Param0": 0.1, "Param1": 0.3, "AttachY": -0.15})",
                                                                       ""));
  const Result<ReadBody> gains =
      read_body(tiny(), "b.txt", {.controller = "{\"PDControllers\": [{}]}"});
  REQUIRE_FALSE(gains.ok());
  CHECK(gains.error().message.find("controller: \"PDControllers\" is a list of 1") !=
        std::string::npos);
}

TEST_CASE("an MJCF body moves as the engine's own compile of it") {
  const ReadBody read = read_body(kMjcf, "m.xml").value();
  const BodyDesc& body = read.body;
  REQUIRE(body.joints.size() == 5);
  CHECK(body.joints[1].type == JointType::ball);
  CHECK(body.joints[2].type == JointType::hinge);
  CHECK(body.joints[3].type == JointType::ball);
  CHECK(body.joints[4].type == JointType::ball);
  CHECK(body.joints[3].part == Part::foot);
  CHECK(body.joints[4].part == Part::hand);
  // A torso of two shapes, a hip of three hinges, an elbow askew.
  CHECK(read.notes.size() == 3);
  CHECK(body.joints[2].torque_limit_nm == doctest::Approx(80.0f));
  CHECK(body.joints[4].torque_limit_nm == doctest::Approx(30.0f));
  CHECK(body.joints[4].kp_nm_per_rad == doctest::Approx(120.0f));
  const float degree = kPi / 180.0f;
  CHECK(body.joints[2].limit_low.z == doctest::Approx(-160.0f * degree));
  CHECK(body.joints[2].limit_high.z == doctest::Approx(2.0f * degree));
  // About (0, 1, 0), which is our -Z: turned.
  CHECK(body.joints[1].limit_low.z == doctest::Approx(-20.0f * degree));
  CHECK(body.joints[1].limit_high.z == doctest::Approx(110.0f * degree));

  const Engine engine(kMjcf);
  const Model model = make_model(body).value();
  CHECK(model.mass_kg() == doctest::Approx(mj_getTotalmass(engine.model)).epsilon(1e-5));
  const glm::dquat to_ours = glm::angleAxis(-0.5 * std::numbers::pi, glm::dvec3(1, 0, 0));
  std::mt19937 random(7);
  const auto number = [&] { return static_cast<double>(random()) * 0x1.0p-31 - 1.0; };
  double largest = 0.0;
  for (int round = 0; round < 20; ++round) {
    mjData* data = engine.data;
    for (int q = 0; q < engine.model->nq; ++q) data->qpos[q] = 0.8 * number();
    mj_normalizeQuat(engine.model, data->qpos);
    mj_kinematics(engine.model, data);
    // The engine's rotation of every link against its zero pose (which turns none), in our axes.
    std::vector<glm::dquat> turned;
    for (const BodyJoint& joint : body.joints)
      turned.push_back(to_ours * from_wxyz(data->xquat + 4 * body_id(engine, joint.name)) *
                       glm::conjugate(to_ours));
    std::vector<double> positions(static_cast<std::size_t>(model.num_body_positions()));
    std::vector<double> velocities(static_cast<std::size_t>(model.num_body_velocities()));
    store3(to_ours * load3(data->xpos + 3 * body_id(engine, "torso")), positions.data());
    to_wxyz(turned[0], positions.data() + 3);
    for (std::size_t j = 1; j < turned.size(); ++j) {
      const JointIndex& at = model.joints()[j];
      const glm::dquat q =
          glm::conjugate(turned[static_cast<std::size_t>(body.joints[j].parent)]) * turned[j];
      if (at.type == JointType::ball) {
        to_wxyz(q, positions.data() + at.position);
        continue;
      }
      CHECK(std::hypot(q.x, q.y) < 1e-9);
      positions[static_cast<std::size_t>(at.position)] = 2.0 * std::atan2(q.z, q.w);
    }
    std::vector<LinkState> links(body.joints.size());
    forward_kinematics(model, positions, velocities, links);
    for (std::size_t j = 0; j < links.size(); ++j) {
      const int id = body_id(engine, body.joints[j].name);
      // The first geometry is the largest.
      const glm::dvec3 centre =
          to_ours * load3(data->geom_xpos + 3 * engine.model->body_geomadr[id]);
      largest = std::max(largest, glm::distance(links[j].centre, centre));
    }
  }
  MESSAGE("largest distance " << largest << " m");
  CHECK(largest < 1e-6);
}

TEST_CASE("MJCF that cannot be a body is refused by name, and no file is opened") {
  const auto changed = [](const std::string& from, const std::string& to) {
    std::string text = kMjcf;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  const auto names = [](const char* words, const std::string& text) {
    CHECK_MESSAGE(refusal(text).find(words) != std::string::npos, words << ": " << refusal(text));
  };
  names("no body has a free joint", changed("<freejoint/>", ""));
  names("body 'arm' slides", changed("name=\"elbow\"", "name=\"elbow\" type=\"slide\""));
  names("names other files", changed("<compiler", "<include file=\"other.xml\"/><compiler"));
  names("names other files",
        changed("<worldbody>", "<asset><mesh name=\"m\" file = \"m.stl\"/></asset><worldbody>"));
  names("XML", std::string(kMjcf).substr(0, 200));
  names("body 'arm' has no sphere",
        changed("<geom type=\"capsule\" fromto=\"0 0 0 .16 -.16 -.16\" size=\".04\"/>",
                "<inertial pos=\"0 0 0\" mass=\"1\" diaginertia=\"1 1 1\"/>"));
  names("more than one body is free",
        changed("</worldbody>",
                "<body name=\"b\"><freejoint/><geom size=\".1\"/></body></worldbody>"));
  // "file" in a name is no file.
  CHECK(read_body(changed("name=\"arm\"", "name=\"profile\""), "m.xml").ok());
}
