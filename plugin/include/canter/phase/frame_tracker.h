#pragma once

#include <span>
#include <vector>

#include "canter/phase/frame_network.h"
#include "canter/phase/tracker.h"

namespace canter::phase {

/// Follows the phase of live characters by the frame network: what Tracker is for a Periodic
/// Autoencoder, for crowds. One channel: its amplitude is the network's confidence, its frequency
/// the phase's own speed, smoothed. One thread at a time.
class FrameTracker {
 public:
  /// Ticks per second, of the motions the network was trained on.
  static constexpr float kRate_hz = 60.0f;

  /// @param batch  characters computed at once where there are as many
  explicit FrameTracker(const FrameNetwork& network, int batch = 8);

  int num_points() const { return kBodyPoints; }
  int num_channels() const { return 1; }
  std::size_t state_size() const;
  /// A character that has not been seen yet.
  void start(std::span<float> state) const;

  /// As Tracker::update; bodies of kBodyPoints (asserted). A pose that brings several ticks is seen
  /// as of the last.
  void update(std::span<const TrackItem> items);
  /// Room for this many characters in one update; grows by itself where it is exceeded.
  void reserve(std::size_t most);

  /// [1] as of the last update.
  std::span<const ChannelPhase> phases(std::span<const float> state) const;
  PhaseReading reading(std::span<const float> state) const;
  /// Whether these could be a state of this tracker: what is false must not be updated.
  bool is_sound(std::span<const float> state) const;

 private:
  struct Parts;
  Parts parts(std::span<float> state) const;
  void take_tick(std::span<float> state, const FramePhase& read, int ticks) const;

  FeatureStream stream_;
  Carry speed_;  ///< carries over no time: only follows the phase's speed
  FrameEstimator one_, many_;
  int batch_;
  std::vector<float> rows_;    ///< of everyone's new ticks
  std::vector<float> inputs_;  ///< [items, kFrameInputs]
  std::vector<FramePhase> read_;
  std::vector<int> ticks_;
};

}  // namespace canter::phase
