#include "canter/phase/channel.h"

namespace canter::phase {
namespace {

constexpr float kTwoPi = 6.28318531f;

float mix(float a, float b, float share) {
  return a + share * (b - a);
}

}  // namespace

const char* mode_name(Mode mode) {
  switch (mode) {
    case Mode::centred:
      return "centred";
    case Mode::carried:
      return "carried";
    case Mode::past_only:
      return "past-only";
    case Mode::frame:
      return "frame";
    case Mode::none:
      break;
  }
  return "none";
}

ManifoldPoint manifold_point(const ChannelPhase& channel) {
  return {channel.amplitude * std::sin(kTwoPi * channel.phase),
          channel.amplitude * std::cos(kTwoPi * channel.phase)};
}

ChannelPhase blend(const ChannelPhase& a, const ChannelPhase& b, float share) {
  return {wrap_cycle(a.phase + share * cycle_difference(b.phase, a.phase)),
          mix(a.frequency_hz, b.frequency_hz, share), mix(a.amplitude, b.amplitude, share),
          mix(a.offset, b.offset, share)};
}

}  // namespace canter::phase
