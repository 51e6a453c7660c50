#include "world/skill.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace canter::detail {

SkillAsset::SkillAsset(const mimic::Task& task, Skeleton skeleton, int num_workers,
                       std::pmr::memory_resource* memory)
    : task_(task),
      skeleton_(std::move(skeleton)),
      memory_(memory),
      scratch_(memory),
      members_(memory),
      observations_(memory),
      actions_(memory) {
  scratch_.reserve(static_cast<std::size_t>(num_workers));
  for (int i = 0; i < num_workers; ++i) scratch_.emplace_back(task_);
}

Result<void> SkillAsset::set_policy(const nn::Model* policy) {
  if (policy == nullptr) {
    network_.reset();
    return {};
  }
  const std::int64_t seen = task_.observation_size(), said = task_.action_size();
  const std::int64_t rows = std::max(capacity_, 1);
  nn::Workspace network(*policy, memory_);
  const bool single = policy->inputs().size() == 1 && policy->outputs().size() == 1;
  if (!single || !network.prepare({nn::Shape{rows, seen}}) ||
      !(network.output(0).shape == nn::Shape{rows, said}))
    return Error{ErrorCode::bad_value, "the policy's network does not map [batch, " +
                                           std::to_string(seen) + "] observations to [batch, " +
                                           std::to_string(said) +
                                           "] actions: it was made for another body or interface"};
  network_ = std::move(network);
  return {};
}

Result<void> SkillAsset::reserve(int num_members) {
  if (num_members <= capacity_) return {};
  capacity_ = num_members;
  const auto rows = static_cast<std::size_t>(num_members);
  members_.reserve(rows);
  observations_.resize(rows * static_cast<std::size_t>(task_.observation_size()));
  actions_.resize(rows * static_cast<std::size_t>(task_.action_size()));
  if (!network_) return {};
  return network_->prepare({nn::Shape{num_members, task_.observation_size()}});
}

bool SkillAsset::join(int place) {
  if (static_cast<int>(members_.size()) == capacity_) return false;
  members_.push_back(place);
  return true;
}

std::span<float> SkillAsset::observation(int member) {
  const auto size = static_cast<std::size_t>(task_.observation_size());
  return std::span(observations_).subspan(static_cast<std::size_t>(member) * size, size);
}

std::span<const float> SkillAsset::action(int member) const {
  const auto size = static_cast<std::size_t>(task_.action_size());
  return std::span(actions_).subspan(static_cast<std::size_t>(member) * size, size);
}

void SkillAsset::infer() {
  if (!network_) {
    std::ranges::fill(actions_, 0.0f);
  } else if (!nn::run(*network_, std::span<const float>(observations_), std::span(actions_))) {
    std::ranges::fill(actions_, std::numeric_limits<float>::quiet_NaN());
  }
}

}  // namespace canter::detail
