#pragma once

#include <cstdint>
#include <vector>

#include "canter/mimic/episode.h"
#include "canter/mimic/policy.h"

// How good a policy is. Runs on the calling thread; equal arguments give equal bits.

namespace canter::mimic {

struct EvaluateOptions {
  int episodes = 32;
  double seconds = 20.0;   ///< of each
  std::uint64_t seed = 1;  ///< where within its share of the clip each episode starts
};

struct EpisodeRecord {
  double start_phase = 0.0;
  double life_s = 0.0;
  double nr_paper = 0.0, nr_code = 0.0;  ///< return over the largest possible
  End end = End::running;                ///< time_limit and finished are survivals
};

struct Evaluation {
  /// Mean normalised return: 1 is perfect to the end; nothing is earned after a fall.
  double nr_paper = 0.0, nr_code = 0.0;
  double life_s = 0.0;
  double possible_life_s = 0.0;  ///< clips without a loop end before their time
  // Means over the steps lived through:
  double joint_error_rad = 0.0;
  double position_error_m = 0.0;
  RewardTerms terms;
  int survived = 0;
  int broken = 0;  ///< episodes whose simulation failed: no survivals, and no falls either
  std::vector<EpisodeRecord> episodes;
};

/// Episodes without noise from starts spread evenly over the clip. Only falls (and the end of the
/// clip) end them, as published: the limits on straying are left out.
Evaluation evaluate(const Policy& policy, const EvaluateOptions& options = {});

struct PushOptions {
  int phases = 8;           ///< moments of the clip it is pushed at
  double settle_s = 2.0;    ///< before the push
  double duration_s = 0.2;  ///< of the push, as published
  double survive_s = 5.0;   ///< after the push
  double step_n = 20.0;     ///< forces tried: multiples of it, upwards, until one is too much
  double most_n = 2000.0;
};

/// The largest force at one moment of the clip, N.
struct PushedMoment {
  double phase = 0.0;  ///< of the clip when the push comes, in cycles
  double forward_n = 0.0, right_n = 0.0, left_n = 0.0;
};

struct PushResult {
  double forward_n = 0.0, sideways_n = 0.0;                ///< survived at every moment
  double forward_median_n = 0.0, sideways_median_n = 0.0;  ///< at half of the moments
  std::vector<PushedMoment> moments;
};

/// The largest force on the root, along its heading or across it (the worse of both sides), after
/// which the body does not fall.
PushResult push_test(const Policy& policy, const PushOptions& options = {});

struct RecordOptions {
  double seconds = 10.0;
  double start_phase = 0.0;
};

/// The simulated motion as a clip on Policy::skeleton(), a frame every second physics step (60 Hz
/// at 120). Ends where the episode does.
/// @param end  optional out: why
RawClip record(const Policy& policy, const RecordOptions& options = {}, End* end = nullptr);

}  // namespace canter::mimic
