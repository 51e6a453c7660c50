// What exporters do that the format's descriptions do not mention, one case each.

#include <doctest/doctest.h>

#include <string>

#include "canter/import/import.h"
#include "import_support.h"

using namespace canter;
using namespace canter::test;

namespace {

const std::string kHead =
    "HIERARCHY\nROOT Hips\n{\nOFFSET 1 2 3\n"
    "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation\n";
const std::string kOneJoint = kHead + "}\n";

importer::Scene load_raw(const std::string& text) {
  importer::Options options;
  options.raw = true;
  auto scene = importer::load(bytes_of(text), "test.bvh", options);
  INFO((scene.ok() ? "" : scene.error().message));
  REQUIRE(scene.ok());
  REQUIRE(scene->clips.size() == 1);
  REQUIRE(validate(scene->clips[0], scene->skeleton).ok());
  return std::move(scene).value();
}

importer::Scene load_motion(const std::string& motion) {
  return load_raw(kOneJoint + motion);
}

std::string error_of(const std::string& text) {
  const auto scene = importer::load(bytes_of(text), "test.bvh");
  REQUIRE_FALSE(scene.ok());
  return scene.error().message;
}

float rate_of(const std::string& frame_time, bool raw = false) {
  importer::Options options;
  options.raw = raw;
  const std::string text =
      kOneJoint + "MOTION\nFrames: 1\nFrame Time: " + frame_time + "\n0 0 0 0 0 0\n";
  const auto scene = importer::load(bytes_of(text), "test.bvh", options);
  INFO((scene.ok() ? "" : scene.error().message));
  REQUIRE(scene.ok());
  return scene->clips[0].rate_hz;
}

bool same_rotation(const Quat& a, const Quat& b) {
  return std::abs(glm::dot(a, b)) > 1.0f - 1e-6f;
}

Quat about(int axis, float degrees) {
  Vec3 v(0.0f);
  v[axis] = 1.0f;
  return glm::angleAxis(glm::radians(degrees), v);
}

}  // namespace

TEST_CASE("rotations multiply in the order of the file, for every order and any angle") {
  const char* names = "XYZ";
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 3; ++b)
      for (int c = 0; c < 3; ++c) {
        std::string channels;
        for (const int axis : {a, b, c}) channels += std::string(1, names[axis]) + "rotation ";
        for (const float scale : {1.0f, -1.0f, 7.0f, 1000.0f}) {
          const Vec3 angles = Vec3(33.25f, -71.5f, 140.0f) * scale;
          const auto scene =
              load_raw("HIERARCHY\nROOT r\n{\nOFFSET 0 0 0\nCHANNELS 3 " + channels +
                       "\n}\nMOTION\nFrames: 1\nFrame Time: 0.1\n" + std::to_string(angles.x) +
                       " " + std::to_string(angles.y) + " " + std::to_string(angles.z) + "\n");
          const Quat want = about(a, std::remainder(angles.x, 360.0f)) *
                            about(b, std::remainder(angles.y, 360.0f)) *
                            about(c, std::remainder(angles.z, 360.0f));
          CHECK(same_rotation(scene.clips[0].keys[0].rotation, want));
        }
      }
}

TEST_CASE("half angles stay exact at quarter turns and in between") {
  for (int degrees = -1080; degrees <= 1080; degrees += 15) {
    const auto scene = load_motion("MOTION\nFrames: 1\nFrame Time: 0.1\n0 0 0 " +
                                   std::to_string(degrees) + " 0 0\n");
    const Quat q = scene.clips[0].keys[0].rotation;
    const double half = degrees * 3.14159265358979323846 / 360.0;
    CHECK(static_cast<double>(q.w) == doctest::Approx(std::cos(half)).epsilon(2e-7));
    CHECK(std::abs(static_cast<double>(q.z) - std::sin(half)) < 2e-7);
  }
}

