#pragma once

#include <cmath>
#include <cstdint>

namespace canter::phase {

/// One channel of a Periodic Autoencoder at one time: the wave A sin(2 pi (f t + p)) + B.
struct ChannelPhase {
  float phase = 0.0f;         ///< p, cycles in [0, 1), growing with time
  float frequency_hz = 0.0f;  ///< f of the window, its axis corrected by (N - 1) / N
  float amplitude = 0.0f;     ///< A, latent units; 0: nothing moves in this channel
  float offset = 0.0f;        ///< B, latent units
};

/// How a phase came about.
enum class Mode : std::uint8_t {
  none,       ///< no phase yet
  centred,    ///< the window reaches one half into the future: exact, for clips
  carried,    ///< the window ends now; its middle's phase, moved on by the phase's own speed
  past_only,  ///< a network trained on windows that end now
  frame       ///< the frame network: one pose and its velocities
};

/// "none", "centred", "carried", "past-only", "frame".
const char* mode_name(Mode mode);

/// Into [0, 1). Not finite: 0.
inline float wrap_cycle(float cycles) {
  const float wrapped = cycles - std::floor(cycles);
  return wrapped >= 0.0f && wrapped < 1.0f ? wrapped : 0.0f;
}

/// The way from phase `from` to phase `to`, cycles in [-1/2, 1/2).
inline float cycle_difference(float to, float from) {
  return wrap_cycle(to - from + 0.5f) - 0.5f;
}

/// A point of the phase manifold: (A sin 2 pi p, A cos 2 pi p).
struct ManifoldPoint {
  float sine = 0.0f, cosine = 0.0f;
};
ManifoldPoint manifold_point(const ChannelPhase& channel);

/// Between two times of one channel: phase along the shorter way round, the rest linearly.
/// @param share  0: a, 1: b
ChannelPhase blend(const ChannelPhase& a, const ChannelPhase& b, float share);

}  // namespace canter::phase
