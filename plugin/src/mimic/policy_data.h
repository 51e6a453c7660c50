#pragma once

// What a Policy holds. Private to the room.

#include <memory>

#include "canter/mimic/policy.h"
#include "canter/nn/model_file.h"
#include "mimic/policy_notes.h"

namespace canter::mimic {

struct Policy::Data {
  Task task;
  nn::Model network;
  detail::PolicyNotes notes;
  std::shared_ptr<const Skeleton> skeleton;
  RawClip clip;
};

namespace detail {

inline Error refuse(const std::string& what) {
  return {ErrorCode::bad_value, what};
}

/// The notes of a model file; an error where it is no policy.
Result<PolicyNotes> notes_in(const nn::ModelFile& file);

/// A policy of what was read from `source`, with the caller's clip where the file holds none.
/// @param brought  nullptr: none
Result<Policy> build_policy(const nn::ModelFile& file, std::string_view source,
                            const BroughtClip* brought);

}  // namespace detail
}  // namespace canter::mimic
