#include "phase_motions.h"

#include <algorithm>
#include <filesystem>

#include "canter/anim/mirror.h"
#include "canter/import/import.h"
#include "canter/import/resources.h"
#include "command.h"

namespace canter::tools {
namespace {

namespace fs = std::filesystem;

constexpr float kShortest_s = 2.5f;
constexpr float kStill_mps = 0.02f;  // root mean square of a feature: below, nothing moves

std::vector<std::string> files_of(const std::string& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".bvh" || extension == ".clip" || extension == ".txt" || extension == ".fbx")
      files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Why a clip is of no use, or nothing.
std::string objection(const PhaseClip& c, const JointMap& map) {
  if (!map.is_humanoid()) return "not a humanoid";
  if (c.clip.duration_s() < kShortest_s) return "shorter than 2.5 s";
  phase::FeatureSettings settings;
  settings.margin = 0;
  const auto features = phase::motion_features(c.skeleton, c.body, c.clip, settings);
  if (!features) return features.error().message;
  double squares = 0.0;
  for (const float v : features->values) squares += static_cast<double>(v * v);
  if (squares < kStill_mps * kStill_mps * static_cast<double>(features->values.size()))
    return "stands still";
  return {};
}

void add_clips(const std::string& path, bool named, std::vector<PhaseClip>& out,
               std::vector<std::string>& skipped) {
  const std::string name = fs::path(path).filename().string();
  auto scene = importer::load_file(path);
  if (!scene) {
    if (named) throw bad_data(scene.error().message);
    skipped.push_back(scene.error().message);
    return;
  }
  const JointMap map = map_joints(scene->skeleton);
  for (const RawClip& clip : scene->clips) {
    PhaseClip c{name,
                scene->skeleton,
                phase::make_body(scene->skeleton, &map),
                phase::unrolled(scene->skeleton, clip, kUnrolled_s),
                {}};
    if (scene->clips.size() > 1) c.name += ":" + clip.name;
    if (const std::string why = objection(c, map); !why.empty()) {
      skipped.push_back(c.name + ": " + why);
      continue;
    }
    // Of a short clip a single stride has to do.
    constexpr float kShort_s = 6.0f;
    phase::GaitSettings settings;
    if (c.clip.duration_s() < kShort_s) settings.fewest = 1;
    auto gait =
        phase::find_gait(c.skeleton, c.clip, kEdge_s, c.clip.duration_s() - kEdge_s, settings);
    if (gait) c.gait = std::move(*gait);
    out.push_back(std::move(c));
  }
}

// A clip as someone faster or slower would do it, or someone whose other foot leads.
PhaseClip varied(PhaseClip clip, float tempo, bool mirrored) {
  clip.clip.rate_hz *= tempo;
  const float end_s = clip.clip.duration_s() - kEdge_s;
  for (std::vector<float>& strikes : clip.gait.strikes_s)
    for (float& time_s : strikes) time_s /= tempo;
  for (phase::GaitSegment& s : clip.gait.steady)
    s = {s.start_s / tempo, s.end_s / tempo, s.strides};
  std::erase_if(clip.gait.steady, [&](const phase::GaitSegment& s) {
    return s.start_s < kEdge_s || s.end_s > end_s;
  });
  if (!mirrored) return clip;
  clip.clip = mirror_clip(clip.skeleton, make_mirror(clip.skeleton), clip.clip);
  std::swap(clip.gait.strikes_s[0], clip.gait.strikes_s[1]);
  return clip;
}

}  // namespace

std::vector<PhaseClip> load_phase_clips(const std::vector<std::string>& paths,
                                        std::vector<std::string>& skipped) {
  std::vector<PhaseClip> clips;
  for (const std::string& path : paths)
    for (const std::string& file : files_of(path)) add_clips(file, file == path, clips, skipped);
  return clips;
}

std::vector<PhaseClip> variants_of(const std::vector<PhaseClip>& clips) {
  std::vector<PhaseClip> out;
  for (const PhaseClip& c : clips)
    for (const float tempo : {0.8f, 1.0f, 1.25f})
      for (const bool mirrored : {false, true}) out.push_back(varied(c, tempo, mirrored));
  return out;
}

bool any_in(const std::vector<std::string>& parts, const std::string& name) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const std::string& part) { return name.find(part) != std::string::npos; });
}

std::string shipped_phase_network() {
  const std::string name = "assets/models/phase.safetensors";
  const std::string found = importer::find_resource(name);
  return found.empty() ? name : found;
}

phase::Autoencoder load_phase_network(const std::string& path) {
  return require(phase::load_autoencoder(read_file(path), path));
}

std::vector<phase::Features> features_of(const std::vector<PhaseClip>& clips,
                                         const phase::FeatureSettings& settings) {
  std::vector<phase::Features> all;
  for (const PhaseClip& c : clips)
    all.push_back(require(phase::motion_features(c.skeleton, c.body, c.clip, settings)));
  return all;
}

// Loops were walked before: none of the clips is one.
std::vector<phase::PhaseTrack> tracks_of(const phase::Autoencoder& network,
                                         const std::vector<phase::Features>& features, bool live) {
  std::vector<phase::PhaseTrack> tracks;
  for (const phase::Features& f : features)
    tracks.push_back(live ? phase::extract_live(network, f, false)
                          : phase::extract_phases(network, f, false));
  return tracks;
}

std::vector<phase::ScoredClip> scored(const std::vector<PhaseClip>& clips,
                                      const std::vector<phase::PhaseTrack>& tracks) {
  std::vector<phase::ScoredClip> out;
  for (std::size_t i = 0; i < clips.size(); ++i)
    out.push_back({&tracks[i], &clips[i].gait, kEdge_s, clips[i].clip.duration_s() - kEdge_s});
  return out;
}

}  // namespace canter::tools
