// The world's rows of `canter bench`: a character of a World beside the same work by hand, and a
// crowd beside one.

#include <memory>
#include <vector>

#include "bench.h"
#include "canter/anim/blend.h"
#include "canter/anim/local_to_model.h"
#include "canter/base/hash.h"
#include "canter/base/memory.h"
#include "canter/world/world.h"
#include "synthetic.h"

namespace canter::tools::bench {
namespace {

constexpr int kJoints = 67;
constexpr int kCrowd = 10000;
constexpr double kFrame_s = 1.0 / 60.0;
constexpr float kFade_s = 10.0f;  // the longest: the fade of a batch never ends

struct Assets {
  std::shared_ptr<const Skeleton> skeleton;
  std::shared_ptr<const Clip> walk, other;
};

std::shared_ptr<const Clip> made_clip(const Skeleton& skeleton, std::uint32_t seed) {
  RawClip raw = test::synthetic_clip(skeleton, 121, 30.0f, seed);
  raw.loop = true;
  return std::make_shared<const Clip>(compress(raw, skeleton).value());
}

// Characters of one skeleton, each in the middle of a walk.
struct Scene {
  Scene(const Assets& assets, int num_characters) : world(description(num_characters)) {
    walk = world.add_clip(assets.walk);
    other = world.add_clip(assets.other);
    CharacterDesc desc;
    desc.skeleton = assets.skeleton;
    for (int i = 0; i < num_characters; ++i) ids.push_back(world.create(desc).value());
  }

  static WorldDesc description(int num_characters) {
    WorldDesc desc;
    desc.max_characters = num_characters;
    return desc;
  }

  bool restart(bool crossfade) {
    bool ok = true;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const double start_s = 0.0037 * static_cast<double>(i % 1000);
      ok = ok && world.play(ids[i], {walk, start_s}).ok();
      if (crossfade)
        ok = ok && world.play(ids[i], {other, start_s}, {TransitionKind::crossfade, kFade_s}).ok();
    }
    return ok;
  }

  std::uint64_t hash() const {
    const std::span<const Mat4> models = world.models(ids.back());
    return hash_bytes(models.data(), models.size_bytes());
  }

  World world;
  ClipId walk, other;
  std::vector<CharacterId> ids;
};

// The same frame without a world.
struct ByHand {
  explicit ByHand(const Assets& shared)
      : assets(shared), a(*shared.skeleton), b(*shared.skeleton), models(kJoints * sizeof(Mat4)) {}

  void frame(bool crossfade) {
    time_s += static_cast<float>(kFrame_s);
    sample(*assets.walk, time_s, a);
    if (crossfade) {
      sample(*assets.other, time_s, b);
      blend(a, b, 0.5f, a);
    }
    local_to_model(*assets.skeleton, Mat4(1.0f), a, models.at<Mat4>(0, kJoints));
    keep(models.data());
  }

  Assets assets;
  Pose a, b;
  Block models;
  float time_s = 0.0f;
};

Case one_case(const Assets& assets, bool crossfade) {
  const auto scene = std::make_shared<Scene>(assets, 1);
  const auto by_hand = std::make_shared<ByHand>(assets);
  Case c;
  c.name = crossfade ? "world.step.crossfade" : "world.step.one_clip";
  c.reference = "the same by hand";
  c.reset = [=] {
    scene->restart(crossfade);
    by_hand->time_s = 0.0f;
  };
  c.run = [=](int calls) {
    for (int i = 0; i < calls; ++i) step(scene->world, kFrame_s);
  };
  c.run_reference = [=](int calls) {
    for (int i = 0; i < calls; ++i) by_hand->frame(crossfade);
  };
  c.hash = [=] { return scene->hash(); };
  return c;
}

Case crowd_case(const Assets& assets) {
  const auto crowd = std::make_shared<Scene>(assets, kCrowd);
  const auto one = std::make_shared<Scene>(assets, 1);
  Case c;
  c.name = "world.step.10000_characters";
  c.reference = "a world of one character";
  c.calls = kCrowd;
  c.batches = 21;
  c.reset = [=] {
    crowd->restart(false);
    one->restart(false);
  };
  c.run = [=](int calls) {
    for (int done = 0; done < calls; done += kCrowd) step(crowd->world, kFrame_s);
  };
  c.run_reference = [=](int calls) {
    for (int i = 0; i < calls; ++i) step(one->world, kFrame_s);
  };
  c.hash = [=] { return crowd->hash(); };
  return c;
}

// What the tracer costs: the rows of a frame with every stage of the design's list, beside a frame
// of a hundred characters. Its share of a 2 ms budget is ns / 2e6.
Case trace_case(const Assets& assets) {
  static constexpr const char* kStages[] = {"sample", "phase",    "observe", "infer",
                                            "drive",  "simulate", "pose",    "model"};
  const auto trace = std::make_shared<Trace>(kStages);
  const auto crowd = std::make_shared<Scene>(assets, 100);
  Case c;
  c.name = "world.trace.frame";
  c.reference = "a frame of 100 characters";
  c.calls = 16;
  c.reset = [=] { crowd->restart(false); };
  c.run = [=](int calls) {
    for (int i = 0; i < calls; ++i) {
      trace->begin_frame();
      for (int s = 0; s < trace->num_stages(); ++s) Trace::Scope scope(trace.get(), s);
      trace->end_frame();
    }
  };
  c.run_reference = [=](int calls) {
    for (int i = 0; i < calls; ++i) step(crowd->world, kFrame_s);
  };
  c.hash = [] { return std::uint64_t{0}; };  // times are never the same
  return c;
}

}  // namespace

void add_world(Suite& suite) {
  Assets assets;
  assets.skeleton = std::make_shared<const Skeleton>(test::synthetic_skeleton(kJoints));
  assets.walk = made_clip(*assets.skeleton, 1);
  assets.other = made_clip(*assets.skeleton, 2);
  suite.cases.push_back(one_case(assets, false));
  suite.cases.push_back(one_case(assets, true));
  suite.cases.push_back(crowd_case(assets));
  suite.cases.push_back(trace_case(assets));
}

}  // namespace canter::tools::bench
