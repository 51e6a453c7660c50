#pragma once

#include "canter/phase/autoencoder.h"
#include "canter/phase/frame_network.h"

/// Phase networks of random weights: `canter bench` measures time, not phases.
namespace canter::tools::bench {

struct AutoencoderShape {
  int dims = 0, hidden = 0, channels = 0, frames = 121;
  int stride = 1;  ///< of every so many taps one is not zero: 3 in the networks that ship
};
/// The later published form.
phase::Autoencoder random_autoencoder(const AutoencoderShape& shape);

phase::FrameNetwork random_frame_network();

}  // namespace canter::tools::bench
