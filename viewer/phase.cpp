#include "viewer/phase.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numbers>
#include <numeric>

#include "canter/anim/mirror.h"
#include "canter/import/resources.h"
#include "canter/phase/metrics.h"

namespace canter::viewer {
namespace {

namespace fs = std::filesystem;

/// Points of a path and cells of a wave: more than any screen shows.
constexpr std::size_t kMostPoints = 2048;

std::vector<std::byte> read_bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string chars((std::istreambuf_iterator<char>(in)), {});
  const auto bytes = std::as_bytes(std::span(chars));
  return {bytes.begin(), bytes.end()};
}

/// Files of a folder whose names begin with "phase", sorted.
std::vector<fs::path> phase_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& file : fs::directory_iterator(folder, error))
    if (file.path().extension() == ".safetensors" &&
        file.path().filename().string().starts_with("phase"))
      files.push_back(file.path());
  std::sort(files.begin(), files.end());
  return files;
}

constexpr EstimatorName kEstimators[] = {
    {Estimator::centred, "centred",
     "The window reaches a second ahead: exact, but only for clips, whose future is known. A body "
     "is carried"},
    {Estimator::carried, "carried",
     "The window ends now; the phase of its middle is moved on by its own speed"},
    {Estimator::past_only, "past-only", "A network trained on windows that end now"},
    {Estimator::frame, "frame",
     "The cheapest network, for crowds: one pose in, the primary channel alone out"},
};

/// Sine and cosine of every channel: a point of the manifold.
void append_manifold(std::span<const phase::ChannelPhase> channels, std::vector<float>& out) {
  for (const phase::ChannelPhase& channel : channels) {
    const phase::ManifoldPoint p = phase::manifold_point(channel);
    out.push_back(p.sine);
    out.push_back(p.cosine);
  }
}

std::span<const phase::ChannelPhase> frame_of(const phase::PhaseTrack& track, int frame) {
  const auto width = static_cast<std::size_t>(track.channels);
  return std::span(track.values).subspan(static_cast<std::size_t>(frame) * width, width);
}

float dot(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0f);
}

void normalise(std::vector<float>& v) {
  const float length = std::sqrt(dot(v, v));
  for (float& x : v) x = length > 1e-9f ? x / length : 0.0f;
}

/// Mirrors and turns a plane so that its points run as a dial's hand does where they can.
/// @param points  around their middle
/// @param phases  cycles, of each
void align(std::span<const std::complex<double>> points, std::span<const float> phases,
           std::vector<float>& right, std::vector<float>& up) {
  std::complex<double> as_is = 0.0, flipped = 0.0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double angle = 2.0 * std::numbers::pi * static_cast<double>(phases[i]);
    const std::complex<double> hand(std::sin(angle), std::cos(angle));
    as_is += std::conj(points[i]) * hand;
    flipped += points[i] * hand;
  }
  if (std::abs(flipped) > std::abs(as_is)) {
    for (float& x : up) x = -x;
    as_is = flipped;
  }
  if (std::abs(as_is) < 1e-9) return;
  const auto cosine = static_cast<float>(as_is.real() / std::abs(as_is));
  const auto sine = static_cast<float>(as_is.imag() / std::abs(as_is));
  for (std::size_t k = 0; k < right.size(); ++k) {
    const float x = right[k], y = up[k];
    right[k] = cosine * x - sine * y;
    up[k] = sine * x + cosine * y;
  }
}

/// Every so many frames, so that no more than kMostPoints are left.
int stride_of(const phase::PhaseTrack& track) {
  return std::max(1, static_cast<int>(static_cast<std::size_t>(track.frames()) / kMostPoints));
}

float greatest_amplitude(const phase::PhaseTrack& track) {
  // What hardly moves must not be drawn as if it did; latents of a walk are about 1.
  constexpr float kLeast = 0.1f;
  float greatest = kLeast;
  for (const phase::ChannelPhase& c : track.values) greatest = std::max(greatest, c.amplitude);
  return greatest;
}

/// Strikes evenly spread over the clip, as many as are shown.
std::vector<phase::Strike> some(const std::vector<phase::Strike>& strikes) {
  std::vector<phase::Strike> chosen;
  const std::size_t count = std::min(strikes.size(), PhasedClip::kMostMarks);
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(strikes[i * strikes.size() / count]);
  return chosen;
}

/// Every channel fills its strip unless it hardly moves beside the others.
std::vector<float> wave_of(const phase::PhaseTrack& track, int channel, float full) {
  constexpr float kLeast = 0.15f;
  float own = kLeast * full;
  for (int f = 0; f < track.frames(); ++f) own = std::max(own, track.at(f, channel).amplitude);
  std::vector<float> values;
  for (int f = 0; f < track.frames(); ++f)
    values.push_back(0.5f + 0.5f * phase::manifold_point(track.at(f, channel)).sine / own);
  if (values.size() <= kMostPoints) return values;
  std::vector<float> cells(kMostPoints);
  plot::heat(values, 1.0f, cells);
  return cells;
}

}  // namespace

Result<PhaseNetworksPtr> load_phase_networks() {
  auto networks = std::make_shared<PhaseNetworks>();
  bool found = false;
  for (const fs::path& path : phase_files(importer::find_resource("assets/models"))) {
    const std::vector<std::byte> bytes = read_bytes(path);
    Result<phase::Autoencoder> autoencoder = phase::load_autoencoder(bytes, path.string());
    if (autoencoder) {
      const bool centred = autoencoder->info().pivot == phase::Pivot::centre;
      if (centred && !found) networks->clips = *autoencoder;
      if (!centred && !networks->past_only) networks->past_only = *autoencoder;
      found |= centred;
      continue;
    }
    Result<phase::FrameNetwork> frame = phase::load_frame_network(bytes, path.string());
    if (frame)
      networks->frame = *frame;
    else if (path.filename() == "phase.safetensors")
      return autoencoder.error();
  }
  return found ? PhaseNetworksPtr(std::move(networks)) : PhaseNetworksPtr();
}

