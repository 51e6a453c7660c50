// The phase stage in `canter bench`: a world's frame with phases beside the same without, for one
// character and per character of a hundred. Networks of the shapes that ship.

#include <cstdlib>
#include <memory>
#include <vector>

#include "bench.h"
#include "bench_networks.h"
#include "canter/base/hash.h"
#include "canter/world/world.h"
#include "synthetic.h"

namespace canter::tools::bench {
namespace {

constexpr int kJoints = 67;
constexpr int kCrowd = 100;
constexpr double kFrame_s = 1.0 / 60.0;

enum class Kind { none, clip, frame_network, autoencoder };

struct Variant {
  const char* name;
  Kind kind;
};
constexpr Variant kVariants[] = {{"world.phase.network", Kind::autoencoder},
                                 {"world.phase.frame", Kind::frame_network},
                                 {"world.phase.clip", Kind::clip}};

struct Assets {
  std::shared_ptr<const Skeleton> skeleton;
  std::shared_ptr<const Clip> clip;
  std::shared_ptr<const phase::ClipPhases> phases;
  phase::Autoencoder autoencoder;
  phase::FrameNetwork frame_network;
};

Assets make_assets() {
  Assets a;
  a.skeleton = std::make_shared<const Skeleton>(test::synthetic_skeleton(kJoints));
  RawClip raw = test::synthetic_clip(*a.skeleton, 121, 30.0f, 1);
  raw.loop = true;
  a.clip = std::make_shared<const Clip>(compress(raw, *a.skeleton).value());
  a.autoencoder = random_autoencoder({3 * phase::kBodyPoints, phase::kBodyPoints, 5, 121, 3});
  a.frame_network = random_frame_network();
  a.phases = phase::make_clip_phases(a.autoencoder, *a.skeleton, raw).value();
  return a;
}

// Characters in the middle of a walk, all with a phase of one kind.
struct Scene {
  Scene(const Assets& assets, int count, Kind kind) : world(description(count)) {
    walk = world.add_clip(assets.clip);
    bool ok = world.set_clip_phases(walk, assets.phases).ok();
    PhaseDesc phase;
    phase.source = kind == Kind::none   ? PhaseSource::none
                   : kind == Kind::clip ? PhaseSource::clip
                                        : PhaseSource::pose;
    if (kind == Kind::autoencoder)
      phase.network = world.add_phase_network(assets.autoencoder).value();
    if (kind == Kind::frame_network)
      phase.network = world.add_phase_network(assets.frame_network).value();
    CharacterDesc desc;
    desc.skeleton = assets.skeleton;
    for (int i = 0; i < count; ++i) {
      ids.push_back(world.create(desc).value());
      ok = ok && world.set_phase(ids.back(), phase).ok() &&
           world.play(ids.back(), {walk, 0.037 * i}).ok();
    }
    if (!ok) std::abort();  // the made-up assets fit each other
  }
  static WorldDesc description(int count) {
    WorldDesc desc;
    desc.max_characters = count;
    desc.max_workers = 1;
    return desc;
  }
  void run(int calls) {
    for (int done = 0; done < calls; done += static_cast<int>(ids.size())) step(world, kFrame_s);
  }
  std::uint64_t hash() const {
    if (ids.empty()) return 0;
    const auto channels = world.phase(ids.back()).channels;
    return hash_bytes(channels.data(), channels.size_bytes());
  }

  World world;
  ClipId walk;
  std::vector<CharacterId> ids;
};

Case phase_case(const Assets& assets, const Variant& variant, int count) {
  const auto scene = std::make_shared<Scene>(assets, count, variant.kind);
  const auto bare = std::make_shared<Scene>(assets, count, Kind::none);
  Case c;
  c.name = variant.name;
  if (count > 1) c.name += "." + std::to_string(count) + "_characters";
  c.reference = "the frame without phases";
  c.calls = count > 1 ? count : 32;
  c.batches = 101;
  c.reset = [] {};
  c.run = [scene](int calls) { scene->run(calls); };
  c.run_reference = [bare](int calls) { bare->run(calls); };
  c.hash = [scene] { return scene->hash(); };
  return c;
}

}  // namespace

void add_world_phase(Suite& suite) {
  const Assets assets = make_assets();
  for (const Variant& variant : kVariants)
    for (const int count : {1, kCrowd}) suite.cases.push_back(phase_case(assets, variant, count));
}

}  // namespace canter::tools::bench
