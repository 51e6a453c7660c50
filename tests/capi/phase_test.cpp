// Phases through C: networks, whole clips, characters.
#include <cmath>
#include <cstring>

#include "canter/nn/weights.h"
#include "canter/phase/body.h"
#include "canter/world/world.h"
#include "heap_probe.h"
#include "host.h"
#include "phase/networks.h"

using namespace canter;
using namespace canter::test;

namespace {

std::vector<std::byte> network_bytes() {
  NetworkShape shape;
  shape.dims = 3 * phase::kBodyPoints;
  shape.hidden = 6;
  shape.frames = 41;
  const nn::WeightFile file = random_network(shape);
  return nn::write_safetensors(file.tensors, {{"phase.rate_hz", "60"}, {"phase.window_s", "1"}});
}

// A `.phase` file of the host's clip: one cycle in its second.
std::vector<std::byte> track_bytes(float duration_s = 1.0f, float start = 0.0f) {
  phase::PhaseTrack track;
  track.channels = 1;
  track.loop = true;
  track.mode = phase::Mode::centred;
  track.duration_s = duration_s;
  for (int f = 0; f <= 60; ++f)
    track.values.push_back(
        {phase::wrap_cycle(start + static_cast<float>(f) / 60.0f), 1.0f, 0.5f, 0.1f});
  return phase::save_phase_track(track);
}

struct PhaseHost : Host {
  canter_phase_network load(const std::vector<std::byte>& file) {
    canter_phase_network network{};
    REQUIRE(canter_phase_network_load(context, file.data(), file.size(), &network) ==
            CANTER_STATUS_OK);
    return network;
  }
  void update(int frames) {
    for (int i = 0; i < frames; ++i)
      REQUIRE(canter_world_update(context, world, 1.0 / 60.0, nullptr) == CANTER_STATUS_OK);
  }
  canter_phase_state phase(canter_character c) {
    canter_phase_state state = canter_phase_state_default();
    REQUIRE(canter_character_get_phase(context, c, &state) == CANTER_STATUS_OK);
    return state;
  }
  bool says(const char* part) { return error().find(part) != std::string::npos; }
};

}  // namespace

TEST_CASE("a C host sees the phases that the C++ world makes, of poses and of clips") {
  PhaseHost host;
  const auto file = network_bytes();
  const canter_phase_network network = host.load(file);
  const canter_character c = host.add();
  REQUIRE(host.play(c) == CANTER_STATUS_OK);
  REQUIRE(canter_character_set_phase(host.context, c, CANTER_PHASE_SOURCE_POSE, network) ==
          CANTER_STATUS_OK);
  CHECK(host.phase(c).mode == CANTER_PHASE_MODE_NONE);
  // The network outlives its handle.
  REQUIRE(canter_phase_network_destroy(host.context, network) == CANTER_STATUS_OK);
  host.update(70);

  World world;
  const ClipFile clip_file = load_clip_file(host.bytes).value();
  CharacterDesc desc;
  desc.skeleton = std::make_shared<const Skeleton>(clip_file.skeleton);
  const CharacterId id = world.create(desc).value();
  const ClipId clip = world.add_clip(std::make_shared<const Clip>(clip_file.clip));
  REQUIRE(world.play(id, {clip}).ok());
  const phase::Autoencoder autoencoder = phase::load_autoencoder(file, "test").value();
  REQUIRE(
      world.set_phase(id, {PhaseSource::pose, world.add_phase_network(autoencoder).value()}).ok());
  for (int i = 0; i < 70; ++i) step(world, 1.0 / 60.0);
  const PhaseView expected = world.phase(id);
  const canter_phase_state state = host.phase(c);
  CHECK(state.mode == CANTER_PHASE_MODE_CARRIED);
  CHECK(state.filled == 1.0f);
  REQUIRE(state.num_channels == expected.channels.size());
  CHECK(std::memcmp(state.channels, expected.channels.data(), expected.channels.size_bytes()) == 0);

  // The whole clip's phases, found here and there.
  const canter_phase_network again = host.load(file);
  REQUIRE(canter_clip_find_phases(host.context, host.clip, host.skeleton, again) ==
          CANTER_STATUS_OK);
  canter_clip_phase_info info = canter_clip_phase_info_default();
  REQUIRE(canter_clip_get_phase_info(host.context, host.clip, &info) == CANTER_STATUS_OK);
  const auto phases = phase::make_clip_phases(autoencoder, clip_file.skeleton,
                                              decompress(clip_file.clip, clip_file.skeleton))
                          .value();
  CHECK(info.num_frames == static_cast<std::uint32_t>(phases->track.frames()));
  CHECK(info.num_channels == 3);
  std::uint32_t count = 0;
  REQUIRE(canter_clip_read_phases(host.context, host.clip, nullptr, 0, &count) == CANTER_STATUS_OK);
  REQUIRE(count == phases->track.values.size());
  std::vector<canter_channel_phase> read(count);
  REQUIRE(canter_clip_read_phases(host.context, host.clip, read.data(), count, &count) ==
          CANTER_STATUS_OK);
  CHECK(std::memcmp(read.data(), phases->track.values.data(), count * sizeof read[0]) == 0);
  REQUIRE(canter_clip_read_strikes(host.context, host.clip, 0, nullptr, 0, &count) ==
          CANTER_STATUS_OK);
  CHECK(count == phases->strikes[0].size());
}

