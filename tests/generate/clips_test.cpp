#include "generate/clips.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <glm/geometric.hpp>
#include <string>
#include <vector>

#include "feet.h"
#include "generate/character.h"

using namespace canter;
using namespace canter::generate;

namespace {

const Rig& rig() {
  static const Rig made;
  return made;
}
const std::vector<MadeClip>& clips() {
  static const std::vector<MadeClip> made = make_clips(rig());
  return made;
}
const MadeClip& clip(const std::string& name) {
  for (const MadeClip& c : clips())
    if (c.clip.name == name) return c;
  FAIL("no clip named ", name);
  return clips().front();
}

std::vector<Mat4> models_of(std::span<const Transform> locals) {
  return test::models_of(rig().skeleton(), locals);
}

Vec3 position(const std::vector<Mat4>& models, int joint) {
  return Vec3(models[static_cast<std::size_t>(joint)][3]);
}

float angle_between(const Quat& a, const Quat& b) {
  return glm::length(log_rotation(glm::conjugate(a) * b));
}

}  // namespace

TEST_CASE("every clip is valid, and the list is what the project ships") {
  for (const char* name :
       {"idle", "walk", "run", "jump", "turn_left_90", "turn_right_90", "turn_180", "wave"})
    CHECK(clip(name).clip.name == name);
  for (const MadeClip& c : clips()) {
    CHECK(validate(c.clip, rig().skeleton()).ok());
    CHECK(c.clip.rate_hz == kClipRate_hz);
    CHECK(c.contacts.size() == static_cast<std::size_t>(c.clip.num_frames()));
    CHECK(c.clip.duration_s() > 0.5f);
    CHECK(c.clip.duration_s() < 10.0f);
    CHECK_FALSE(c.description.empty());
    const bool cycle = c.clip.name == "idle" || c.clip.name == "walk" || c.clip.name == "run";
    CHECK(c.clip.loop == cycle);
  }
}

TEST_CASE("feet on the ground do not slide") {
  for (const MadeClip& c : clips()) {
    const float worst =
        test::foot_slide_m(rig().skeleton(), c.clip, c.contacts, {rig().heel(), rig().heel()});
    MESSAGE(c.clip.name, ": slide ", worst * 100.0f, " cm");
    CHECK(worst < 0.001f);  // the promise is 1 cm; the generator is exact up to rounding
  }
}

TEST_CASE("soles do not sink into the ground and feet in contact touch it") {
  CharacterSettings coarse;  // soles are flat: a coarse mesh has the same lowest points
  coarse.detail = 1.6;
  coarse.grid_m = 0.010;
  coarse.iterations = 6;
  const Character character = make_character(coarse);
  const SkinnedMesh& mesh = character.mesh;
  std::vector<Mat4> palette(mesh.bones.size());
  std::vector<Vec3> skinned(mesh.vertices.size());
  for (const MadeClip& c : clips()) {
    float lowest = 1.0f;
    float highest_stance = 0.0f;
    for (int f = 0; f < c.clip.num_frames(); ++f) {
      skinning_matrices(mesh.bones, models_of(c.clip.frame(f)), palette);
      skin(mesh, palette, skinned, {});
      float low = 1.0f;
      for (const Vec3& p : skinned) low = std::min(low, p.y);
      lowest = std::min(lowest, low);
      const FootContacts& contact = c.contacts[static_cast<std::size_t>(f)];
      if (contact.ball[0] || contact.ball[1] || contact.heel[0] || contact.heel[1])
        highest_stance = std::max(highest_stance, low);
    }
    MESSAGE(c.clip.name, ": lowest point ", lowest * 1000.0f, " mm, highest sole in contact ",
            highest_stance * 1000.0f, " mm");
    CHECK(lowest > -0.005f);
    CHECK(highest_stance < 0.008f);
  }
}

