#pragma once

#include <array>
#include <span>
#include <vector>

#include "canter/anim/contacts.h"
#include "canter/phase/track.h"

namespace canter::phase {

/// A stretch of even strides: what the gait metrics look at.
struct GaitSegment {
  float start_s = 0.0f;  ///< a strike: of the left foot, where it makes any segment
  float end_s = 0.0f;    ///< the same foot's strike `strides` later
  int strides = 0;
};

/// A clip's gait as its feet tell it: the truth that phases are measured against.
struct Gait {
  std::array<std::vector<float>, 2> strikes_s;  ///< left, right: when contacts begin
  std::vector<GaitSegment> steady;
};

/// Limits of a steady segment.
struct GaitSettings {
  float shortest_stride_s = 0.4f;
  float longest_stride_s = 2.5f;
  float unevenness = 0.15f;  ///< most by which a stride differs from the segment's mean, share
  int fewest = 2;            ///< strides of a segment
  int most = 3;              ///< longer stretches are cut: a person's rhythm wanders
  ContactSettings contacts;
  /// Where one foot strikes and the other never does, both are looked for again with speeds this
  /// much higher: a runner's foot hardly rests.
  float lenience = 1.5f;
};

/// Strikes by detect_contacts; a strike less than `shortest_stride_s` after its foot's last is
/// none. Segments lie within [from_s, to_s]. A skeleton without feet has no gait. Errors: those of
/// detect_contacts.
Result<Gait> find_gait(const Skeleton& skeleton, const RawClip& clip, float from_s, float to_s,
                       const GaitSettings& settings = {});

/// A looping clip walked for at least `seconds`, as a clip that does not loop: the way over the
/// ground (x, z of the root joints) goes on from lap to lap. Others are returned as they are.
RawClip unrolled(const Skeleton& skeleton, const RawClip& clip, float seconds);

/// Phases of a clip and what they are held against.
struct ScoredClip {
  const PhaseTrack* track = nullptr;
  const Gait* gait = nullptr;
  float from_s = 0.0f;  ///< frames before and after are not looked at: windows that reach over an
  float to_s = 0.0f;    ///< end of the clip know no more than it does
};

/// Metrics of one channel over clips (deepphase.md, section 4). Frames whose amplitude is below a
/// quarter of the clip's median do not count. A value without data is NaN.
struct GaitScores {
  int ratio = 1;                ///< cycles of the channel per stride: 1, or 2 (it follows the step)
  int segments = 0;             ///< steady segments
  int strides = 0;              ///< in them
  double m2_steady = 0;         ///< share of frames whose phase grows, in steady segments
  double m2_rest = 0;           ///< the same elsewhere: transitions and everything else
  double m3_r2 = 0;             ///< phase against time: R^2, mean over segments
  double m3_rms = 0;            ///< … residual, cycles, RMS over segments
  double m4a_median = 0;        ///< |speed of phase - strides / s| / strides per second
  double m4a_p95 = 0;           ///< … 95th percentile over segments
  double m4b = 0;               ///< the same with the spectrum's F, median
  double m4c = 0;               ///< |F - speed of phase|, Hz, median over frames
  std::array<double, 2> m5a{};  ///< concentration of phase at left and right strikes, mean of clips
  std::array<double, 2> m5a_pooled{};  ///< … over all clips together
  double m5b = 0;  ///< |right - left - 1/2| of the clips' mean phases at strikes, median
  double m8 = 0;   ///< RMS second difference of phase, cycles / frame^2
  double m9 = 0;   ///< standard deviation / mean of amplitude, mean over segments
};
GaitScores score_gait(std::span<const ScoredClip> clips, int channel);

/// Retrieval (M6, M7) by some descriptor of a frame.
struct RetrievalScores {
  double distance_m = 0;  ///< mean distance of root-local points among the 10 nearest frames
  double jump = 0;        ///< median step of the nearest frame's index when the query steps by one
  int queries = 0;
};
struct RetrievalSet {
  std::span<const float> descriptors;  ///< [frames, width]
  int width = 0;
  std::span<const float> points;  ///< [frames, dims] root-local, metres
  int dims = 0;
  std::span<const int> clip;  ///< [frames] which clip a frame is of
  int exclude = 60;           ///< frames of the same clip this near the query are not found
  int most_queries = 10000;   ///< spread evenly over the frames
};
/// O(queries · frames · width).
RetrievalScores score_retrieval(const RetrievalSet& set);

/// Principal components: what a phase is compared with in M6.
struct Components {
  int width = 0, count = 0;
  std::vector<double> middle;  ///< [width] mean of the rows
  std::vector<double> basis;   ///< [count, width] orthonormal, strongest first
};
/// The `count` strongest components of rows, each `width` long. Deterministic subspace iteration.
Components find_components(std::span<const float> rows, int width, int count);
/// @return [rows, count] the rows along the components
std::vector<float> project(const Components& components, std::span<const float> rows);
/// Rows along their own strongest components, [rows, count].
std::vector<float> principal_components(std::span<const float> rows, int width, int count);

}  // namespace canter::phase