TEST_CASE("positions replace the offset, per channel, on any joint; rotation may come first") {
  const auto scene = load_raw(
      "HIERARCHY\nROOT r\n{\nOFFSET 1 2 3\n"
      "CHANNELS 6 Zrotation Xrotation Yrotation Xposition Yposition Zposition\n"
      "JOINT a\n{\nOFFSET 4 5 6\nCHANNELS 4 Yposition Zrotation Xrotation Yrotation\n}\n"
      "JOINT b\n{\nOFFSET 7 8 9\nCHANNELS 0\n}\n}\n"
      "MOTION\nFrames: 1\nFrame Time: 0.1\n90 0 0 10 20 30 50 0 0 90\n");
  const auto& keys = scene.clips[0].keys;
  CHECK(keys[0].translation == Vec3(10, 20, 30));
  CHECK(same_rotation(keys[0].rotation, about(2, 90)));
  CHECK(keys[1].translation == Vec3(4, 50, 6));
  CHECK(same_rotation(keys[1].rotation, about(1, 90)));
  CHECK(keys[2].translation == Vec3(7, 8, 9));
  CHECK(scene.skeleton.rest_pose()[0].translation == Vec3(1, 2, 3));
}

TEST_CASE("spelling: case, line ends, tabs, byte-order mark, one line, names with spaces") {
  const std::string motion = "MOTION\nFrames: 1\nFrame Time: 0.1\n1 2 3 0 0 0";
  for (std::string text : std::initializer_list<std::string>{
           kOneJoint + motion,
           kOneJoint + motion + "\n\n\n",
           "\xEF\xBB\xBF" + kOneJoint + motion,
           "\n \t" + kOneJoint + motion,
           "hierarchy\nroot Hips\n{\noffset 1 2 3\nchannels 6 xPosition YPOSITION zposition "
           "zrotation XROTATION yRotation\n}\nmotion\nframes: 1\nframe time: 0.1\n1 2 3 0 0 0",
           ("HIERARCHY ROOT Hips { OFFSET 1 2 3 CHANNELS 6 Xposition Yposition Zposition "
            "Zrotation Xrotation Yrotation } MOTION Frames: 1 Frame Time: 0.1 1 2 3 0 0 0"),
           kOneJoint + "MOTION\nFrames:\t1\nFrame Time:\t.1\n1\t2.0\t3e0\t0\t-0\t+0",
           kOneJoint + "MOTION\nFrames : 1\nFrame Time : 1e-1\n1 2 3\n0 0 0",
       }) {
    CHECK(load_raw(text).clips[0].keys[0].translation == Vec3(1, 2, 3));
    for (std::size_t i = 0; (i = text.find('\n', i)) != std::string::npos; i += 2)
      text.replace(i, 1, "\r\n");
    CHECK(load_raw(text).clips[0].keys[0].translation == Vec3(1, 2, 3));
  }
  const auto scene = load_raw(
      "HIERARCHY\nROOT  the:Left  Foot \r\n{\nOFFSET 0 0 0\nCHANNELS 0\nJOINT na\xEFve{\nOFFSET 0 "
      "0 0\n"
      "CHANNELS 0\n}\nJOINT\n{\nOFFSET 0 0 0\nCHANNELS 0\n}\n}\nMOTION\nFrames: 1\nFrame Time: "
      "1\n");
  CHECK(scene.skeleton.name(0) == "the:Left  Foot");
  CHECK(scene.skeleton.name(1) == "na\xC3\xAFve");
  CHECK(scene.skeleton.name(2) == "joint2");
}

TEST_CASE("more or fewer frames than announced are read as far as they are whole") {
  const auto more = load_motion("MOTION\nFrames: 1\nFrame Time: 0.1\n1 2 3 0 0 0\n4 5 6 0 0 0\n");
  CHECK(more.clips[0].num_frames() == 2);
  CHECK(find(more, "frame_count_mismatch") != nullptr);
  const auto fewer = load_motion("MOTION\nFrames: 9\nFrame Time: 0.1\n1 2 3 0 0 0\n4 5 6 0\n");
  CHECK(fewer.clips[0].num_frames() == 1);
  REQUIRE(find(fewer, "frame_count_mismatch") != nullptr);
  CHECK(find(fewer, "frame_count_mismatch")->evidence.find("a part") != std::string::npos);
  const auto exact = load_motion("MOTION\nFrames: 1\nFrame Time: 0.1\n1 2 3 0 0 0\n");
  CHECK(find(exact, "frame_count_mismatch") == nullptr);
  const auto text = load_motion("MOTION\nFrames: 1\nFrame Time: 0.1\n1 2 3 0 0 0\nthe end\n");
  CHECK(text.clips[0].num_frames() == 1);
  CHECK(find(text, "trailing_text") != nullptr);
  const auto none =
      importer::load(bytes_of(kOneJoint + "MOTION\nFrames: 0\nFrame Time: 0.1\n"), "test.bvh");
  REQUIRE(none.ok());
  CHECK(none->clips.empty());
  CHECK(find(*none, "no_frames") != nullptr);
}

