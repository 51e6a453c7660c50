#pragma once

#include <string>
#include <vector>

#include "canter/anim/raw_clip.h"
#include "canter/phase/metrics.h"

namespace canter::tools {

/// A clip that phases are learned or measured on. Loops are walked for `kUnrolled_s` seconds.
struct PhaseClip {
  std::string name;  ///< file name without folder
  Skeleton skeleton;
  phase::Body body;
  RawClip clip;
  phase::Gait gait;
};
inline constexpr float kUnrolled_s = 10.0f;
/// Windows within this of an end know no more than the clip does: not measured.
inline constexpr float kEdge_s = 1.0f;

/// Every clip of these files, and of the files in these folders (and below) that hold motion.
/// @param skipped  out: "file: why" of what was left out: no humanoid, hardly any motion, too short
/// Errors end the command, for files named themselves.
std::vector<PhaseClip> load_phase_clips(const std::vector<std::string>& paths,
                                        std::vector<std::string>& skipped);

/// Clips as they are, faster and slower (0.8, 1, 1.25 of the speed), each also mirrored: few people
/// make more of a sample so.
std::vector<PhaseClip> variants_of(const std::vector<PhaseClip>& clips);

/// Whether one of the parts is part of a name.
bool any_in(const std::vector<std::string>& parts, const std::string& name);

/// The Periodic Autoencoder that ships, wherever the command is called from.
std::string shipped_phase_network();
/// Reads a network, or ends the command.
phase::Autoencoder load_phase_network(const std::string& path);

/// Features of clips, in their order, or ends the command.
std::vector<phase::Features> features_of(const std::vector<PhaseClip>& clips,
                                         const phase::FeatureSettings& settings);
/// Tracks of features as settings_for(network, live) makes them.
/// @param live  as a live character would see them (see extract_live)
std::vector<phase::PhaseTrack> tracks_of(const phase::Autoencoder& network,
                                         const std::vector<phase::Features>& features, bool live);
/// What score_gait takes. The clips and tracks must outlive it.
std::vector<phase::ScoredClip> scored(const std::vector<PhaseClip>& clips,
                                      const std::vector<phase::PhaseTrack>& tracks);

}  // namespace canter::tools