TEST_CASE("loops close in value and velocity") {
  for (const MadeClip& c : clips()) {
    if (!c.clip.loop) continue;
    const int last = c.clip.num_frames() - 1;
    float value = 0.0f;
    float jump = 0.0f;
    float usual = 0.0f;  // the largest change of angular velocity between frames elsewhere
    for (std::size_t j = 0; j < kNumJoints; ++j) {
      const auto q = [&](int f) { return c.clip.frame(f)[j].rotation; };
      const auto rate = [&](int a, int b) {
        return log_rotation(glm::conjugate(q(a)) * q(b)) * kClipRate_hz;
      };
      value = std::max(value, angle_between(q(last), q(0)));
      jump = std::max(jump, glm::length(rate(0, 1) - rate(last - 1, last)));
      for (int f = 1; f < last; ++f)
        usual = std::max(usual, glm::length(rate(f, f + 1) - rate(f - 1, f)));
    }
    // The hips' place repeats too, apart from the way made.
    const Vec3 made = c.clip.frame(last)[kHips].translation - c.clip.frame(0)[kHips].translation;
    const Vec3 first = c.clip.frame(1)[kHips].translation - c.clip.frame(0)[kHips].translation;
    const Vec3 final =
        c.clip.frame(last)[kHips].translation - c.clip.frame(last - 1)[kHips].translation;
    MESSAGE(c.clip.name, ": seam ", value, " rad, step of velocity ", jump, " rad/s (elsewhere ",
            usual, "), hips ", glm::length(first - final) * kClipRate_hz, " m/s");
    CHECK(value < 1e-3f);
    CHECK(jump < std::max(0.05f, 1.05f * usual));
    CHECK(std::abs(made.x) < 1e-4f);
    CHECK(std::abs(made.y) < 1e-4f);
    CHECK(glm::length(first - final) * kClipRate_hz < 0.25f);
  }
}

TEST_CASE("clips in place start and end in the first pose of idle") {
  const auto idle = clip("idle").clip.frame(0);
  for (const char* name : {"jump", "wave"}) {
    const RawClip& c = clip(name).clip;
    for (std::size_t j = 0; j < kNumJoints; ++j)
      for (const int f : {0, c.num_frames() - 1}) {
        INFO(std::string(name), " frame ", f, " joint ",
             rig().skeleton().name(static_cast<int>(j)));
        CHECK(angle_between(c.frame(f)[j].rotation, idle[j].rotation) < 2e-3f);
        CHECK(glm::distance(c.frame(f)[j].translation, idle[j].translation) < 2e-3f);
      }
  }
  // Turns end in the same pose, turned.
  for (const auto& [name, angle] :
       {std::pair{"turn_left_90", 0.5f * kPi}, std::pair{"turn_right_90", -0.5f * kPi},
        std::pair{"turn_180", kPi}}) {
    const RawClip& c = clip(name).clip;
    const auto last = c.frame(c.num_frames() - 1);
    const Quat turned = rotation_y(angle) * idle[kHips].rotation;
    CHECK(angle_between(last[kHips].rotation, turned) < 5e-3f);
    for (std::size_t j = 1; j < kNumJoints; ++j) {
      INFO(std::string(name), " joint ", rig().skeleton().name(static_cast<int>(j)));
      CHECK(angle_between(last[j].rotation, idle[j].rotation) < 0.01f);
    }
  }
}

TEST_CASE("joints stay within the limits of a body") {
  const float degree = kPi / 180.0f;
  for (const MadeClip& c : clips()) {
    float straightest = 1e9f;
    float knee_most = 0.0f;
    float up = 0.0f;  // of the toes, against the shin
    float down = 0.0f;
    for (int f = 0; f < c.clip.num_frames(); ++f) {
      const auto locals = c.clip.frame(f);
      for (const std::size_t knee : {kLeftLeg, kRightLeg}) {
        const Vec3 turn = log_rotation(locals[knee].rotation);
        straightest = std::min(straightest, turn.x);
        knee_most = std::max(knee_most, turn.x);
        // A hinge: nothing but bending.
        CHECK(std::hypot(turn.y, turn.z) < 1e-3f);
      }
      for (const std::size_t foot : {kLeftFoot, kRightFoot}) {
        const Vec3 turn = log_rotation(locals[foot].rotation);
        up = std::min(up, turn.x);
        down = std::max(down, turn.x);
        CHECK(std::hypot(turn.y, turn.z) < 45.0f * degree);
      }
      for (const std::size_t hip : {kLeftUpLeg, kRightUpLeg}) {
        const Vec3 turn = log_rotation(locals[hip].rotation);
        CHECK(glm::length(turn) < 115.0f * degree);
        CHECK(turn.x < 45.0f * degree);  // extension
        CHECK(std::abs(turn.y) < 60.0f * degree);
      }
      for (const std::size_t spine : {kSpine, kSpine1, kSpine2})
        CHECK(glm::length(log_rotation(locals[spine].rotation)) < 25.0f * degree);
      for (const std::size_t neck : {kNeck, kHead})
        CHECK(glm::length(log_rotation(locals[neck].rotation)) < 40.0f * degree);
    }
    MESSAGE(c.clip.name, ": knees bent ", straightest / degree, " to ", knee_most / degree,
            " degrees, ankles ", up / degree, " to ", down / degree);
    CHECK(up > -50.0f * degree);
    CHECK(down < 65.0f * degree);
    CHECK(straightest > 2.0f * degree);
    CHECK(knee_most < 140.0f * degree);
  }
}

