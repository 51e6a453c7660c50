#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/mimic/task.h"
#include "canter/nn/model.h"

// A policy in a file: network, normaliser, interface, rates, gains, body, reference clip, training
// record and passport in one safetensors (docs/policy_file.md).

namespace canter::mimic {

/// A trained actor: normalised observation, then linear layers with ReLU between them.
struct ActorWeights {
  struct Layer {
    int inputs = 0, outputs = 0;
    std::span<const float> weights;  ///< [inputs, outputs] row-major
    std::span<const float> bias;     ///< [outputs]
  };
  std::span<const float> mean, std;  ///< [observation_size] of the observations
  float observation_clip = 5.0f;     ///< on the normalised observation
  std::vector<Layer> layers;         ///< the last one's outputs are the action
};

/// Where a policy's reference clip is kept.
enum class ReferenceIn : std::uint8_t {
  file,    ///< in the policy's file, which then needs no other
  caller,  ///< not in it: whoever loads the policy brings the clip (one that may not be passed on)
};

/// A clip that a caller brings, on any skeleton that fits the policy's body (canter/mimic/
/// clip_task.h): as it was read, or cleaned (canter/mimic/clean.h). Which of the two the policy was
/// trained on is found out.
struct BroughtClip {
  const Skeleton& skeleton;
  const RawClip& clip;
};

/// A policy ready to run: its task (body, reference, interface, rates) and its network. Immutable,
/// shared by threads, cheap to copy.
class Policy {
 public:
  Policy() = default;

  const Task& task() const;
  const nn::Model& network() const;
  const std::string& clip_name() const;
  /// What the training wrote about itself: a JSON object.
  const std::string& training() const;
  /// Skeleton of the body, and the reference clip on it.
  const std::shared_ptr<const Skeleton>& skeleton() const;
  const RawClip& clip() const;

  struct Data;
  const Data& data() const { return *data_; }

 private:
  friend struct PolicyAccess;
  std::shared_ptr<const Data> data_;
};

/// What a policy's file holds beside the notes.
struct PolicyFileOptions {
  nn::Precision precision = nn::Precision::f32;  ///< of the weights: f32, f16, bf16 or i8
  ReferenceIn reference = ReferenceIn::file;
};

/// Writes a policy file.
/// @param task      what it was trained on; fall sets and limits of the task go along
/// @param training  a JSON object; empty: {}
/// Errors: sizes that do not fit each other or the task, weights that are not finite, a training
/// record that is not a JSON object.
Result<std::vector<std::byte>> write_policy(const Task& task, const ActorWeights& actor,
                                            std::string_view training,
                                            const PolicyFileOptions& options = {});

/// A policy file written anew: its weights narrower (a passport says by how much its actions
/// differ), its clip in the file or not. Task, training record and where it came from stay.
/// Errors: those of load_policy; unsupported, a file whose weights are i8.
Result<std::vector<std::byte>> convert_policy(std::span<const std::byte> bytes,
                                              std::string_view source,
                                              const PolicyFileOptions& options);
/// The same with a clip for files that do not hold theirs.
Result<std::vector<std::byte>> convert_policy(std::span<const std::byte> bytes,
                                              std::string_view source, const BroughtClip& clip,
                                              const PolicyFileOptions& options);

/// Reads a policy file.
/// @param source  name of the file in messages
/// Errors: those of read_model_file; bad_value, naming the place: a network for another body or
/// interface (sizes expected and found), weights that are NaN or infinite, a body or clip that
/// cannot be; unsupported, a later version; bad_format, a network without the notes of a policy.
Result<Policy> load_policy(std::span<const std::byte> bytes, std::string_view source);
/// The same with a clip for files that do not hold theirs; others keep their own.
/// Errors also: another clip than the one it was trained on.
Result<Policy> load_policy(std::span<const std::byte> bytes, std::string_view source,
                           const BroughtClip& clip);

/// What a policy file is for, without loading it: to find the clip that load_policy needs.
struct PolicySummary {
  physics::BodyDesc body;
  std::string clip_name;
  bool has_reference = false;  ///< whether the clip is in the file
};
/// Errors: as load_policy.
Result<PolicySummary> summarise_policy(std::span<const std::byte> bytes, std::string_view source);

/// The same file with other physics or limits: `options.interface` must be the file's.
/// Errors also: another interface than the file's.
Result<Policy> with_options(const Policy& policy, const TaskOptions& options);

/// What one thread needs to run a policy's network on up to `max_batch` characters at once.
class PolicyWorkspace {
 public:
  /// Errors: limit (memory).
  static Result<PolicyWorkspace> make(const Policy& policy, int max_batch = 1);

  int max_batch() const { return max_batch_; }
  nn::Workspace& network() { return network_; }

 private:
  PolicyWorkspace(nn::Workspace network, int max_batch)
      : network_(std::move(network)), max_batch_(max_batch) {}

  nn::Workspace network_;
  int max_batch_ = 1;
};

/// Actions for a batch of observations: the network's means, without noise. No allocation. An
/// observation's action does not depend on the others in the batch, to rounding; equal batches give
/// equal bits.
/// @param observations  [count, observation_size]
/// @param actions       [count, action_size] out
void infer(PolicyWorkspace& workspace, std::span<const float> observations,
           std::span<float> actions, int count);

}  // namespace canter::mimic
