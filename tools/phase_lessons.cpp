#include "phase_lessons.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "command.h"

namespace canter::tools {
namespace {

// The value below which a share of the others lies.
double percentile(std::vector<double> values, double share) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

template <class T>
T median(std::vector<T> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Of a phase over some frames, cycles per frame.
template <class PhaseAt>
double median_speed(int from, int to, PhaseAt&& phase_at) {
  std::vector<double> gains;
  for (int f = from + 1; f <= to; ++f)
    gains.push_back(static_cast<double>(phase::cycle_difference(phase_at(f), phase_at(f - 1))));
  return median(std::move(gains));
}

}  // namespace

bool Lesson::teaches(int frame) const {
  const float end_s = static_cast<float>(track.frames()) / track.rate_hz;
  return time_s(frame) >= kEdge_s && time_s(frame) <= end_s - kEdge_s;
}

bool Lesson::is_steady(int frame) const {
  return std::any_of(gait.steady.begin(), gait.steady.end(), [&](const phase::GaitSegment& s) {
    return time_s(frame) >= s.start_s && time_s(frame) <= s.end_s;
  });
}

std::array<float, 2> Lesson::target(int frame, int channel) const {
  const phase::ChannelPhase& c = track.at(frame, channel);
  const double moves =
      static_cast<double>(c.amplitude / (medians[static_cast<std::size_t>(channel)] + 1e-6f));
  const double length = is_steady(frame) ? 1.0 : std::min(1.0, moves);
  const double angle = 2.0 * std::numbers::pi * static_cast<double>(c.phase);
  return {static_cast<float>(length * std::cos(angle)),
          static_cast<float>(length * std::sin(angle))};
}

Lesson make_lesson(const PhaseClip& clip, const phase::Autoencoder& teacher,
                   const std::vector<std::string>& exclude) {
  Lesson lesson;
  lesson.name = clip.name;
  lesson.gait = clip.gait;
  lesson.track = require(phase::phases_of(teacher, clip.skeleton, clip.body, clip.clip));
  for (int c = 0; c < lesson.track.channels; ++c) {
    std::vector<float> amplitudes;
    for (int f = 0; f < lesson.track.frames(); ++f)
      amplitudes.push_back(lesson.track.at(f, c).amplitude);
    lesson.medians.push_back(median(std::move(amplitudes)));
  }
  lesson.held_out = any_in(exclude, clip.name);
  return lesson;
}

void StudentErrors::add(const Lesson& lesson, int channel, std::span<const float> phases) {
  const auto teacher = [&](int f) { return lesson.track.at(f, channel).phase; };
  const auto student = [&](int f) { return phases[static_cast<std::size_t>(f)]; };
  const int last = lesson.track.frames() - 1;
  for (const phase::GaitSegment& s : lesson.gait.steady) {
    const int from = static_cast<int>(s.start_s * lesson.track.rate_hz);
    const int to = std::min(static_cast<int>(s.end_s * lesson.track.rate_hz), last);
    for (int f = from; f <= to; ++f)
      cycles_.push_back(
          std::abs(static_cast<double>(phase::cycle_difference(student(f), teacher(f)))));
    const double truth = median_speed(from, to, teacher);
    if (std::abs(truth) > 1e-4)
      frequency_.push_back(std::abs(median_speed(from, to, student) - truth) / std::abs(truth));
  }
}

nlohmann::ordered_json StudentErrors::to_json() const {
  double squares = 0.0;
  for (const double c : cycles_) squares += c * c / static_cast<double>(cycles_.size());
  return {{"frames", cycles_.size()},
          {"phase_rms_cycles", std::sqrt(squares)},
          {"phase_median_cycles", percentile(cycles_, 0.5)},
          {"phase_p95_cycles", percentile(cycles_, 0.95)},
          {"frequency_median", percentile(frequency_, 0.5)},
          {"frequency_p95", percentile(frequency_, 0.95)}};
}

}  // namespace canter::tools
