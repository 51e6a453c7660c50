#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "canter/phase/autoencoder.h"
#include "phase_motions.h"

/// What the commands share that learn from a Periodic Autoencoder's phases.
namespace canter::tools {

/// A clip and what the teacher says of it.
struct Lesson {
  std::string name;
  phase::PhaseTrack track;
  phase::Gait gait;
  std::vector<float> medians;  ///< [channels] of the amplitude
  bool held_out = false;

  float time_s(int frame) const { return static_cast<float>(frame) / track.rate_hz; }
  /// Far enough from the clip's ends.
  bool teaches(int frame) const;
  bool is_steady(int frame) const;
  /// Cosine and sine of a channel's phase; outside of steady gait the shorter, the less the channel
  /// moves.
  std::array<float, 2> target(int frame, int channel) const;
};

/// @param exclude  parts of names: clips that are held out
Lesson make_lesson(const PhaseClip& clip, const phase::Autoencoder& teacher,
                   const std::vector<std::string>& exclude);

/// A student's phases beside its teacher's, in steady gait.
class StudentErrors {
 public:
  /// @param phases  [frames] the student's; looked at where the lesson's gait is steady, and a
  /// frame
  ///                before
  void add(const Lesson& lesson, int channel, std::span<const float> phases);
  nlohmann::ordered_json to_json() const;

 private:
  std::vector<double> cycles_;     ///< |phase error| of every frame
  std::vector<double> frequency_;  ///< relative error of the median speed, of every segment
};

}  // namespace canter::tools
