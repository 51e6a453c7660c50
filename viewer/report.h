#pragma once

#include <string>

#include "canter/base/result.h"
#include "viewer/state.h"
#include "viewer/viewer.h"

namespace canter::viewer {

/// Writes where the time of the frames went as JSON: `stages` (name, group, p50_us, p95_us, p99_us,
/// max_us), `frames`, and what was shown with what. Errors: the file cannot be written.
Result<void> write_report(const std::string& path, const Options& options, const State& state);

}  // namespace canter::viewer
