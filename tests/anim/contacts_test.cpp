#include "canter/anim/contacts.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "canter/import/import.h"
#include "motion_fixtures.h"
#include "test_data.h"

using namespace canter;
using namespace canter::test;

namespace {

ContactTrack contacts_of(const Skeleton& skeleton, const RawClip& clip) {
  Result<ContactTrack> track = detect_contacts(skeleton, clip);
  REQUIRE(track.ok());
  return std::move(track).value();
}

}  // namespace

TEST_CASE("contacts: the stances of a made walk are found, at any rate and size") {
  for (const float rate : {30.0f, 60.0f, 120.0f}) {
    for (const float size : {1.0f, 0.1f, 20.0f}) {
      CAPTURE(rate);
      CAPTURE(size);
      const Skeleton human = make_humanoid();
      Walk walk = make_walk(human, 5.0f, rate);
      const Skeleton skeleton = scaled(human, size);
      for (Transform& key : walk.clip.keys) key.translation *= size;
      const ContactTrack track = contacts_of(skeleton, walk.clip);
      REQUIRE(track.feet.size() == 2);
      // The rest pose stands with its toe tips on the ground plane at 0.99 - 0.99 = 0.
      CHECK(std::abs(track.ground_m) < 0.02f * size);
      for (std::size_t s = 0; s < 2; ++s) {
        CAPTURE(s);
        const auto& found = track.feet[s].any;
        CHECK(found.size() <= walk.stances[s].size());
        for (const Walk::Stance& stance : walk.stances[s]) {
          // Stances cut off by the ends of the clip may be too short to tell.
          if (stance.end_s - stance.start_s < 0.3f) continue;
          CAPTURE(stance.start_s);
          // Speed is taken over 40 ms and the foot leaves slowly.
          const float tolerance = 0.06f + 1.0f / rate;
          CHECK(std::any_of(found.begin(), found.end(), [&](const ContactInterval& i) {
            return std::abs(i.start_s - stance.start_s) < tolerance &&
                   std::abs(i.end_s - stance.end_s) < tolerance;
          }));
        }
      }
      MESSAGE("slide " << foot_slide_mps(skeleton, walk.clip, track) << " m/s");
    }
  }
}

TEST_CASE("contacts: a foot that hovers or slides is not in contact") {
  const Skeleton skeleton = make_humanoid();
  Walk walk = make_walk(skeleton, 4.0f, 60.0f);
  for (int f = 0; f < walk.clip.num_frames(); ++f) {
    Transform& root = walk.clip.frame(f)[0];
    // From 2 s on the character is carried through the air, then dragged over the ground.
    const float t = static_cast<float>(f) / 60.0f;
    if (t > 2.0f && t < 3.0f) root.translation.y += 0.3f;
    if (t >= 3.0f) root.translation.x += 2.0f * (t - 3.0f);
  }
  const ContactTrack track = contacts_of(skeleton, walk.clip);
  for (const FootContacts& foot : track.feet) {
    CHECK_FALSE(in_contact(foot.any, 2.5f));
    CHECK_FALSE(in_contact(foot.any, 3.5f));
  }
  CHECK((in_contact(track.feet[0].any, 1.3f) || in_contact(track.feet[1].any, 1.3f)));
}

TEST_CASE("contacts: queries") {
  const std::vector<ContactInterval> intervals = {{1.0f, 2.0f}, {3.0f, 3.5f}};
  CHECK_FALSE(in_contact(intervals, 0.99f));
  CHECK(in_contact(intervals, 1.0f));
  CHECK(in_contact(intervals, 2.0f));
  CHECK_FALSE(in_contact(intervals, 2.01f));
  CHECK(in_contact(intervals, 3.2f));
  CHECK_FALSE(in_contact(intervals, 9.0f));
  CHECK_FALSE(in_contact({}, 1.0f));
  CHECK(contact_weight(intervals, 1.5f, 0.1f) == 1.0f);
  CHECK(contact_weight(intervals, 2.05f, 0.1f) == doctest::Approx(0.5f));
  CHECK(contact_weight(intervals, 2.95f, 0.1f) == doctest::Approx(0.5f));
  CHECK(contact_weight(intervals, 2.5f, 0.1f) == 0.0f);
  CHECK(contact_weight({}, 2.5f, 0.1f) == 0.0f);
  float last = contact_weight(intervals, 0.5f, 0.2f);
  for (int i = 0; i < 4000; ++i) {
    const float w = contact_weight(intervals, 0.5f + 0.001f * static_cast<float>(i), 0.2f);
    CHECK(std::abs(w - last) < 0.01f);
    last = w;
  }
}

TEST_CASE("contacts: a compressed clip, a clip without feet, bad clips") {
  const Skeleton skeleton = make_humanoid();
  const Walk walk = make_walk(skeleton, 2.0f, 30.0f);
  const Result<Clip> clip = compress(walk.clip, skeleton);
  REQUIRE(clip.ok());
  const Result<ContactTrack> track = detect_contacts(skeleton, *clip);
  REQUIRE(track.ok());
  CHECK(track->feet[0].any.size() == contacts_of(skeleton, walk.clip).feet[0].any.size());

  SkeletonDesc desc;
  desc.joints = {{"blob", -1, {}}};
  const Result<Skeleton> blob = make_skeleton(desc);
  RawClip still;
  still.num_joints = 1;
  still.keys.resize(3);
  CHECK(contacts_of(*blob, still).feet.empty());
  CHECK_FALSE(detect_contacts(skeleton, still).ok());
}

TEST_CASE("contacts: a captured walk alternates its feet") {
  const auto path = shared_data("motions/bvh/cmu_mb_12_01_walk.bvh");
  if (!path) return;
  Result<importer::Scene> scene = importer::load_file(path->string());
  REQUIRE(scene.ok());
  const ContactTrack track = contacts_of(scene->skeleton, scene->clips[0]);
  REQUIRE(track.feet.size() == 2);
  const float duration = scene->clips[0].duration_s();
  float share[2] = {0.0f, 0.0f};
  for (std::size_t s = 0; s < 2; ++s) {
    for (const ContactInterval& i : track.feet[s].any) {
      share[s] += (i.end_s - i.start_s) / duration;
      MESSAGE(s << ": " << i.start_s << " to " << i.end_s << " s");
    }
    CHECK(track.feet[s].any.size() >= 3);
    // A walking foot is down for about 60 % of the time.
    CHECK(share[s] > 0.4f);
    CHECK(share[s] < 0.8f);
  }
  MESSAGE("ground " << track.ground_m << " m, slide "
                    << 100.0f * foot_slide_mps(scene->skeleton, scene->clips[0], track) << " cm/s");
}
