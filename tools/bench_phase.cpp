// The phase room's rows of `canter bench`: 26 joints, 8 channels, 121 frames, random weights.

#include <cmath>
#include <memory>
#include <random>

#include "bench.h"
#include "canter/base/hash.h"
#include "canter/phase/autoencoder.h"
#include "canter/phase/frame_network.h"

namespace canter::tools::bench {
namespace {

constexpr int kDims = 78, kHidden = 26, kChannels = 8, kFrames = 121;
constexpr int kCrowd = 100;

// Random weights under the published names of the later variant.
nn::WeightFile random_network() {
  std::mt19937 random(1);
  nn::WeightFile file;
  const auto add = [&](const std::string& name, const nn::Shape& shape, float spread,
                       float middle) {
    std::vector<float> values(static_cast<std::size_t>(shape.num_elements()));
    for (float& v : values)
      v = middle + spread * (static_cast<float>(random() >> 8) * 0x1p-23f - 1.0f);
    file.tensors.emplace(name, nn::Tensor::of(shape, std::span<const float>(values)));
  };
  add("conv1.weight", {kHidden, kDims, kFrames}, 0.02f, 0.0f);
  add("conv1.bias", {kHidden}, 0.1f, 0.0f);
  add("norm1.alpha", {1, 1, kFrames}, 0.1f, 1.0f);
  add("norm1.beta", {1, 1, kFrames}, 0.1f, 0.0f);
  add("conv2.weight", {kChannels, kHidden, kFrames}, 0.02f, 0.0f);
  add("conv2.bias", {kChannels}, 0.1f, 0.0f);
  for (int c = 0; c < kChannels; ++c) {
    add("fc." + std::to_string(c) + ".weight", {2, kFrames}, 0.1f, 0.0f);
    add("fc." + std::to_string(c) + ".bias", {2}, 0.1f, 0.0f);
  }
  return file;
}

struct Stage {
  phase::Autoencoder network = phase::make_autoencoder(random_network(), "benchmark").value();
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
  phase::FrameNetwork network = make();
  phase::FrameEstimator one{network}, many{network, kCrowd};
  std::vector<float> inputs;
  std::vector<phase::FramePhase> out{kCrowd};

  FrameStage() {
    for (int i = 0; i < kCrowd * phase::kFrameInputs; ++i)
      inputs.push_back(static_cast<float>(std::sin(0.37 * i)));
  }
  static phase::FrameNetwork make() {
    constexpr std::int64_t kSizes[] = {phase::kFrameInputs, 256, 128, 32, 16, 2};
    std::mt19937 random(1);
    nn::WeightFile file;
    for (std::size_t layer = 0; layer < 5; ++layer)
      for (const bool bias : {false, true}) {
        const nn::Shape shape =
            bias ? nn::Shape{kSizes[layer + 1]} : nn::Shape{kSizes[layer + 1], kSizes[layer]};
        std::vector<float> values(static_cast<std::size_t>(shape.num_elements()));
        for (float& v : values) v = 0.1f * (static_cast<float>(random() >> 8) * 0x1p-23f - 1.0f);
        file.tensors.emplace("layers." + std::to_string(layer) + (bias ? ".bias" : ".weight"),
                             nn::Tensor::of(shape, std::span<const float>(values)));
      }
    return phase::make_frame_network(std::move(file), "benchmark").value();
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
