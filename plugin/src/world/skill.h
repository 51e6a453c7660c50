#pragma once

// What characters that perform one skill share. Private to the room.

#include <memory_resource>
#include <optional>
#include <vector>

#include "canter/anim/skeleton.h"
#include "canter/mimic/episode.h"
#include "canter/nn/model.h"

namespace canter::detail {

/// A task, its network and the memory of one step of all who perform it.
class SkillAsset {
 public:
  SkillAsset(const mimic::Task& task, Skeleton skeleton, int num_workers,
             std::pmr::memory_resource* memory);

  const mimic::Task& task() const { return task_; }
  const Skeleton& skeleton() const { return skeleton_; }  ///< of its body
  mimic::Scratch& scratch(int worker) { return scratch_[static_cast<std::size_t>(worker)]; }

  /// Errors: a network of other sizes than the task's.
  Result<void> set_policy(const nn::Model* policy);
  /// Makes room for so many members. Allocates. Errors: those of nn::Workspace::prepare.
  Result<void> reserve(int num_members);

  // --- one control step: members are gathered, observe side by side, and act together -----------

  void begin() { members_.clear(); }
  /// False: no room was made for another one.
  bool join(int place);
  std::span<const int> members() const { return members_; }
  std::span<float> observation(int member);
  std::span<const float> action(int member) const;
  /// Fills the actions: of the network, or zeros where there is none. A network that fails gives
  /// NaN, which breaks the episodes and names the reason.
  void infer();

 private:
  mimic::Task task_;
  Skeleton skeleton_;
  std::pmr::memory_resource* memory_;
  std::optional<nn::Workspace> network_;
  std::pmr::vector<mimic::Scratch> scratch_;  ///< [workers]
  std::pmr::vector<int> members_;             ///< places
  std::pmr::vector<float> observations_;      ///< [capacity, observation size]
  std::pmr::vector<float> actions_;           ///< [capacity, action size]
  int capacity_ = 0;
};

}  // namespace canter::detail
