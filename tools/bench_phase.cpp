// The phase room's rows of `canter bench`: 26 joints, 8 channels, 121 frames, random weights.

#include <cmath>
#include <memory>

#include "bench.h"
#include "bench_networks.h"
#include "canter/base/hash.h"

namespace canter::tools::bench {
namespace {

constexpr int kDims = 78, kHidden = 26, kChannels = 8, kFrames = 121;
constexpr int kCrowd = 100;

struct Stage {
  phase::Autoencoder network = random_autoencoder({kDims, kHidden, kChannels, kFrames});
  phase::SlidingEncoder sliding{network};
  phase::Encoder full{network};
  std::vector<float> frames;  ///< [many, dims] a made-up motion
  std::vector<std::vector<float>> states;
  std::vector<phase::SlideItem> items;
  std::vector<phase::ChannelPhase> out;
  int at = 0;

  static constexpr int kMany = 512;

  Stage() : states(kCrowd), out(kCrowd * kChannels) {
    for (int i = 0; i < kMany * kDims; ++i)
      frames.push_back(
          static_cast<float>(std::sin(0.05 * (i / kDims) * (1.0 + 0.1 * (i % 7)) + i % kDims)));
    for (std::vector<float>& state : states) state.resize(sliding.state_size());
    items.resize(kCrowd);
    reset();
  }

  void reset() {
    at = 0;
    for (std::vector<float>& state : states) sliding.start(state);
  }
  const float* frame(int i) const {
    return frames.data() + static_cast<std::ptrdiff_t>(i % kMany) * kDims;
  }
  void slide(int characters) {
    for (int c = 0; c < characters; ++c)
      items[static_cast<std::size_t>(c)] = {states[static_cast<std::size_t>(c)], frame(at + 3 * c),
                                            out.data() + c * kChannels};
    ++at;
    sliding.advance(std::span(items).first(static_cast<std::size_t>(characters)));
  }
  void whole() {
    const int first = at++ % (kMany - kFrames);
    full.encode(std::span(frames).subspan(static_cast<std::size_t>(first * kDims),
                                          static_cast<std::size_t>(kFrames * kDims)),
                std::span(out).first(kChannels));
  }
  std::uint64_t hash() const { return hash_bytes(out.data(), out.size() * sizeof out[0]); }
};

// The frame network with random weights, alone and for a crowd in one run.
struct FrameStage {
  phase::FrameNetwork network = random_frame_network();
  phase::FrameEstimator one{network}, many{network, kCrowd};
  std::vector<float> inputs;
  std::vector<phase::FramePhase> out{kCrowd};

  FrameStage() {
    for (int i = 0; i < kCrowd * phase::kFrameInputs; ++i)
      inputs.push_back(static_cast<float>(std::sin(0.37 * i)));
  }
  void alone() { one.run(std::span(inputs).first(phase::kFrameInputs), std::span(out).first(1)); }
  void crowd() { many.run(inputs, out); }
  std::uint64_t hash() const { return hash_bytes(out.data(), out.size() * sizeof out[0]); }
};

}  // namespace

void add_phase(Suite& suite) {
  const auto frames = std::make_shared<FrameStage>();
  Case frame;
  // A call is one character of a hundred.
  frame.name = "phase.frame_network.100_characters";
  frame.reference = "phase.frame_network, one by one";
  frame.calls = kCrowd;
  frame.batches = 201;
  frame.reset = [] {};
  frame.run = [frames](int) { frames->crowd(); };
  frame.run_reference = [frames](int calls) {
    for (int i = 0; i < calls; ++i) frames->alone();
  };
  frame.hash = [frames] { return frames->hash(); };
  suite.cases.push_back(std::move(frame));
  const auto stage = std::make_shared<Stage>();
  const auto times = [](auto body) {
    return [body](int calls) {
      for (int i = 0; i < calls; ++i) body();
    };
  };
  Case one;
  one.name = "phase.sliding.26x8x121";
  one.reference = "phase.full";
  one.calls = 32;
  one.batches = 101;
  one.reset = [stage] { stage->reset(); };
  one.run = times([stage] { stage->slide(1); });
  one.run_reference = times([stage] { stage->whole(); });
  one.hash = [stage] { return stage->hash(); };
  Case crowd = one;
  // A call is one character of a hundred.
  crowd.name = "phase.sliding.100_characters";
  crowd.reference = "phase.sliding, one by one";
  crowd.calls = kCrowd;
  crowd.batches = 41;
  crowd.run = [stage](int) { stage->slide(kCrowd); };
  crowd.run_reference = times([stage] { stage->slide(1); });
  suite.cases.push_back(std::move(one));
  suite.cases.push_back(std::move(crowd));
}

}  // namespace canter::tools::bench