TEST_CASE("frame times snap to the rate whose digits they are, and only to that") {
  CHECK(rate_of("0.0083333") == 120.0f);
  CHECK(rate_of("0.008333") == 120.0f);
  CHECK(rate_of(".0083333") == 120.0f);
  CHECK(rate_of("0.033333") == 30.0f);
  CHECK(rate_of(".03333") == 30.0f);
  CHECK(rate_of("0.0333") == 30.0f);
  CHECK(rate_of("0.033") == 30.0f);
  CHECK(rate_of("0.03333333507180214") == 30.0f);
  CHECK(rate_of("0.041667") == 24.0f);
  CHECK(rate_of("0.016667") == 60.0f);
  CHECK(rate_of("0.016666666666666666") == 60.0f);
  CHECK(rate_of("0.01") == 100.0f);
  CHECK(rate_of("0.008") == 125.0f);
  CHECK(rate_of("0.04") == 25.0f);
  CHECK(rate_of("1") == 1.0f);
  CHECK(rate_of("0.0417083750417") == doctest::Approx(23.976).epsilon(1e-7));
  CHECK(rate_of("0.033367") == doctest::Approx(30000.0 / 1001).epsilon(1e-7));
  CHECK(rate_of("0.0345") == doctest::Approx(1.0 / 0.0345));
  CHECK(rate_of("0.008333", true) == doctest::Approx(1.0 / 0.008333));
  // What cannot be meant.
  CHECK(rate_of("0") == 30.0f);
  CHECK(rate_of("-0.1") == 30.0f);
  CHECK(rate_of("1e30") == 30.0f);
}

TEST_CASE("several roots, end sites, duplicate names, channels of scale") {
  const auto scene = load_raw(
      "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 3 Xposition Yposition Zposition\n"
      "JOINT b\n{\nOFFSET 0 1 0\nCHANNELS 0\nEnd Site\n{\nOFFSET 0 2 0\n}\nEnd Site tip\n{\n"
      "OFFSET 0 3 0\nCHANNELS 0\n}\n}\nJOINT b\n{\nOFFSET 1 0 0\nCHANNELS 0\nEndSite\n{\n}\n}\n}\n"
      "ROOT b\n{\nOFFSET 5 0 0\nCHANNELS 6 Xposition Yposition Zposition Xscale Yscale Zscale\n}\n"
      "MOTION\nFrames: 1\nFrame Time: 0.1\n1 2 3 4 5 6 2 2 2\n");
  CHECK(scene.skeleton.num_joints() == 4);
  CHECK(scene.skeleton.name(2) == "b_2");
  CHECK(scene.skeleton.name(3) == "b_3");
  CHECK(scene.skeleton.parent(3) == -1);
  CHECK(scene.clips[0].keys[3].translation == Vec3(4, 5, 6));
  REQUIRE(scene.skeleton.end_sites().size() == 3);
  CHECK(scene.skeleton.end_sites()[1].offset == Vec3(0, 3, 0));
  CHECK(scene.skeleton.end_sites()[1].joint == 1);
  CHECK(find(scene, "duplicate_names") != nullptr);
  CHECK(find(scene, "scale_channels") != nullptr);
}

