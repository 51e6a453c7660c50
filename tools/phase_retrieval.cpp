#include "phase_retrieval.h"

#include <array>
#include <cmath>
#include <numbers>

namespace canter::tools {
namespace {

using Rows = std::vector<float>;

void append(Rows& rows, std::span<const float> row) {
  rows.insert(rows.end(), row.begin(), row.end());
}

// A window's frames that its components are made of.
constexpr int kKeys = 13;

// Every frame's window, at its keys.
Rows windows_of(const std::vector<phase::Features>& features, int frames, int every) {
  Rows rows;
  for (const phase::Features& f : features)
    for (int i = 0; i < f.frames; i += every)
      for (int k = 0; k < kKeys; ++k)
        append(rows, f.row(i + f.margin + (k - kKeys / 2) * (frames / 2) / (kKeys / 2)));
  return rows;
}

// The wave that the published formulas find in a curve of odd length, its phase by the curve's
// part along that frequency.
phase::ChannelPhase wave_of(std::span<const float> curve, float rate_hz) {
  const auto n = static_cast<int>(curve.size());
  double power = 0.0, moment = 0.0;
  const auto along = [&](double cycles) {
    std::pair<double, double> sums;
    for (int t = 0; t < n; ++t) {
      const double angle = 2.0 * std::numbers::pi * cycles * (t - n / 2) / n;
      sums.first += static_cast<double>(curve[static_cast<std::size_t>(t)]) * std::cos(angle);
      sums.second += static_cast<double>(curve[static_cast<std::size_t>(t)]) * std::sin(angle);
    }
    return sums;
  };
  // Features end at 3.25 Hz.
  constexpr double kHighest_hz = 6.5;
  for (int k = 1; k <= n / 2 && k * static_cast<double>(rate_hz) / n < kHighest_hz; ++k) {
    const auto [cosine, sine] = along(k);
    power += cosine * cosine + sine * sine;
    moment += k * (cosine * cosine + sine * sine);
  }
  phase::ChannelPhase wave;
  if (power <= 0.0) return wave;
  const auto [cosine, sine] = along(moment / power);
  wave.amplitude = static_cast<float>(2.0 / n * std::sqrt(power));
  wave.phase = static_cast<float>(std::atan2(cosine, sine) / (2.0 * std::numbers::pi));
  return wave;
}

void append_point(Rows& rows, const phase::ChannelPhase& channel) {
  const phase::ManifoldPoint p = phase::manifold_point(channel);
  append(rows, std::array{p.sine, p.cosine});
}

// "PCA phase": waves of the strongest components of the features.
Rows waves_of(const std::vector<phase::Features>& features, const phase::Components& components,
              int frames) {
  const auto count = static_cast<std::size_t>(components.count);
  Rows rows, curve(static_cast<std::size_t>(frames));
  for (const phase::Features& f : features) {
    const Rows along = phase::project(components, f.values);
    for (int i = 0; i < f.frames; ++i)
      for (std::size_t c = 0; c < count; ++c) {
        for (std::size_t t = 0; t < curve.size(); ++t)
          curve[t] = along[(static_cast<std::size_t>(i + f.margin - frames / 2) + t) * count + c];
        append_point(rows, wave_of(curve, f.rate_hz));
      }
  }
  return rows;
}

}  // namespace

Found retrieve(const phase::Autoencoder& network, const std::vector<phase::Features>& features,
               const std::vector<phase::PhaseTrack>& tracks,
               const std::vector<phase::Features>& learned) {
  const phase::AutoencoderInfo& info = network.info();
  Rows manifold, poses, points;
  std::vector<int> clip;
  for (std::size_t i = 0; i < features.size(); ++i)
    for (int f = 0; f < features[i].frames; ++f) {
      clip.push_back(static_cast<int>(i));
      for (int c = 0; c < info.channels; ++c) append_point(manifold, tracks[i].at(f, c));
      const auto pose = std::span(features[i].points)
                            .subspan(static_cast<std::size_t>(f * info.dims),
                                     static_cast<std::size_t>(info.dims));
      append(points, pose);
      append(poses, pose);
      append(poses, features[i].row(f + features[i].margin));
    }
  phase::RetrievalSet set;
  set.points = points;
  set.dims = info.dims;
  set.clip = clip;
  set.exclude = static_cast<int>(features[0].rate_hz);
  const auto search = [&](const Rows& descriptors, int most) {
    set.descriptors = descriptors;
    set.width = static_cast<int>(descriptors.size() / clip.size());
    set.most_queries = most;
    return phase::score_retrieval(set);
  };
  Rows all;
  for (const phase::Features& f : learned) append(all, f.values);
  const auto bodies = phase::find_components(all, info.dims, info.channels);
  // Neighbouring windows are alike: every fifth does to find their components.
  const auto windows = phase::find_components(windows_of(learned, info.frames, 5),
                                              kKeys * info.dims, 2 * info.channels);
  // Wide descriptors take their time: fewer queries do.
  constexpr int kMost = 10000, kFewer = 1000;
  return {search(manifold, kMost), search(waves_of(features, bodies, info.frames), kMost),
          search(phase::project(windows, windows_of(features, info.frames, 1)), kMost),
          search(poses, kFewer), search(points, kFewer)};
}

}  // namespace canter::tools