std::span<const EstimatorName> estimator_names() {
  return kEstimators;
}

bool has_estimator(const PhaseNetworks& networks, Estimator kind) {
  if (kind == Estimator::past_only) return networks.past_only.has_value();
  return kind != Estimator::frame || networks.frame.has_value();
}

Projection::Projection(const phase::PhaseTrack& track) {
  const int stride = stride_of(track);
  const auto width = 2 * static_cast<std::size_t>(track.channels);
  std::vector<float> rows, phases;
  for (int f = 0; f < track.frames(); f += stride) {
    append_manifold(frame_of(track, f), rows);
    phases.push_back(track.at(f, track.primary).phase);
  }
  const std::size_t count = phases.size();
  middle_.assign(width, 0.0f);
  right_.assign(width, 0.0f);
  up_.assign(width, 0.0f);
  if (count == 0) return;
  for (std::size_t r = 0; r < count; ++r)
    for (std::size_t k = 0; k < width; ++k)
      middle_[k] += rows[r * width + k] / static_cast<float>(count);
  // Where the components' scores grow fastest is where the components point.
  const std::vector<float> scores = phase::principal_components(rows, static_cast<int>(width), 2);
  for (std::size_t r = 0; r < count; ++r)
    for (std::size_t k = 0; k < width; ++k) {
      right_[k] += scores[2 * r] * (rows[r * width + k] - middle_[k]);
      up_[k] += scores[2 * r + 1] * (rows[r * width + k] - middle_[k]);
    }
  normalise(right_);
  normalise(up_);
  std::vector<std::complex<double>> points;
  for (int f = 0; f < track.frames(); f += stride) {
    const plot::Point p = (*this)(frame_of(track, f));
    points.emplace_back(p.x, p.y);
  }
  align(points, phases, right_, up_);
}

plot::Point Projection::operator()(std::span<const phase::ChannelPhase> channels) const {
  plot::Point p;
  if (!takes(channels)) return p;
  for (std::size_t c = 0; 2 * c < middle_.size(); ++c) {
    const phase::ManifoldPoint at = phase::manifold_point(channels[c]);
    const float sine = at.sine - middle_[2 * c], cosine = at.cosine - middle_[2 * c + 1];
    p.x += sine * right_[2 * c] + cosine * right_[2 * c + 1];
    p.y += sine * up_[2 * c] + cosine * up_[2 * c + 1];
  }
  return p;
}

Result<PhasedClipPtr> phase_clip(const PhaseNetworks& networks, const PhaseSubject& subject) {
  const DocumentClip& clip = subject.motion->clips[static_cast<std::size_t>(subject.clip)];
  const Skeleton& skeleton = subject.motion->skeleton;
  auto made = subject.mirrored ? phase::make_clip_phases(
                                     networks.clips, skeleton,
                                     mirror_clip(skeleton, make_mirror(skeleton, {}), clip.raw))
                               : phase::make_clip_phases(networks.clips, skeleton, clip.raw);
  if (!made)
    return Error{made.error().code,
                 subject.motion->title + ", clip '" + clip.name + "': " + made.error().message};
  auto phased = std::make_shared<PhasedClip>();
  phased->subject = subject;
  phased->phases = *made;
  const phase::PhaseTrack& track = phased->phases->track;
  phased->full_amplitude = greatest_amplitude(track);
  for (int c = 0; c < track.channels; ++c)
    phased->waves.push_back(wave_of(track, c, phased->full_amplitude));
  phased->projection = Projection(track);
  for (int f = 0; f < track.frames(); f += stride_of(track))
    phased->path.push_back(phased->projection(frame_of(track, f)));
  for (std::size_t foot = 0; foot < 2; ++foot)
    for (const phase::Strike& strike : some(phased->phases->strikes[foot])) {
      const PhaseNow there = reading_at(track, static_cast<double>(strike.time_s));
      phased->marks[foot].push_back({phased->projection(there.channels), there.channels});
    }
  phased->fit = plot::fit(phased->path, 0.25f * phased->full_amplitude);
  return PhasedClipPtr(std::move(phased));
}

PhaseNow reading_of(const PhaseView& view) {
  return {view.mode, view.filled, view.primary, {view.channels.begin(), view.channels.end()}};
}

PhaseNow reading_at(const phase::PhaseTrack& track, double time_s) {
  PhaseNow now{track.mode, 1.0f, track.primary, {}};
  now.channels.resize(static_cast<std::size_t>(track.channels));
  phase::sample(track, static_cast<float>(time_s), now.channels);
  return now;
}

void PhaseHistory::clear() {
  ahead.clear();
  trail.clear();
}

void PhaseHistory::note(const PhaseNow& shown, const PhaseNow& beside,
                        const Projection& projection) {
  // A window that is not full yet says little.
  const bool settled = shown.filled >= 1.0f && beside.filled >= 1.0f;
  if (settled && shown.main() != nullptr && beside.main() != nullptr) {
    if (ahead.size() >= kFrames) ahead.erase(ahead.begin());
    ahead.push_back(phase::cycle_difference(shown.main()->phase, beside.main()->phase));
  }
  if (!projection.takes(shown.channels)) return trail.clear();
  if (trail.size() >= kTrail) trail.erase(trail.begin());
  trail.push_back(projection(shown.channels));
}

}  // namespace canter::viewer
