#include "canter/phase/frame_tracker.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace canter::phase {
namespace {

FeatureStream raw_stream() {
  FeatureSettings settings;
  settings.rate_hz = FrameTracker::kRate_hz;
  settings.cutoff_hz = 0.0f;  // as the network was trained: it sees one pose, which has no delay
  Body body;
  body.points.resize(kBodyPoints);
  return {body, settings};
}

// A window of one frame: nothing to carry over.
AutoencoderInfo no_window() {
  AutoencoderInfo info;
  info.rate_hz = FrameTracker::kRate_hz;
  info.frames = 1;
  info.cutoff_hz = 0.0f;
  return info;
}

}  // namespace

// A character's state: whether a tick was seen; the channel now and at the last tick; its speed;
// the stream.
struct FrameTracker::Parts {
  float* seen = nullptr;
  ChannelPhase* now = nullptr;
  ChannelPhase* tick = nullptr;
  CarryState* speed = nullptr;
  std::span<float> stream;
};

FrameTracker::FrameTracker(const FrameNetwork& network, int batch)
    : stream_(raw_stream()),
      speed_(no_window()),
      one_(network, 1),
      many_(network, std::max(batch, 1)),
      batch_(std::max(batch, 1)),
      rows_(FeatureStream::kMostTicks * static_cast<std::size_t>(stream_.dims())) {
  reserve(static_cast<std::size_t>(batch_));
}

std::size_t FrameTracker::state_size() const {
  return 1 + 2 * sizeof(ChannelPhase) / sizeof(float) + sizeof(CarryState) / sizeof(float) +
         stream_.state_size();
}

FrameTracker::Parts FrameTracker::parts(std::span<float> state) const {
  float* at = state.data();
  Parts p;
  p.seen = at++;
  p.now = reinterpret_cast<ChannelPhase*>(at);
  p.tick = p.now + 1;
  p.speed = reinterpret_cast<CarryState*>(p.tick + 1);
  p.stream = {reinterpret_cast<float*>(p.speed + 1), stream_.state_size()};
  return p;
}

void FrameTracker::start(std::span<float> state) const {
  std::fill(state.begin(), state.end(), 0.0f);
}

void FrameTracker::reserve(std::size_t most) {
  if (most <= ticks_.size()) return;
  inputs_.resize(most * kFrameInputs);
  read_.resize(most);
  ticks_.resize(most);
}

void FrameTracker::update(std::span<const TrackItem> items) {
  reserve(items.size());
  const auto dims = static_cast<std::size_t>(stream_.dims());
  // Everyone whose pose brought a tick, side by side in the inputs.
  std::size_t count = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    assert(items[i].body->num_points() == num_points());
    const Parts p = parts(items[i].state);
    ticks_[i] = stream_.push(*items[i].body, items[i].models, items[i].dt_s, p.stream, rows_);
    if (ticks_[i] == 0) continue;
    frame_input(stream_.tick_points(p.stream),
                std::span(rows_).subspan(static_cast<std::size_t>(ticks_[i] - 1) * dims, dims),
                std::span(inputs_).subspan(count++ * kFrameInputs, kFrameInputs));
  }
  for (std::size_t done = 0; done < count;) {
    const std::size_t taken = count - done >= static_cast<std::size_t>(batch_)
                                  ? static_cast<std::size_t>(batch_)
                                  : std::size_t{1};
    (taken == 1 ? one_ : many_)
        .run(std::span(inputs_).subspan(done * kFrameInputs, taken * kFrameInputs),
             std::span(read_).subspan(done, taken));
    done += taken;
  }
  for (std::size_t i = 0, read = 0; i < items.size(); ++i) {
    if (ticks_[i] > 0) take_tick(items[i].state, read_[read++], ticks_[i]);
    const Parts p = parts(items[i].state);
    *p.now = *p.tick;
    p.now->phase =
        wrap_cycle(p.tick->phase + FeatureStream::since_tick_s(p.stream) * p.tick->frequency_hz);
  }
}

void FrameTracker::take_tick(std::span<float> state, const FramePhase& read, int ticks) const {
  const Parts p = parts(state);
  // The ticks between lie evenly on the way.
  const float from = *p.seen == 0.0f ? read.phase : p.tick->phase;
  const float way = cycle_difference(read.phase, from);
  ChannelPhase channel;
  channel.amplitude = read.confidence;
  for (int tick = 1; tick <= ticks; ++tick) {
    channel.phase = wrap_cycle(from + way * static_cast<float>(tick) / static_cast<float>(ticks));
    *p.tick = speed_.next(channel, *p.speed);
  }
  *p.seen = 1.0f;
}

std::span<const ChannelPhase> FrameTracker::phases(std::span<const float> state) const {
  return {reinterpret_cast<const ChannelPhase*>(state.data() + 1), 1};
}

PhaseReading FrameTracker::reading(std::span<const float> state) const {
  if (state[0] == 0.0f) return {};
  return {Mode::frame, 1.0f};
}

bool FrameTracker::is_sound(std::span<const float> state) const {
  constexpr std::size_t kStream = 1 + 12;
  return state.size() == state_size() && (state[0] == 0.0f || state[0] == 1.0f) &&
         std::all_of(state.begin(), state.end(), [](float v) { return std::isfinite(v); }) &&
         stream_.is_sound(state.subspan(kStream));
}

}  // namespace canter::phase
