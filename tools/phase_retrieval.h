#pragma once

#include <vector>

#include "canter/phase/autoencoder.h"
#include "canter/phase/features.h"
#include "canter/phase/metrics.h"

namespace canter::tools {

/// M6 and M7 by every descriptor that phases are compared with.
struct Found {
  phase::RetrievalScores manifold;  ///< phases
  phase::RetrievalScores curves;    ///< PCA phase: waves of the features' components, as many
  phase::RetrievalScores windows;   ///< components of windows, as many numbers
  phase::RetrievalScores pose;      ///< pose and velocity
  phase::RetrievalScores least;     ///< pose alone: about what is measured, so hardly to be beaten
};
/// @param learned  features that components are fitted to, as the network's weights were
Found retrieve(const phase::Autoencoder& network, const std::vector<phase::Features>& features,
               const std::vector<phase::PhaseTrack>& tracks,
               const std::vector<phase::Features>& learned);

}  // namespace canter::tools
