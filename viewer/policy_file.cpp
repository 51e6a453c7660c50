#include "viewer/policy_file.h"

#include <filesystem>

#include "canter/import/import.h"

namespace canter::viewer {
namespace {

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

// The policy on the first clip of a document that it was trained on.
Result<mimic::Policy> on_clip_of(const Document& document, const std::string& name,
                                 std::span<const std::byte> bytes, const std::string& path) {
  for (const DocumentClip& clip : document.clips)
    if (clip.name == name) return mimic::load_policy(bytes, path, {document.skeleton, clip.raw});
  return Error{ErrorCode::bad_value, document.title + " has no clip '" + name + "'"};
}

Result<mimic::Policy> on_clip_in_file(const std::string& file, std::span<const std::byte> bytes,
                                      const std::string& path) {
  const Result<importer::Scene> scene = importer::load_file(file);
  if (!scene) return scene.error();
  if (scene->clips.empty()) return Error{ErrorCode::bad_value, file + ": holds no clip"};
  return mimic::load_policy(bytes, path, {scene->skeleton, scene->clips.front()});
}

}  // namespace

Result<mimic::Policy> load_policy_file(std::span<const std::byte> bytes, const std::string& path,
                                       const ClipSources& sources) {
  const Result<mimic::PolicySummary> summary = mimic::summarise_policy(bytes, path);
  if (!summary) return summary.error();
  if (summary->has_reference) return mimic::load_policy(bytes, path);

  const std::string& name = summary->clip_name;
  if (sources.shown != nullptr && sources.clip >= 0) {
    const DocumentClip& clip = sources.shown->clips[static_cast<std::size_t>(sources.clip)];
    auto policy = mimic::load_policy(bytes, path, {sources.shown->skeleton, clip.raw});
    if (policy) return policy;
  }
  for (const DocumentPtr& document : sources.documents)
    if (document != nullptr)
      if (auto policy = on_clip_of(*document, name, bytes, path); policy) return policy;
  for (const LibraryGroup& group : sources.browser)
    for (const LibraryEntry& entry : group.entries)
      if (std::filesystem::path(entry.path).stem().string() == name &&
          importer::is_importable(entry.path))
        if (auto policy = on_clip_in_file(entry.path, bytes, path); policy) return policy;
  return Error{ErrorCode::bad_value,
               file_name(path) + " does not hold the clip it imitates, '" + name +
                   "', and no clip of that name is open or in the list of files. Open the clip, "
                   "then the policy"};
}

}  // namespace canter::viewer