TEST_CASE("nothing pops: accelerations stay those of a body") {
  for (const MadeClip& c : clips()) {
    float worst = 0.0f;
    int worst_joint = 0;
    int worst_frame = 0;
    std::vector<std::vector<Mat4>> models;
    for (int f = 0; f < c.clip.num_frames(); ++f) models.push_back(models_of(c.clip.frame(f)));
    for (std::size_t f = 2; f < models.size(); ++f)
      for (int j = 0; j < kNumJoints; ++j) {
        const Vec3 bend =
            position(models[f], j) - 2.0f * position(models[f - 1], j) + position(models[f - 2], j);
        const float acceleration = glm::length(bend) * kClipRate_hz * kClipRate_hz;
        if (acceleration > worst) {
          worst = acceleration;
          worst_joint = j;
          worst_frame = static_cast<int>(f);
        }
      }
    MESSAGE(c.clip.name, ": largest acceleration ", worst, " m/s2, ",
            rig().skeleton().name(worst_joint), " at frame ", worst_frame);
    // A knee that snaps straight or a foot that jumps in one frame shows as 500 m/s² and more.
    CHECK(worst < 200.0f);
  }
}

TEST_CASE("the walk's second half mirrors its first") {
  for (const char* name : {"walk", "run"}) {
    const RawClip& c = clip(name).clip;
    const int half = (c.num_frames() - 1) / 2;
    REQUIRE(2 * half == c.num_frames() - 1);
    float worst = 0.0f;
    for (int f = 0; f < half; ++f)
      for (std::size_t j = 0; j < kNumJoints; ++j) {
        const auto twin = static_cast<std::size_t>(joint_table()[j].mirror);
        const Quat q = c.frame(f + half)[twin].rotation;
        worst = std::max(worst, angle_between(c.frame(f)[j].rotation, {q.w, q.x, -q.y, -q.z}));
      }
    MESSAGE(std::string(name), ": largest asymmetry ", worst, " rad");
    CHECK(worst < 2e-3f);
  }
}

TEST_CASE("walk and run have the stated speed, the run a ballistic flight") {
  for (const auto& [name, speed] : {std::pair{"walk", 1.3f}, std::pair{"run", 3.3f}}) {
    const RawClip& c = clip(name).clip;
    const int last = c.num_frames() - 1;
    const Vec3 made = c.frame(last)[kHips].translation - c.frame(0)[kHips].translation;
    CHECK(made.z / c.duration_s() == doctest::Approx(speed).epsilon(0.001));
  }
  // While no foot touches the ground, gravity alone moves the hips.
  for (const char* name : {"run", "jump"}) {
    const MadeClip& c = clip(name);
    int in_flight = 0;
    for (int f = 1; f + 1 < c.clip.num_frames(); ++f) {
      bool flying = true;
      for (int k = f - 1; k <= f + 1; ++k) {
        const FootContacts& contact = c.contacts[static_cast<std::size_t>(k)];
        flying &= !(contact.heel[0] || contact.heel[1] || contact.ball[0] || contact.ball[1]);
      }
      if (!flying) continue;
      ++in_flight;
      const auto y = [&](int k) { return c.clip.frame(k)[kHips].translation.y; };
      const float acceleration = (y(f + 1) - 2.0f * y(f) + y(f - 1)) * kClipRate_hz * kClipRate_hz;
      INFO(std::string(name), " frame ", f);
      CHECK(acceleration == doctest::Approx(-9.81).epsilon(0.03));
    }
    CHECK(in_flight > 3);
  }
}
