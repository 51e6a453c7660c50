#pragma once

#include <span>
#include <vector>

#include "canter/phase/autoencoder.h"
#include "canter/phase/features.h"
#include "canter/phase/track.h"

namespace canter::phase {

/// Phases of a live character, with what made them.
struct PhaseReading {
  Mode mode = Mode::none;
  float filled = 0.0f;  ///< share of the window that has been seen; below 1 the phase is settling
};

/// One character's next pose for Tracker::update.
struct TrackItem {
  const Body* body = nullptr;
  std::span<const Mat4> models;  ///< [num_joints] model or world space
  double dt_s = 0.0;             ///< since the character's pose before
  std::span<float> state;        ///< [state_size]
};

/// Follows the phases of live characters: features from poses at any frame rate, the sliding
/// network at its own, and the step from its window's middle to now. Between two ticks of the
/// network phases move on at their own speed. All state is floats of the caller's: copying them is
/// the snapshot. One thread at a time.
class Tracker {
 public:
  /// @param batch  characters computed at once where there are as many
  explicit Tracker(const Autoencoder& network, int batch = 8);

  const Autoencoder& network() const { return sliding_.network(); }
  /// What a body's `num_points` must be for update(): dims / 3.
  int num_points() const { return network().info().dims / 3; }
  int num_channels() const { return network().info().channels; }
  std::size_t state_size() const;
  /// A character that has not been seen yet.
  void start(std::span<float> state) const;

  /// Takes everyone's newest pose. Broken poses, times and gaps: see FeatureStream::push; the
  /// answer stays finite. No allocation after construction for up to `most` characters.
  /// @param items  bodies of num_points() (asserted)
  void update(std::span<const TrackItem> items);
  /// Room for this many characters in one update; grows by itself where it is exceeded.
  void reserve(std::size_t most);

  /// [channels] as of the last update. The mode says how they came about.
  std::span<const ChannelPhase> phases(std::span<const float> state) const;
  PhaseReading reading(std::span<const float> state) const;
  /// Whether these could be a state of this tracker: what is false must not be updated.
  bool is_sound(std::span<const float> state) const;

 private:
  struct Parts;
  Parts parts(std::span<float> state) const;
  void take_tick(std::span<float> state) const;
  void extrapolate(std::span<float> state) const;

  SlidingEncoder sliding_;
  FeatureStream stream_;
  Carry carry_;
  std::vector<float> rows_;        ///< of everyone's new ticks
  std::vector<int> ticks_;         ///< of everyone
  std::vector<SlideItem> slides_;  ///< of one round of ticks
};

}  // namespace canter::phase
