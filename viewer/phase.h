#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "canter/phase/autoencoder.h"
#include "canter/phase/clip_phases.h"
#include "canter/phase/frame_network.h"
#include "canter/world/phase.h"
#include "viewer/document.h"
#include "viewer/ui/series.h"

namespace canter::viewer {

/// The networks of phases that ship. Immutable, shared by threads.
struct PhaseNetworks {
  phase::Autoencoder clips;  ///< sees a second ahead: of clips, and carried of live characters
  std::optional<phase::Autoencoder> past_only;
  std::optional<phase::FrameNetwork> frame;
};
using PhaseNetworksPtr = std::shared_ptr<const PhaseNetworks>;

/// Reads them from `assets/models`. A null pointer where none ship. Errors name the file.
Result<PhaseNetworksPtr> load_phase_networks();

/// What makes the phase of the character on stage.
enum class Estimator { centred, carried, past_only, frame };

/// How people and scripts call an estimator.
struct EstimatorName {
  Estimator kind = Estimator::centred;
  const char* id = "";      ///< one word: "carried"
  const char* effect = "";  ///< a sentence
};
std::span<const EstimatorName> estimator_names();
/// Whether what ships suffices for it.
bool has_estimator(const PhaseNetworks& networks, Estimator kind);

/// The phase manifold of a clip as a picture: its two strongest directions, turned so that the
/// primary channel runs as on its dial, clockwise from the top.
class Projection {
 public:
  Projection() = default;
  explicit Projection(const phase::PhaseTrack& track);

  /// Whether these are as many channels as the clip has; the frame network has one.
  bool takes(std::span<const phase::ChannelPhase> channels) const {
    return !middle_.empty() && 2 * channels.size() == middle_.size();
  }
  /// The place of these channels' point of the manifold; the middle where there are others.
  plot::Point operator()(std::span<const phase::ChannelPhase> channels) const;

 private:
  std::vector<float> middle_;      ///< [2 channels]
  std::vector<float> right_, up_;  ///< [2 channels] of unit length
};

/// Whose phases are meant.
struct PhaseSubject {
  DocumentPtr motion;
  int clip = 0;
  bool mirrored = false;
  bool operator==(const PhaseSubject&) const = default;
};

/// The phases of a clip and what is drawn of them. Immutable, shared by threads.
struct PhasedClip {
  PhaseSubject subject;
  std::shared_ptr<const phase::ClipPhases> phases;
  float full_amplitude = 1.0f;            ///< the greatest of the clip: the length of a dial's hand
  std::vector<std::vector<float>> waves;  ///< [channels] the manifold's sine, in [0, 1]
  Projection projection;
  std::vector<plot::Point> path;  ///< [frames] or fewer, evenly spaced
  /// When feet strike, left and right: the place on the path, and every channel's phase.
  struct Mark {
    plot::Point place;
    std::vector<phase::ChannelPhase> channels;
  };
  static constexpr std::size_t kMostMarks = 16;  ///< of a foot; more would be the same again
  std::array<std::vector<Mark>, 2> marks;
  plot::Fit fit;  ///< of the path
};
using PhasedClipPtr = std::shared_ptr<const PhasedClip>;

/// Any thread; about 50 us per frame of 1/60 s. Errors: a clip that has no features (it names why).
Result<PhasedClipPtr> phase_clip(const PhaseNetworks& networks, const PhaseSubject& subject);

/// Arcs of dials run as far ahead as the phase gets in this time: a whole turn at 4 Hz.
inline constexpr float kArc_s = 0.25f;

/// Phases of one character now.
struct PhaseNow {
  phase::Mode mode = phase::Mode::none;
  float filled = 0.0f;  ///< share of its window that has been seen
  int primary = 0;
  std::vector<phase::ChannelPhase> channels;

  const phase::ChannelPhase* main() const {
    const auto i = static_cast<std::size_t>(primary);
    return mode == phase::Mode::none || i >= channels.size() ? nullptr : &channels[i];
  }
};
/// Of a character of a world.
PhaseNow reading_of(const PhaseView& view);
/// Of a clip at a time.
PhaseNow reading_at(const phase::PhaseTrack& track, double time_s);

/// How far one character is ahead of the other, newest at the end; a value per frame.
struct PhaseHistory {
  static constexpr std::size_t kFrames = 600;  ///< ten seconds at 60 per second
  static constexpr std::size_t kTrail = 60;    ///< points behind the live one
  std::vector<float> ahead;                    ///< cycles, [-1/2, 1/2)
  std::vector<plot::Point> trail;              ///< of the live point in the plane
  void clear();
  void note(const PhaseNow& shown, const PhaseNow& beside, const Projection& projection);
};

}  // namespace canter::viewer
