#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "canter/base/result.h"
#include "canter/nn/weights.h"
#include "canter/phase/autoencoder.h"
#include "canter/phase/features.h"

namespace canter::trainer {

/// Everything that decides what a Periodic Autoencoder learns. Equal settings and motions give
/// equal bits.
struct PhaseSettings {
  std::uint64_t seed = 23456;
  int channels = 5;            ///< M
  int hidden = 0;              ///< I; 0: a third of the features, as published
  int batch = 64;              ///< windows of a step
  int steps = 6000;            ///< of the optimiser
  float step_size = 1e-3f;     ///< Adam's, falling to a hundredth by a half cosine
  float weight_decay = 1e-4f;  ///< decoupled, times the step size
  /// How far apart the frames are that training sees, in frames of the features. Features below
  /// 3.25 Hz hardly change in 3 frames of 60 fps; a sixteenth of the work. Must divide half a
  /// window of 2 s.
  int stride = 3;
  bool mirror = true;  ///< left and right exchanged, every other window
  phase::Pivot pivot = phase::Pivot::centre;
  /// Above 0, a window's phases must also tell windows up to this much earlier and later, with the
  /// same frequency and amplitude (as FLD does, Li et al. 2024). 0 is the published loss.
  float horizon_s = 0.0f;
  /// Windows are played faster or slower by up to this factor. 1: as recorded.
  float tempo = 1.0f;
  /// Steps that the network given out is averaged over (exponentially). 0: as the optimiser has it.
  float memory = 0.0f;
};

/// Errors: bad_value naming the setting, what was found and what is expected.
Result<void> validate(const PhaseSettings& settings, int dims, float rate_hz);

/// A motion to learn from.
struct PhaseMotion {
  phase::Features features;  ///< with a margin of at least a window, times the tempo
  float weight = 1.0f;       ///< how often it is drawn, against others, per frame
};

/// Learns a Periodic Autoencoder of the paper's form (tanh), with features of equal scale in place
/// of BatchNorm. Backward passes are written out: every convolution's kernel is as long as its
/// window, so that it is one dense product with tied weights (docs/decisions/0007).
class PhaseTrainer {
 public:
  /// @param motions  all of the same dims and rate; at least one frame (asserted)
  /// @param mirror   [dims / 3] the point on the other side, of every point
  PhaseTrainer(const PhaseSettings& settings, std::span<const PhaseMotion> motions,
               std::span<const int> mirror);
  ~PhaseTrainer();

  /// One step of the optimiser. @return sum of squared errors over sum of squares of this batch
  double step();
  int steps_done() const;

  /// The network now (the average of late, with a memory), under the published names, at the
  /// features' own rate.
  nn::WeightFile network() const;

  /// Everything that decides the next step.
  std::vector<std::byte> save() const;
  /// Errors: bad_format, bad_value (made with other settings or motions).
  Result<void> restore(std::span<const std::byte> bytes);

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

/// What a frame network (canter/phase/frame_network.h) learns from.
struct FrameSamples {
  std::vector<float> inputs;   ///< [samples, kFrameInputs]
  std::vector<float> targets;  ///< [samples, 2] cosine and sine of the phase, or shorter
};

struct FrameSettings {
  std::uint64_t seed = 1;
  int steps = 4000;
  int batch = 256;
  float step_size = 1e-3f;  ///< Adam's, falling by a half cosine
  float noise = 0.1f;  ///< added to inputs, in their standard deviations: few subjects, many frames
};

/// Learns a frame network by squared error; its inputs' means and deviations are folded into the
/// first layer. Equal arguments give equal bits. At least one sample (asserted).
/// @param error  optional out: mean squared error of the last hundred steps
nn::WeightFile learn_frame_network(const FrameSamples& samples, const FrameSettings& settings,
                                   double* error = nullptr);

/// What a window network (canter/phase/window_network.h) learns from.
struct WindowSamples {
  /// First rows of windows, [kWindowFrames, kWindowDims] each; the tables they lie in must outlive
  /// the call.
  std::vector<const float*> windows;
  std::vector<float> targets;  ///< [samples, 2 kWindowPhases] cosine and sine, or shorter
};

struct WindowSettings {
  std::uint64_t seed = 1;
  int steps = 1200;
  int batch = 32;
  float step_size = 5e-4f;  ///< Adam's, falling by a half cosine
  float weight_decay =
      3e-3f;           ///< decoupled, times the step size; nearly all weights are one layer's
  float noise = 0.2f;  ///< of the level of a feature in a window, in standard deviations
};

/// Learns a window network by squared error; its inputs' deviations are folded into the first
/// layer. Equal arguments give equal bits. At least one sample (asserted).
/// @param error     optional out: mean squared error of the last hundred steps
/// @param progress  called after every step with the steps done, or null
nn::WeightFile learn_window_network(const WindowSamples& samples, const WindowSettings& settings,
                                    double* error = nullptr,
                                    const std::function<void(int)>& progress = {});

}  // namespace canter::trainer
