#include "canter/anim/skeleton.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "canter/base/hash.h"

namespace canter {
namespace {

Error bad_value(std::string message) {
  return {ErrorCode::bad_value, std::move(message)};
}

bool is_finite(const Transform& t) {
  const float sum = t.rotation.x + t.rotation.y + t.rotation.z + t.rotation.w + t.translation.x +
                    t.translation.y + t.translation.z + t.scale.x + t.scale.y + t.scale.z;
  return std::isfinite(sum);
}

std::string describe(const SkeletonDesc& desc, std::size_t i) {
  return "joint " + std::to_string(i) + " '" + desc.joints[i].name + "'";
}

// Order that puts every joint after its parent; empty if the parents form a cycle.
std::vector<int> parents_first_order(const SkeletonDesc& desc) {
  const std::size_t n = desc.joints.size();
  std::vector<int> order;
  std::vector<char> placed(n, 0);
  std::vector<int> chain;
  for (std::size_t i = 0; i < n; ++i) {
    // Walk up to the first placed ancestor, then place the chain from the top down.
    chain.clear();
    for (int j = static_cast<int>(i); j >= 0 && placed[static_cast<std::size_t>(j)] == 0;
         j = desc.joints[static_cast<std::size_t>(j)].parent) {
      chain.push_back(j);
      if (chain.size() > n) return {};
    }
    for (; !chain.empty(); chain.pop_back()) {
      order.push_back(chain.back());
      placed[static_cast<std::size_t>(chain.back())] = 1;
    }
  }
  return order;
}

std::vector<JointLink> links_by_depth(std::span<const std::int16_t> parents) {
  std::vector<int> depth(parents.size());
  for (std::size_t j = 0; j < parents.size(); ++j)
    depth[j] = parents[j] < 0 ? 0 : depth[static_cast<std::size_t>(parents[j])] + 1;
  std::vector<std::size_t> order(parents.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto place = [&](std::size_t joint) { return std::pair(joint / kDepthRun, depth[joint]); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
  std::vector<JointLink> links;
  for (const std::size_t joint : order)
    links.push_back({static_cast<std::uint16_t>(joint % kDepthRun), parents[joint]});
  return links;
}

}  // namespace

int Skeleton::find(std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (names_[i] == name) return static_cast<int>(i);
  return -1;
}

Result<Skeleton> make_skeleton(const SkeletonDesc& desc, std::vector<int>* new_index) {
  const std::size_t n = desc.joints.size();
  if (n == 0) return bad_value("the skeleton has no joints; at least one is needed");
  if (n > kMaxJoints)
    return Error{ErrorCode::limit, "the skeleton has " + std::to_string(n) + " joints; at most " +
                                       std::to_string(kMaxJoints) + " are supported"};
  for (std::size_t i = 0; i < n; ++i) {
    const SkeletonDesc::Joint& joint = desc.joints[i];
    if (joint.name.empty() || joint.name.size() > kMaxJointNameBytes)
      return bad_value(describe(desc, i) + " has a name of " + std::to_string(joint.name.size()) +
                       " bytes; expected 1 to " + std::to_string(kMaxJointNameBytes));
    if (joint.parent < -1 || joint.parent >= static_cast<int>(n))
      return bad_value(describe(desc, i) + " names parent " + std::to_string(joint.parent) +
                       "; expected -1 or an index below " + std::to_string(n));
    if (!is_finite(joint.rest)) return bad_value(describe(desc, i) + " has a non-finite rest pose");
    const float rotation_length = glm::length(joint.rest.rotation);
    if (!(rotation_length > 1e-6f))
      return bad_value(describe(desc, i) + " has a rest rotation of length zero");
    if (joint.rest.scale.x == 0 || joint.rest.scale.y == 0 || joint.rest.scale.z == 0)
      return bad_value(describe(desc, i) + " has a rest scale of zero");
  }
  const std::vector<int> order = parents_first_order(desc);
  if (order.size() != n) return bad_value("the joints' parents form a cycle");

  std::vector<int> index(n);
  for (std::size_t i = 0; i < n; ++i)
    index[static_cast<std::size_t>(order[i])] = static_cast<int>(i);

  Skeleton s;
  s.has_scale_ = desc.has_scale;
  Hash hash;
  for (const int old : order) {
    const SkeletonDesc::Joint& joint = desc.joints[static_cast<std::size_t>(old)];
    s.parents_.push_back(static_cast<std::int16_t>(
        joint.parent < 0 ? -1 : index[static_cast<std::size_t>(joint.parent)]));
    s.names_.push_back(joint.name);
    Transform rest = joint.rest;
    // What is unit already keeps its bits: a saved and reloaded skeleton has the same hash.
    if (std::abs(glm::length(rest.rotation) - 1.0f) > 1e-6f)
      rest.rotation = glm::normalize(rest.rotation);
    s.has_scale_ = s.has_scale_ || rest.scale != Vec3(1.0f);
    s.rest_.push_back(rest);
    hash.add(joint.name.data(), joint.name.size());
    hash.add(&s.parents_.back(), sizeof(std::int16_t));
    hash.add(&rest, sizeof rest);
  }
  for (const EndSite& site : desc.end_sites) {
    if (site.joint < 0 || site.joint >= static_cast<int>(n))
      return bad_value("an end site names joint " + std::to_string(site.joint) +
                       "; expected an index below " + std::to_string(n));
    s.end_sites_.push_back({index[static_cast<std::size_t>(site.joint)], site.offset});
  }
  s.links_ = links_by_depth(s.parents_);
  s.hash_ = hash.value();
  if (new_index != nullptr) *new_index = std::move(index);
  return s;
}

SkeletonDesc describe(const Skeleton& skeleton) {
  SkeletonDesc desc;
  for (int j = 0; j < skeleton.num_joints(); ++j)
    desc.joints.push_back({std::string(skeleton.name(j)), skeleton.parent(j),
                           skeleton.rest_pose()[static_cast<std::size_t>(j)]});
  desc.end_sites.assign(skeleton.end_sites().begin(), skeleton.end_sites().end());
  desc.has_scale = skeleton.has_scale();
  return desc;
}

}  // namespace canter
