#pragma once

// What a policy file says beside its network: the JSON text under the provenance key "mimic".

#include <string>
#include <string_view>
#include <vector>

#include "canter/mimic/task.h"

namespace canter::mimic::detail {

inline constexpr std::string_view kNotesKey = "mimic";
/// [frames, positions] of the reference, f32; beside the network's tensors.
inline constexpr std::string_view kReferenceTensor = "mimic.reference";

struct PolicyNotes {
  physics::BodyDesc body;
  TaskOptions options;
  std::string clip_name;
  bool clip_loop = false;
  double clip_rate_hz = 30.0;
  /// [positions] mean of every number over the clip's frames: tells whether a clip that is brought
  /// is the one that was imitated. Empty in files older than this.
  std::vector<float> clip_means;
  std::string training = "{}";
};

std::string write_notes(const PolicyNotes& notes);
/// Errors name the key: bad_format, bad_value, unsupported (a later version).
Result<PolicyNotes> read_notes(std::string_view text);

}  // namespace canter::mimic::detail
