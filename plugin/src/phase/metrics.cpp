#include "canter/phase/metrics.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numeric>

namespace canter::phase {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kTwoPi = 6.283185307179586;

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return kNone;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(std::lround(share * (values.size() - 1.0)))];
}

double mean(const std::vector<double>& values) {
  if (values.empty()) return kNone;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double share_of(std::pair<int, int> counted) {
  return counted.second == 0 ? kNone : static_cast<double>(counted.first) / counted.second;
}

// Sums of unit vectors: where phases gather, and how closely.
struct CircularMean {
  std::complex<double> sum;
  int count = 0;
  void add(double cycles) {
    sum += std::polar(1.0, kTwoPi * cycles);
    ++count;
  }
  double concentration() const { return count == 0 ? kNone : std::abs(sum) / count; }
  double angle() const { return std::arg(sum) / kTwoPi; }
};

// One channel of one clip.
struct Curve {
  Curve(const ScoredClip& scored, int which) : clip(scored), channel(which) {
    const PhaseTrack& track = *clip.track;
    first = std::clamp(static_cast<int>(std::ceil(clip.from_s * track.rate_hz)), 0, track.frames());
    last = std::clamp(static_cast<int>(std::floor(clip.to_s * track.rate_hz)), first - 1,
                      track.frames() - 1);
    std::vector<double> amplitudes;
    for (int f = first; f <= last; ++f) amplitudes.push_back(at(f).amplitude);
    gate = 0.25 * percentile(std::move(amplitudes), 0.5);
  }

  const ChannelPhase& at(int frame) const { return clip.track->at(frame, channel); }
  // Cycles gained by the step to `frame`.
  double gain(int frame) const { return cycle_difference(at(frame).phase, at(frame - 1).phase); }
  bool counts(int frame) const { return at(frame).amplitude > gate; }
  double phase_at(double time_s) const {
    std::vector<ChannelPhase> all(static_cast<std::size_t>(clip.track->channels));
    sample(*clip.track, static_cast<float>(time_s), all);
    return all[static_cast<std::size_t>(channel)].phase;
  }
  int frame_after(double time_s) const {
    return std::clamp(static_cast<int>(std::ceil(time_s * clip.track->rate_hz)), first + 1, last);
  }

  const ScoredClip& clip;
  int channel;
  int first = 0, last = -1;
  double gate = 0.0;
};

// A straight line through phase over time.
struct Line {
  double slope = 0.0, r2 = kNone, rms = kNone;
};
Line fit(const std::vector<double>& t, const std::vector<double>& p) {
  const auto n = static_cast<double>(t.size());
  const double mt = mean(t), mp = mean(p);
  double tt = 0.0, tp = 0.0, pp = 0.0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    tt += (t[i] - mt) * (t[i] - mt);
    tp += (t[i] - mt) * (p[i] - mp);
    pp += (p[i] - mp) * (p[i] - mp);
  }
  if (tt <= 0.0 || pp <= 0.0) return {};
  const double rest = std::max(0.0, pp - tp * tp / tt);
  return {tp / tt, 1.0 - rest / pp, std::sqrt(rest / n)};
}

// Everything gathered over clips and segments.
class Gatherer {
 public:
  void add(const Curve& curve) {
    const auto& segments = curve.clip.gait->steady;
    for (int f = curve.first + 1; f <= curve.last; ++f) {
      const double time_s = f / static_cast<double>(curve.clip.track->rate_hz);
      const bool steady = std::any_of(segments.begin(), segments.end(), [&](const GaitSegment& s) {
        return time_s >= s.start_s && time_s <= s.end_s;
      });
      if (!curve.counts(f) || !curve.counts(f - 1)) continue;
      auto& [grew, all] = steady ? steady_ : rest_;
      grew += curve.gain(f) > 0.0;
      ++all;
      speed_gaps_.push_back(
          std::abs(curve.at(f).frequency_hz - curve.gain(f) * curve.clip.track->rate_hz));
    }
    for (const GaitSegment& segment : segments) add(curve, segment);
    add_strikes(curve);
  }