TEST_CASE("phases of a file: scrub, transitions in phase and locks through C") {
  PhaseHost host;
  const auto phases = track_bytes();
  REQUIRE(canter_clip_load_phases(host.context, host.clip, phases.data(), phases.size()) ==
          CANTER_STATUS_OK);
  const canter_character leader = host.add(), follower = host.add();
  for (const canter_character c : {leader, follower}) {
    REQUIRE(host.play(c) == CANTER_STATUS_OK);
    REQUIRE(canter_character_set_phase(host.context, c, CANTER_PHASE_SOURCE_CLIP, {}) ==
            CANTER_STATUS_OK);
  }
  REQUIRE(canter_character_scrub_phase(host.context, follower, 0, 0.7f) == CANTER_STATUS_OK);
  host.update(1);
  CHECK(host.phase(leader).mode == CANTER_PHASE_MODE_CENTRED);
  CHECK(host.phase(follower).channels[0].phase == doctest::Approx(0.7 + 1.0 / 60.0).epsilon(1e-3));
  CHECK(host.phase(follower).channels[0].amplitude == 0.5f);

  REQUIRE(canter_character_lock_phase(host.context, follower, leader, nullptr) == CANTER_STATUS_OK);
  host.update(400);
  const canter_phase_state locked = host.phase(follower);
  CHECK(locked.locked == 1);
  CHECK(std::abs(locked.phase_error) < 1e-3f);
  CHECK(std::abs(phase::cycle_difference(locked.channels[0].phase,
                                         host.phase(leader).channels[0].phase)) < 5e-3f);
  REQUIRE(canter_character_unlock_phase(host.context, follower) == CANTER_STATUS_OK);
  CHECK(host.phase(follower).locked == 0);

  canter_play_desc desc = canter_play_desc_default();
  desc.clip = host.clip;
  desc.transition = CANTER_TRANSITION_INERTIALIZE;
  canter_phase_match match{};
  const float before = host.phase(leader).channels[0].phase;
  REQUIRE(canter_character_play_in_phase(host.context, leader, &desc, &match) == CANTER_STATUS_OK);
  CHECK(match.time_s == doctest::Approx(before).epsilon(1e-2));
  CHECK(std::abs(match.phase_error) < 1e-3f);
  REQUIRE(canter_character_set_phase(host.context, leader, CANTER_PHASE_SOURCE_NONE, {}) ==
          CANTER_STATUS_OK);
  CHECK(host.phase(leader).num_channels == 0);
}

TEST_CASE("an update with phases takes no memory") {
  PhaseHost host;
  const canter_phase_network network = host.load(network_bytes());
  for (int i = 0; i < 11; ++i) {
    const canter_character c = host.add();
    REQUIRE(host.play(c) == CANTER_STATUS_OK);
    REQUIRE(canter_character_set_phase(host.context, c, CANTER_PHASE_SOURCE_POSE, network) ==
            CANTER_STATUS_OK);
  }
  host.update(10);
  const HeapProbe probe;
  host.update(60);
  CHECK(probe.count() == 0);
}

TEST_CASE("bad calls about phases are refused through C, in words") {
  PhaseHost host;
  const canter_character c = host.add();
  const auto file = network_bytes();
  canter_phase_network network{7, 7};
  CHECK(canter_phase_network_load(host.context, file.data(), 40, &network) ==
        CANTER_STATUS_BAD_DATA);
  CHECK(network.index1 == 0);
  CHECK(canter_character_set_phase(host.context, c, 9, {}) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(host.says("canter_phase_source"));
  CHECK(canter_character_set_phase(host.context, c, CANTER_PHASE_SOURCE_POSE, {}) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_set_phase(host.context, c, CANTER_PHASE_SOURCE_POSE, {9, 9}) ==
        CANTER_STATUS_INVALID_HANDLE);
  NetworkShape few;
  const canter_phase_network small =
      host.load(nn::write_safetensors(random_network(few).tensors, {}));
  CHECK(canter_character_set_phase(host.context, c, CANTER_PHASE_SOURCE_POSE, small) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(host.says("9 features; expected 69"));
  CHECK(canter_clip_find_phases(host.context, host.clip, host.skeleton, small) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  const auto longer = track_bytes(3.0f);
  CHECK(canter_clip_load_phases(host.context, host.clip, longer.data(), longer.size()) ==
        CANTER_STATUS_BAD_DATA);
  CHECK(host.says("the clip lasts"));
  CHECK(canter_clip_load_phases(host.context, host.clip, file.data(), file.size()) ==
        CANTER_STATUS_BAD_DATA);
  canter_clip_phase_info info = canter_clip_phase_info_default();
  REQUIRE(canter_clip_get_phase_info(host.context, host.clip, &info) == CANTER_STATUS_OK);
  CHECK(info.num_frames == 0);
  CHECK(canter_clip_read_strikes(host.context, host.clip, 2, nullptr, 0, nullptr) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_scrub_phase(host.context, c, 0, 0.5f) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_unlock_phase(host.context, c) == CANTER_STATUS_INVALID_ARGUMENT);
  canter_character elsewhere = c;
  elsewhere.world.generation += 1;
  CHECK(canter_character_lock_phase(host.context, c, elsewhere, nullptr) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(host.says("two worlds"));
}