TEST_CASE("a body that lies along Z and counts in centimetres becomes Y up in metres") {
  // Legs, spine and head along Z; a foot stands forward along -Y.
  const std::string text =
      "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 90\n"
      "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation\n"
      "JOINT Spine\n{\nOFFSET 0 0 20\nCHANNELS 3 Zrotation Xrotation Yrotation\nJOINT Head\n{\n"
      "OFFSET 0 0 40\nCHANNELS 3 Zrotation Xrotation Yrotation\nEnd Site\n{\nOFFSET 0 0 "
      "20\n}\n}\n}\n"
      "JOINT LeftUpLeg\n{\nOFFSET 10 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\nJOINT LeftLeg\n"
      "{\nOFFSET 0 0 -45\nCHANNELS 3 Zrotation Xrotation Yrotation\nJOINT LeftFoot\n{\n"
      "OFFSET 0 0 -40\nCHANNELS 3 Zrotation Xrotation Yrotation\nEnd Site\n{\nOFFSET 0 -15 -5\n}\n"
      "}\n}\n}\nJOINT RightUpLeg\n{\nOFFSET -10 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
      "JOINT RightLeg\n{\nOFFSET 0 0 -45\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
      "JOINT RightFoot\n{\nOFFSET 0 0 -40\nCHANNELS 3 Zrotation Xrotation Yrotation\nEnd Site\n{\n"
      "OFFSET 0 -15 -5\n}\n}\n}\n}\n}\nMOTION\nFrames: 1\nFrame Time: 0.1\n"
      "0 0 90 90 0 0 0 0 0 0 0 0 0 0 0 30 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
  const auto scene = importer::load(bytes_of(text), "test.bvh");
  REQUIRE(scene.ok());
  CHECK(scene->up_axis == "z");
  CHECK(scene->unit_m == 0.01f);
  REQUIRE(find(*scene, "up_axis") != nullptr);
  CHECK(find(*scene, "up_axis")->state == importer::FixState::applied);

  // Every point of the file's pose, turned and scaled by hand.
  const auto raw = load_raw(text);
  CHECK(raw.up_axis == "z");
  CHECK(find(raw, "up_axis")->state == importer::FixState::available);
  const auto before = joint_positions(raw.skeleton, raw.clips[0].frame(0));
  const auto after = joint_positions(scene->skeleton, scene->clips[0].frame(0));
  const auto rest = joint_positions(scene->skeleton, scene->skeleton.rest_pose());
  for (const auto& [name, p] : before)
    CHECK(glm::distance(after.at(name), 0.01f * Vec3(p.x, p.z, -p.y)) < 1e-6f);
  CHECK(rest.at("Head").y == doctest::Approx(1.5f));
  CHECK(rest.at("LeftFoot_end").z == doctest::Approx(0.15f));
  // Rest rotations stay identity.
  for (const Transform& t : scene->skeleton.rest_pose()) CHECK(t.rotation == kIdentityRotation);

  importer::Options metres;
  metres.unit_m = 2.0f;
  const auto stated = importer::load(bytes_of(text), "test.bvh", metres);
  REQUIRE(stated.ok());
  CHECK(stated->skeleton.rest_pose()[0].translation.y == doctest::Approx(180.0f));
  CHECK(find(*stated, "unit_guess") == nullptr);
}

TEST_CASE("what cannot be read is named with its line, found and expected") {
  CHECK(error_of("HIERARCHY\n") == "test.bvh:2: expected \"ROOT\", found the end of the file");
  CHECK(error_of("HIERARCHY\nJOINT a\n") == "test.bvh:2: expected \"ROOT\", found \"JOINT\"");
  CHECK(error_of("HIERARCHY\nROOT a\n{\nOFFSET 0 zero 0\n}") ==
        "test.bvh:4: expected a finite number (OFFSET x y z), found \"zero\"");
  CHECK(
      error_of("HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 3 Xrotation Yrotation Wrotation\n") ==
      "test.bvh:5: expected a channel such as \"Xrotation\", found \"Wrotation\"");
  CHECK(error_of("HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 3000000000 Xrotation\n") ==
        "test.bvh:5: expected a number of channels from 0 to 9, found \"3000000000\"");
  CHECK(error_of(kOneJoint + "MOTION\nFrames: -4\n") ==
        "test.bvh:8: expected a number of frames, found \"-4\"");
  CHECK(error_of(kOneJoint + "MOTION\nFrames: 2\nFrame Time: 0.1\n1 2 3 nan 0 0\n") ==
        "test.bvh:10: expected a finite number (frame 0, value 4 of 6), found \"nan\"");
  CHECK(error_of(kOneJoint + "MOTION\nFrames: 2\nFrame Time: 0.1\n1 2 3 1e99 0 0\n")
            .find("found \"1e99\"") != std::string::npos);
  CHECK(error_of(kOneJoint + "MOTION\nFrames: 2\nFrame Time: fast\n") ==
        "test.bvh:9: expected a frame time in seconds, found \"fast\"");
  CHECK(error_of(kOneJoint + "MOTION\nFrames: 2\n1 2 3\n") ==
        "test.bvh:9: expected \"Frame Time:\", found \"1\"");
}
