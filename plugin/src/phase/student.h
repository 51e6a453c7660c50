#pragma once

// What the networks that learn from a Periodic Autoencoder share. Private to the room.

#include <string>
#include <string_view>

#include "canter/nn/graph.h"
#include "canter/nn/weights.h"
#include "canter/phase/frame_network.h"

namespace canter::phase::detail {

/// Copies a tensor of a file into a graph, as f32. Errors: bad_value naming what was found and what
/// was expected.
Result<void> take_tensor(const nn::WeightFile& file, const std::string& name,
                         const nn::Shape& shape, std::string_view source, nn::Graph& graph);

/// A pair of outputs as a phase: cosine first, sine second, as the autoencoder's heads have them.
/// Not finite: 0.
FramePhase phase_of(float cosine, float sine);

}  // namespace canter::phase::detail