  GaitScores scores() {
    GaitScores s;
    s.ratio = ratio();
    s.segments = static_cast<int>(found_.size());
    s.m2_steady = share_of(steady_);
    s.m2_rest = share_of(rest_);
    std::vector<double> r2, squares, speed, spectral;
    for (const Segment& f : found_) {
      s.strides += f.strides;
      r2.push_back(f.line.r2);
      squares.push_back(f.line.rms * f.line.rms);
      speed.push_back(std::abs(f.speed / s.ratio - f.truth_hz) / f.truth_hz);
      spectral.push_back(std::abs(f.spectral / s.ratio - f.truth_hz) / f.truth_hz);
    }
    s.m3_r2 = mean(r2);
    s.m3_rms = std::sqrt(mean(squares));
    s.m4a_median = percentile(speed, 0.5);
    s.m4a_p95 = percentile(speed, 0.95);
    s.m4b = percentile(spectral, 0.5);
    s.m4c = percentile(speed_gaps_, 0.5);
    for (std::size_t foot = 0; foot < 2; ++foot) {
      s.m5a[foot] = mean(concentrations_[foot]);
      s.m5a_pooled[foot] = pooled_[foot].concentration();
    }
    s.m5b = percentile(offsets_, 0.5);
    s.m8 = std::sqrt(mean(jerks_));
    s.m9 = mean(unevenness_);
    return s;
  }

 private:
  struct Segment {
    Line line;
    double truth_hz = 0.0, speed = 0.0, spectral = 0.0;
    int strides = 0;
  };

  void add(const Curve& curve, const GaitSegment& segment) {
    const double rate = curve.clip.track->rate_hz;
    const int from = curve.frame_after(segment.start_s);
    const int to = curve.frame_after(segment.end_s);
    std::vector<double> time, phase, gains, spectral, amplitude;
    double unwrapped = 0.0;
    for (int f = from; f < to; ++f) {
      unwrapped += curve.gain(f);
      time.push_back(f / rate);
      phase.push_back(unwrapped);
      gains.push_back(curve.gain(f) * rate);
      spectral.push_back(curve.at(f).frequency_hz);
      amplitude.push_back(curve.at(f).amplitude);
      if (f > from) jerks_.push_back(std::pow(curve.gain(f) - curve.gain(f - 1), 2));
    }
    if (time.size() < 10) return;
    Segment found;
    found.line = fit(time, phase);
    found.strides = segment.strides;
    found.truth_hz = segment.strides / static_cast<double>(segment.end_s - segment.start_s);
    found.speed = percentile(gains, 0.5);
    found.spectral = percentile(spectral, 0.5);
    if (std::isnan(found.line.r2)) found.line = {0.0, 0.0, 1.0};  // a phase that does not move
    found_.push_back(found);
    double variance = 0.0;
    const double level = mean(amplitude);
    for (const double a : amplitude)
      variance += (a - level) * (a - level) / static_cast<double>(amplitude.size());
    unevenness_.push_back(level > 0.0 ? std::sqrt(variance) / level : 1.0);
  }

  void add_strikes(const Curve& curve) {
    std::array<CircularMean, 2> here;
    for (std::size_t foot = 0; foot < 2; ++foot) {
      for (const float time_s : curve.clip.gait->strikes_s[foot])
        for (const GaitSegment& s : curve.clip.gait->steady)
          if (time_s >= s.start_s && time_s < s.end_s) {
            here[foot].add(curve.phase_at(time_s));
            pooled_[foot].add(curve.phase_at(time_s));
          }
      if (here[foot].count > 1) concentrations_[foot].push_back(here[foot].concentration());
    }
    if (here[0].count > 1 && here[1].count > 1)
      offsets_.push_back(std::abs(std::abs(cycle_difference(static_cast<float>(here[1].angle()),
                                                            static_cast<float>(here[0].angle()))) -
                                  0.5));
  }

  // Whether the channel goes round once or twice a stride, in most segments.
  int ratio() const {
    int twice = 0;
    for (const Segment& f : found_) twice += f.line.slope > 1.5 * f.truth_hz;
    return 2 * twice > static_cast<int>(found_.size()) ? 2 : 1;
  }

  std::pair<int, int> steady_, rest_;
  std::vector<Segment> found_;
  std::vector<double> speed_gaps_, jerks_, unevenness_, offsets_;
  std::array<std::vector<double>, 2> concentrations_;
  std::array<CircularMean, 2> pooled_;
};

}  // namespace

GaitScores score_gait(std::span<const ScoredClip> clips, int channel) {
  Gatherer gatherer;
  for (const ScoredClip& clip : clips) gatherer.add(Curve(clip, channel));
  return gatherer.scores();
}

}  // namespace canter::phase
