#pragma once

#include <span>
#include <string>
#include <vector>

#include "canter/mimic/policy.h"
#include "viewer/state.h"

namespace canter::viewer {

/// Where a policy's clip may be found when its file does not hold it.
struct ClipSources {
  DocumentPtr shown;  ///< whose clip is on stage; null: none
  int clip = 0;
  std::span<const DocumentPtr> documents;
  std::span<const LibraryGroup> browser;  ///< files that may be read for it
};

/// A policy's bytes made ready. A clip that they do not hold is the one on stage, else that of its
/// name among the open files, else a file of that name in the browser.
/// @param path  of the file, in messages
/// Errors: those of mimic::load_policy; no such clip, with the name of what is missing.
Result<mimic::Policy> load_policy_file(std::span<const std::byte> bytes, const std::string& path,
                                       const ClipSources& sources);

}  // namespace canter::viewer
