#include "canter/phase/tracker.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace canter::phase {
namespace {

static_assert(sizeof(ChannelPhase) == 4 * sizeof(float));
static_assert(sizeof(CarryState) == 4 * sizeof(float));

// The stream's settings, without a body: it reads only the points' number.
FeatureStream stream_for(const AutoencoderInfo& info) {
  FeatureSettings settings;
  settings.rate_hz = info.rate_hz;
  settings.cutoff_hz = info.cutoff_hz;
  Body body;
  body.points.resize(static_cast<std::size_t>(info.dims / 3));
  return {body, settings};
}

}  // namespace

// A character's state: ticks seen; phases now, at the last tick, and of the window; the carry; the
// stream; the window.
struct Tracker::Parts {
  float* seen = nullptr;
  std::span<ChannelPhase> now, tick, middle;
  std::span<CarryState> carry;
  std::span<float> stream, window;
};

Tracker::Tracker(const Autoencoder& network, int batch)
    : sliding_(network, batch), stream_(stream_for(network.info())), carry_(network.info()) {
  reserve(static_cast<std::size_t>(std::max(batch, 1)));
}

std::size_t Tracker::state_size() const {
  const auto m = static_cast<std::size_t>(network().info().channels);
  return 1 + 16 * m + stream_.state_size() + sliding_.state_size();
}

Tracker::Parts Tracker::parts(std::span<float> state) const {
  const auto m = static_cast<std::size_t>(network().info().channels);
  Parts p;
  p.seen = state.data();
  float* at = state.data() + 1;
  const auto take = [&]<class T>(std::span<T>& to) {
    to = {reinterpret_cast<T*>(at), m};
    at += m * sizeof(T) / sizeof(float);
  };
  take(p.now);
  take(p.tick);
  take(p.middle);
  take(p.carry);
  p.stream = {at, stream_.state_size()};
  p.window = {at + stream_.state_size(), sliding_.state_size()};
  return p;
}

void Tracker::start(std::span<float> state) const {
  std::fill(state.begin(), state.end(), 0.0f);
  sliding_.start(parts(state).window);
}

void Tracker::reserve(std::size_t most) {
  const std::size_t rows = FeatureStream::kMostTicks * static_cast<std::size_t>(stream_.dims());
  if (most * rows > rows_.size()) rows_.resize(most * rows);
  if (most > ticks_.size()) ticks_.resize(most);
  slides_.reserve(most);
}

void Tracker::update(std::span<const TrackItem> items) {
  reserve(items.size());
  const auto dims = static_cast<std::size_t>(stream_.dims());
  const std::size_t room = FeatureStream::kMostTicks * dims;
  int most = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    assert(items[i].body->num_points() == num_points());
    ticks_[i] =
        stream_.push(*items[i].body, items[i].models, items[i].dt_s, parts(items[i].state).stream,
                     std::span(rows_).subspan(i * room, room));
    most = std::max(most, ticks_[i]);
  }
  // One round per tick: everyone who has another one moves on together.
  for (int tick = 0; tick < most; ++tick) {
    slides_.clear();
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (tick >= ticks_[i]) continue;
      const Parts p = parts(items[i].state);
      slides_.push_back({p.window, rows_.data() + i * room + static_cast<std::size_t>(tick) * dims,
                         p.middle.data()});
    }
    sliding_.advance(slides_);
    for (std::size_t i = 0; i < items.size(); ++i)
      if (tick < ticks_[i]) take_tick(items[i].state);
  }
  for (const TrackItem& item : items) extrapolate(item.state);
}

void Tracker::take_tick(std::span<float> state) const {
  const Parts p = parts(state);
  *p.seen = std::min(*p.seen + 1.0f, static_cast<float>(network().info().frames));
  const bool centred = network().info().pivot == Pivot::centre;
  for (std::size_t c = 0; c < p.middle.size(); ++c) {
    p.tick[c] = carry_.next(p.middle[c], p.carry[c]);
    // A past-only network's phase is that of now already.
    if (!centred) p.tick[c].phase = p.middle[c].phase;
  }
}

void Tracker::extrapolate(std::span<float> state) const {
  const Parts p = parts(state);
  const float since_s = FeatureStream::since_tick_s(p.stream);
  for (std::size_t c = 0; c < p.now.size(); ++c) {
    p.now[c] = p.tick[c];
    p.now[c].phase = wrap_cycle(p.now[c].phase + since_s * p.now[c].frequency_hz);
  }
}

std::span<const ChannelPhase> Tracker::phases(std::span<const float> state) const {
  return {reinterpret_cast<const ChannelPhase*>(state.data() + 1),
          static_cast<std::size_t>(network().info().channels)};
}

PhaseReading Tracker::reading(std::span<const float> state) const {
  PhaseReading reading;
  if (state[0] == 0.0f) return reading;
  reading.mode = network().info().pivot == Pivot::centre ? Mode::carried : Mode::past_only;
  reading.filled = state[0] / static_cast<float>(network().info().frames);
  return reading;
}

bool Tracker::is_sound(std::span<const float> state) const {
  const auto frames = static_cast<float>(network().info().frames);
  if (state.size() != state_size() || !(state[0] >= 0.0f && state[0] <= frames)) return false;
  const std::size_t window = state_size() - sliding_.state_size();
  const std::size_t stream = window - stream_.state_size();
  return std::all_of(state.begin(), state.end(), [](float v) { return std::isfinite(v); }) &&
         stream_.is_sound(state.subspan(stream, stream_.state_size())) &&
         sliding_.is_sound(state.subspan(window));
}

}  // namespace canter::phase
