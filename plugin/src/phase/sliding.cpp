// The exact sliding update of an Autoencoder's first convolution.

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#include "phase/parts.h"

namespace canter::phase {
namespace {

// A character's state: the place of the window in its ring, the ring (each frame written twice, so
// that the window is contiguous wherever it begins), conv1's outputs.
struct View {
  View(const AutoencoderInfo& info, std::span<float> state)
      : frames(static_cast<std::size_t>(info.frames)),
        dims(static_cast<std::size_t>(info.dims)),
        head(state.data()),
        ring(head + 1),
        hidden(ring + 2 * frames * dims) {}

  std::size_t at() const { return static_cast<std::size_t>(*head); }
  const float* window() const { return ring + at() * dims; }

  // The oldest frame makes room for the newest.
  void push(const float* row) {
    const std::size_t place = at();
    std::copy_n(row, dims, ring + place * dims);
    std::copy_n(row, dims, ring + (place + frames) * dims);
    *head = static_cast<float>(place + 1 == frames ? 0 : place + 1);
  }

  std::size_t frames, dims;
  float* head;
  float* ring;    ///< [2 N, D]
  float* hidden;  ///< [I, N]
};

// One channel of conv1's outputs, one frame on.
void slide_column(float* hidden, const detail::SlideTaps& taps, const float* leaving,
                  const float* coming, float newest, std::size_t half) {
  std::memmove(hidden, hidden + 1, 2 * half * sizeof(float));
  for (std::size_t i = 0; i < taps.leaving.size(); ++i) hidden[taps.leaving[i]] += leaving[i];
  for (std::size_t i = 0; i < taps.coming.size(); ++i) hidden[half + taps.coming[i]] += coming[i];
  hidden[2 * half] = newest;
}

nn::Workspace prepared(const nn::Model& model, std::initializer_list<nn::Shape> shapes) {
  nn::Workspace workspace(model);
  [[maybe_unused]] const auto ready = workspace.prepare(shapes);
  assert(ready.ok());
  return workspace;
}

void run_network(nn::Workspace& workspace) {
  [[maybe_unused]] const auto done = nn::run(workspace);
  assert(done.ok());
}

}  // namespace

SlidingEncoder::Lane::Lane(const Autoencoder& network, int lanes)
    : size(lanes),
      slide(
          prepared(network.parts().slide,
                   {nn::Shape{lanes, network.info().dims}, nn::Shape{lanes, network.info().dims},
                    nn::Shape{lanes, static_cast<std::int64_t>(network.parts().taps.newest.size()) *
                                         network.info().dims}})),
      tail(prepared(network.parts().tail,
                    {nn::Shape{lanes, network.info().hidden, network.info().frames}})) {}

SlidingEncoder::SlidingEncoder(const Autoencoder& network, int batch)
    : network_(network), one_(network, 1), many_(network, std::max(batch, 1)) {}

std::size_t SlidingEncoder::state_size() const {
  const AutoencoderInfo& info = network_.info();
  const auto frames = static_cast<std::size_t>(info.frames);
  return 1 +
         frames * (2 * static_cast<std::size_t>(info.dims) + static_cast<std::size_t>(info.hidden));
}

void SlidingEncoder::start(std::span<float> state) const {
  std::fill(state.begin(), state.begin() + static_cast<std::ptrdiff_t>(state_size()), 0.0f);
  const View view(network_.info(), state);
  const std::vector<float>& bias = network_.parts().weights.conv1_bias;
  for (std::size_t i = 0; i < bias.size(); ++i)
    std::fill_n(view.hidden + i * view.frames, view.frames, bias[i]);
}

bool SlidingEncoder::is_sound(std::span<const float> state) const {
  const auto frames = static_cast<float>(network_.info().frames);
  const bool in_range = state.size() == state_size() && state[0] >= 0.0f && state[0] < frames &&
                        state[0] == std::floor(state[0]);
  return in_range &&
         std::all_of(state.begin(), state.end(), [](float v) { return std::isfinite(v); });
}

std::span<const float> SlidingEncoder::window(std::span<const float> state) const {
  const AutoencoderInfo& info = network_.info();
  const auto width = static_cast<std::size_t>(info.dims);
  return state.subspan(1 + static_cast<std::size_t>(state[0]) * width,
                       static_cast<std::size_t>(info.frames) * width);
}

void SlidingEncoder::advance(std::span<const SlideItem> items) {
  while (!items.empty()) {
    const auto batch = static_cast<std::size_t>(many_.size);
    Lane& lane = items.size() >= batch ? many_ : one_;
    const auto count = static_cast<std::size_t>(lane.size);
    advance_batch(lane, items.first(count));
    items = items.subspan(count);
  }
}

void SlidingEncoder::advance_batch(Lane& lane, std::span<const SlideItem> items) {
  const detail::AutoencoderParts& parts = network_.parts();
  const AutoencoderInfo& info = parts.info;
  const auto dims = static_cast<std::size_t>(info.dims);
  const auto frames = static_cast<std::size_t>(info.frames);
  const auto hidden = static_cast<std::size_t>(info.hidden);
  const std::size_t half = (frames - 1) / 2;
  const detail::SlideTaps& taps = parts.taps;

  // What leaves, what comes, and the half window that the new column sums.
  float* leaving = lane.slide.input(0).as<float>().data();
  float* coming = lane.slide.input(1).as<float>().data();
  float* newest = lane.slide.input(2).as<float>().data();
  for (std::size_t b = 0; b < items.size(); ++b) {
    View view(info, items[b].state);
    std::copy_n(view.window(), dims, leaving + b * dims);
    std::copy_n(items[b].row, dims, coming + b * dims);
    view.push(items[b].row);
    for (const std::size_t t : taps.newest)
      newest = std::copy_n(view.window() + (half + t) * dims, dims, newest);
  }
  run_network(lane.slide);
  const float* gone = lane.slide.output(0).as<float>().data();
  const float* added = lane.slide.output(1).as<float>().data();
  const float* last = lane.slide.output(2).as<float>().data();
  float* tail = lane.tail.input(0).as<float>().data();
  bool wanted = false;
  for (std::size_t b = 0; b < items.size(); ++b) {
    const View view(info, items[b].state);
    for (std::size_t i = b * hidden; i < (b + 1) * hidden; ++i)
      slide_column(view.hidden + (i - b * hidden) * frames, taps, gone + i * taps.leaving.size(),
                   added + i * taps.coming.size(), last[i], half);
    std::copy_n(view.hidden, hidden * frames, tail + b * hidden * frames);
    wanted |= items[b].out != nullptr;
  }
  if (!wanted) return;
  run_network(lane.tail);
  const auto m = static_cast<std::size_t>(info.channels);
  const auto columns = static_cast<std::size_t>(detail::spectrum_columns(info));
  const float* spectrum = lane.tail.output(1).as<float>().data();
  for (std::size_t b = 0; b < items.size(); ++b)
    for (std::size_t c = 0; c < m && items[b].out != nullptr; ++c)
      detail::read_channel(parts, static_cast<int>(c), spectrum + (b * m + c) * columns,
                           items[b].out[c]);
}

}  // namespace canter::phase
