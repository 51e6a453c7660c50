// Clips as bodies perform them: what ships is what the policies that ship do.
#include "generate/recordings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <glm/geometric.hpp>
#include <string>

#include "canter/anim/clip_file.h"
#include "canter/anim/contacts.h"
#include "generate/clips.h"
#include "test_data.h"

using namespace canter;
using namespace canter::generate;

namespace {

mimic::Policy shipped_policy(const std::string& name) {
  const std::string file = name + ".safetensors";
  return mimic::load_policy(test::read_file(test::source_dir() / "assets" / "policies" / file),
                            file)
      .value();
}

MadeClip made_clip(const Rig& rig, const std::string& name) {
  for (MadeClip& made : make_clips(rig))
    if (made.clip.name == name) return std::move(made);
  FAIL("no clip is called " << name);
  return {};
}

float slide_of(const Skeleton& skeleton, const RawClip& clip) {
  return foot_slide_mps(skeleton, clip, detect_contacts(skeleton, clip).value());
}

}  // namespace

TEST_CASE("a recording is the clip as a body performs it") {
  const Rig rig;
  for (const char* name : {"walk", "wave"}) {
    CAPTURE(name);
    const MadeClip made = made_clip(rig, name);
    const Recording recording = record(shipped_policy(name), rig.skeleton(), made.clip).value();
    const RawClip& clip = recording.clip;
    REQUIRE(validate(clip, rig.skeleton()).ok());
    CHECK(clip.num_frames() == made.clip.num_frames());
    CHECK(clip.loop == made.clip.loop);
    CHECK(glm::distance(Vec3(1, 0, 1) * clip.frame(0)[0].translation,
                        Vec3(1, 0, 1) * made.clip.frame(0)[0].translation) < 1e-5f);
    // Near the clip, but not the clip; fingers and toes are its own.
    float furthest = 0.0f;
    const int finger = rig.skeleton().find("RightHandMiddle1");
    for (int f = 0; f < clip.num_frames(); ++f) {
      for (std::size_t j = 0; j < static_cast<std::size_t>(clip.num_joints); ++j)
        furthest =
            std::max(furthest, glm::length(log_rotation(glm::conjugate(clip.frame(f)[j].rotation) *
                                                        made.clip.frame(f)[j].rotation)));
      if (finger >= 0) {
        const auto i = static_cast<std::size_t>(finger);
        CHECK(clip.frame(f)[i].rotation == made.clip.frame(f)[i].rotation);
      }
    }
    const float slide = slide_of(rig.skeleton(), clip);
    MESSAGE(name << ": furthest joint " << furthest << " rad from the clip, feet slide " << slide
                 << " m/s, the clip's " << slide_of(rig.skeleton(), made.clip) << " m/s");
    CHECK(furthest > 0.02f);
    CHECK(furthest < 0.8f);
    CHECK(slide < 0.05f);
    // A loop closes.
    if (!clip.loop) continue;
    const int last = clip.num_frames() - 1;
    for (std::size_t j = 0; j < static_cast<std::size_t>(clip.num_joints); ++j)
      CHECK(glm::length(log_rotation(glm::conjugate(clip.frame(last)[j].rotation) *
                                     clip.frame(0)[j].rotation)) < 0.02f);
  }
}

TEST_CASE("a body that does not get through its clip is no recording") {
  const Rig rig;
  // One second is no lap after four.
  const Result<Recording> refused =
      record(shipped_policy("walk"), rig.skeleton(), made_clip(rig, "walk").clip, {1.0, 4.0});
  REQUIRE(!refused.ok());
  CHECK(refused.error().message.find("walk: the body does not get through it") == 0);
}
