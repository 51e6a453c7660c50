#include "world/phase_network.h"

#include <algorithm>
#include <cstring>

namespace canter::detail {
namespace {

template <class Tracker, class Network>
std::pmr::vector<Tracker> trackers_of(const Network& network, int num_workers,
                                      std::pmr::memory_resource* memory) {
  std::pmr::vector<Tracker> trackers(memory);
  trackers.reserve(static_cast<std::size_t>(std::max(1, num_workers)));
  for (int i = 0; i < std::max(1, num_workers); ++i) trackers.emplace_back(network, kPhaseBatch);
  return trackers;
}

}  // namespace

PhaseNetwork::PhaseNetwork(const phase::Autoencoder& network, int num_workers,
                           std::pmr::memory_resource* memory)
    : members(memory),
      trackers_(trackers_of<phase::Tracker>(network, num_workers, memory)),
      primary_(network.info().primary),
      checked_(state_size(), memory) {}

PhaseNetwork::PhaseNetwork(const phase::FrameNetwork& network, int num_workers,
                           std::pmr::memory_resource* memory)
    : members(memory),
      trackers_(trackers_of<phase::FrameTracker>(network, num_workers, memory)),
      checked_(state_size(), memory) {}

int PhaseNetwork::num_channels() const {
  return std::visit([](const auto& t) { return t.front().num_channels(); }, trackers_);
}

std::size_t PhaseNetwork::state_size() const {
  return std::visit([](const auto& t) { return t.front().state_size(); }, trackers_);
}

void PhaseNetwork::start(std::span<float> state) const {
  std::visit([&](const auto& t) { t.front().start(state); }, trackers_);
}

bool PhaseNetwork::is_sound(std::span<const std::byte> state) {
  if (state.size() != checked_.size() * sizeof(float)) return false;
  std::memcpy(checked_.data(), state.data(), state.size());
  return std::visit([&](const auto& t) { return t.front().is_sound(checked_); }, trackers_);
}

void PhaseNetwork::update(int worker, std::span<const phase::TrackItem> items) {
  std::visit([&](auto& t) { t[static_cast<std::size_t>(worker)].update(items); }, trackers_);
}

std::span<const phase::ChannelPhase> PhaseNetwork::phases(std::span<const float> state) const {
  return std::visit([&](const auto& t) { return t.front().phases(state); }, trackers_);
}

phase::PhaseReading PhaseNetwork::reading(std::span<const float> state) const {
  return std::visit([&](const auto& t) { return t.front().reading(state); }, trackers_);
}

}  // namespace canter::detail
