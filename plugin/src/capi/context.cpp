#include "capi/context.h"

#include <cstdio>
#include <new>

namespace canter::capi {

void* HostMemory::do_allocate(std::size_t size, std::size_t alignment) {
  if (allocator_.allocate == nullptr) return ::operator new(size, std::align_val_t(alignment));
  void* p = allocator_.allocate(allocator_.user, size, alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

void HostMemory::do_deallocate(void* p, std::size_t size, std::size_t alignment) {
  if (allocator_.allocate == nullptr) {
    ::operator delete(p, std::align_val_t(alignment));  // sized: not in every compiler's C++20
  } else {
    allocator_.release(allocator_.user, p, size, alignment);
  }
}

namespace {

template <class Table, class Id>
auto find_in(canter_context& context, const Table& table, Id id, const char* what) {
  const std::lock_guard lock(context.mutex);
  auto found = table.find(id);
  if (found == nullptr)
    refuse(CANTER_STATUS_INVALID_HANDLE,
           std::string("the handle of the ") + what + " is null, stale, or of another context");
  return found;
}

// The clips a world has not seen yet, and phases found since, in the order of the context's table,
// so that two worlds with the same loads name their clips alike and can read each other's
// snapshots.
void learn_clips(canter_context& context, WorldEntry& entry) {
  const std::lock_guard lock(context.mutex);
  const std::uint32_t n = context.clips.num_places();
  if (entry.clips.size() < n) entry.clips.resize(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    const ContextClipId id = context.clips.at(i);
    if (!id) continue;
    const auto& clip = context.clips.find(id);
    WorldEntry::KnownClip& known = entry.clips[i];
    if (known.of_context != id) {
      std::shared_ptr<const RootMotion> root_motion;
      if (clip->has_root_motion) root_motion = {clip, &clip->root_motion};
      known = {id, entry.world.add_clip({clip, &clip->clip}, std::move(root_motion)), nullptr};
    }
    if (known.phases == clip->phases.get()) continue;
    take(entry.world.set_clip_phases(known.in_world, clip->phases), CANTER_STATUS_INTERNAL);
    known.phases = clip->phases.get();
  }
}

void check_allocator(const canter_allocator& allocator) {
  require_argument((allocator.allocate == nullptr) == (allocator.release == nullptr),
                   "the allocator has one function of two");
}

}  // namespace

std::shared_ptr<const Skeleton> find(canter_context& context, canter_skeleton skeleton) {
  return find_in(context, context.skeletons, id_of<SkeletonId>(skeleton), "skeleton");
}

std::shared_ptr<const ClipEntry> find(canter_context& context, canter_clip clip) {
  return find_in(context, context.clips, id_of<ContextClipId>(clip), "clip");
}

std::shared_ptr<const nn::Model> find(canter_context& context, canter_model model) {
  return find_in(context, context.models, id_of<ModelId>(model), "model");
}

std::shared_ptr<const PolicyEntry> find(canter_context& context, canter_policy policy) {
  return find_in(context, context.policies, id_of<PolicyId>(policy), "policy");
}

std::shared_ptr<SessionEntry> find(canter_context& context, canter_session session) {
  return find_in(context, context.sessions, id_of<SessionId>(session), "session");
}

std::shared_ptr<const PhaseNetworkEntry> find(canter_context& context,
                                              canter_phase_network network) {
  return find_in(context, context.phase_networks, id_of<ContextPhaseNetworkId>(network),
                 "phase network");
}

canter_transform to_c(const Transform& t) {
  return {{t.rotation.x, t.rotation.y, t.rotation.z, t.rotation.w},
          {t.translation.x, t.translation.y, t.translation.z},
          {t.scale.x, t.scale.y, t.scale.z}};
}

Transform from_c(const canter_transform& t) {
  return {Quat(t.rotation[3], t.rotation[0], t.rotation[1], t.rotation[2]),
          Vec3(t.translation[0], t.translation[1], t.translation[2]),
          Vec3(t.scale[0], t.scale[1], t.scale[2])};
}

WorldUse::WorldUse(canter_context& context, canter_world world, For purpose)
    : entry_(find_in(context, context.worlds, id_of<WorldId>(world), "world")), purpose_(purpose) {
  const bool entered =
      purpose == For::reading ? entry_->access.try_read() : entry_->access.try_write();
  if (!entered) refuse(CANTER_STATUS_BUSY, "the world is being updated, or used on another thread");
}

WorldUse::WorldUse(canter_context& context, const canter_character& character, For purpose)
    : WorldUse(context, character.world, purpose) {
  // From here on the destructor runs, whatever happens.
  character_ = id_of<CharacterId>(character);
  if (!entry_->world.alive(character_))
    refuse(CANTER_STATUS_INVALID_HANDLE, "the handle of the character is null or stale");
}

WorldUse::~WorldUse() {
  purpose_ == For::reading ? entry_->access.leave_read() : entry_->access.leave_write();
}

ClipId WorldUse::clip(canter_context& context, canter_clip clip) {
  if (clip.index1 == 0 && clip.generation == 0) return {};
  find(context, clip);
  learn_clips(context);
  return entry_->clips[clip.index1 - 1].in_world;
}

void WorldUse::learn_clips(canter_context& context) {
  capi::learn_clips(context, *entry_);
}

PhaseNetworkId WorldUse::phase_network(canter_context& context, canter_phase_network network) {
  if (network.index1 == 0 && network.generation == 0) return {};
  const auto found = find(context, network);
  auto& known = entry_->phase_networks;
  if (known.size() < network.index1) known.resize(network.index1);
  WorldEntry::KnownPhaseNetwork& here = known[network.index1 - 1];
  const auto id = id_of<ContextPhaseNetworkId>(network);
  if (here.of_context != id) {
    const auto add = [&](const auto& n) { return entry_->world.add_phase_network(n); };
    here = {id, take(std::visit(add, *found), CANTER_STATUS_INVALID_ARGUMENT)};
  }
  return here.in_world;
}

SkillId WorldUse::skill(canter_context& context, canter_policy policy) {
  const auto found = find(context, policy);
  const auto id = id_of<PolicyId>(policy);
  auto& skills = entry_->skills;
  if (skills.size() < id.index1) skills.resize(id.index1);
  WorldEntry::KnownSkill& known = skills[id.index1 - 1];
  if (known.of_context == id) return known.in_world;
  const mimic::Policy& its = found->policy;
  known = {id, take(entry_->world.add_skill(its.task(), &its.network()),
                    CANTER_STATUS_INVALID_ARGUMENT)};
  return known.in_world;
}

namespace {

// Removes something from the context and from every world, or refuses if one of them is in use.
template <class Remove, class Forget>
void remove_everywhere(canter_context& context, Remove&& remove, Forget&& forget) {
  const std::lock_guard lock(context.mutex);
  const auto for_each_world = [&](auto&& body) {
    for (std::uint32_t i = 0; i < context.worlds.num_places(); ++i)
      if (const auto& entry = context.worlds.find(context.worlds.at(i)); entry != nullptr)
        if (!body(*entry)) return i;
    return context.worlds.num_places();
  };
  const std::uint32_t entered =
      for_each_world([](WorldEntry& entry) { return entry.access.try_write(); });
  const bool all = entered == context.worlds.num_places();
  if (all) {
    remove();
    for_each_world([&](WorldEntry& entry) {
      forget(entry);
      return true;
    });
  }
  for (std::uint32_t i = 0; i < entered; ++i)
    if (const auto& entry = context.worlds.find(context.worlds.at(i)); entry != nullptr)
      entry->access.leave_write();
  if (!all) refuse(CANTER_STATUS_BUSY, "a world is being updated, or used on another thread");
}

}  // namespace

void forget_clip(canter_context& context, ContextClipId clip) {
  remove_everywhere(
      context, [&] { context.clips.remove(clip); },
      [&](WorldEntry& entry) {
        if (clip.index1 <= entry.clips.size() && entry.clips[clip.index1 - 1].of_context == clip)
          entry.world.remove_clip(entry.clips[clip.index1 - 1].in_world);
      });
}

void forget_policy(canter_context& context, PolicyId policy) {
  remove_everywhere(
      context, [&] { context.policies.remove(policy); },
      [&](WorldEntry& entry) {
        if (policy.index1 <= entry.skills.size() &&
            entry.skills[policy.index1 - 1].of_context == policy)
          entry.world.remove_skill(entry.skills[policy.index1 - 1].in_world);
      });
}

}  // namespace canter::capi

canter_context::canter_context(const canter_context_desc& desc)
    : memory(desc.allocator), log(desc.log) {
  static_assert(std::is_same_v<std::int32_t, int>);
  jobs.parallel_for = desc.jobs.parallel_for;
  jobs.user = desc.jobs.user;
}

canter_status canter_context::fail(canter_status status, const char* function,
                                   const char* message) noexcept {
  std::array<char, sizeof error> text;
  std::snprintf(text.data(), text.size(), "%s: %s", function, message);
  if (log.write != nullptr) log.write(log.user, CANTER_LOG_ERROR, text.data());
  const std::lock_guard lock(error_mutex);
  error = text;
  return status;
}

using namespace canter::capi;

namespace {

// Like guard(), while there is no context yet to keep a message.
template <class Body>
canter_status guard_without_context(Body&& body) noexcept {
  try {
    body();
    return CANTER_STATUS_OK;
  } catch (const Refusal& refusal) {
    return refusal.status;
  } catch (const std::bad_alloc&) {
    return CANTER_STATUS_OUT_OF_MEMORY;
  } catch (...) {
    return CANTER_STATUS_INTERNAL;
  }
}

}  // namespace

extern "C" {

canter_transform canter_transform_default(void) noexcept {
  return to_c(canter::Transform{});
}

canter_context_desc canter_context_desc_default(void) noexcept {
  canter_context_desc desc{};
  desc.size = sizeof desc;
  return desc;
}

canter_status canter_context_create(const canter_context_desc* desc,
                                    canter_context** out) noexcept {
  return guard_without_context([&] {
    require_argument(out != nullptr, "out is null");
    *out = nullptr;
    const canter_context_desc defaults = canter_context_desc_default();
    const canter_context_desc full = desc == nullptr ? defaults : read_desc(desc, defaults);
    check_allocator(full.allocator);
    HostMemory memory(full.allocator);
    void* place = memory.allocate(sizeof(canter_context), alignof(canter_context));
    *out = new (place) canter_context(full);
  });
}

void canter_context_destroy(canter_context* context) noexcept {
  if (context == nullptr) return;
  HostMemory memory = context->memory;
  context->~canter_context();
  memory.deallocate(context, sizeof(canter_context), alignof(canter_context));
}

size_t canter_last_error(canter_context* context, char* text, size_t capacity) noexcept {
  if (context == nullptr) return 0;
  const std::lock_guard lock(context->error_mutex);
  const std::size_t length = std::strlen(context->error.data());
  if (text != nullptr && capacity > 0) {
    const std::size_t n = std::min(length, capacity - 1);
    std::memcpy(text, context->error.data(), n);
    text[n] = '\0';
  }
  return length;
}

const char* canter_status_name(canter_status status) noexcept {
  switch (status) {
    case CANTER_STATUS_OK:
      return "CANTER_STATUS_OK";
    case CANTER_STATUS_INVALID_ARGUMENT:
      return "CANTER_STATUS_INVALID_ARGUMENT";
    case CANTER_STATUS_INVALID_HANDLE:
      return "CANTER_STATUS_INVALID_HANDLE";
    case CANTER_STATUS_BAD_DATA:
      return "CANTER_STATUS_BAD_DATA";
    case CANTER_STATUS_LIMIT:
      return "CANTER_STATUS_LIMIT";
    case CANTER_STATUS_OUT_OF_MEMORY:
      return "CANTER_STATUS_OUT_OF_MEMORY";
    case CANTER_STATUS_BUSY:
      return "CANTER_STATUS_BUSY";
    case CANTER_STATUS_VERSION:
      return "CANTER_STATUS_VERSION";
    case CANTER_STATUS_INTERNAL:
      return "CANTER_STATUS_INTERNAL";
  }
  return "unknown canter_status";
}

uint32_t canter_version(void) noexcept {
  return CANTER_VERSION;
}

#define CANTER_TEXT_(x) #x
#define CANTER_TEXT(x) CANTER_TEXT_(x)
const char* canter_version_string(void) noexcept {
  return CANTER_TEXT(CANTER_VERSION_MAJOR) "." CANTER_TEXT(CANTER_VERSION_MINOR) "." CANTER_TEXT(
      CANTER_VERSION_PATCH);
}

canter_status canter_check_layout(const canter_layout* layout) noexcept {
  if (layout == nullptr) return CANTER_STATUS_INVALID_ARGUMENT;
  const canter_layout mine = canter_layout_of_header();
  // Values without a size field must match exactly, sized structures may be older and smaller.
  // Before 1.0 a minor version may change them.
  const bool fits =
      layout->version >> 12 == mine.version >> 12 && layout->transform == mine.transform &&
      layout->character == mine.character && layout->handle == mine.handle &&
      layout->context_desc <= mine.context_desc && layout->world_desc <= mine.world_desc &&
      layout->character_desc <= mine.character_desc && layout->play_desc <= mine.play_desc &&
      layout->layer_desc <= mine.layer_desc && layout->clip_info <= mine.clip_info &&
      layout->update_report <= mine.update_report && layout->stage_latency <= mine.stage_latency &&
      layout->character_state <= mine.character_state && layout->contact == mine.contact &&
      layout->policy_desc <= mine.policy_desc && layout->policy_info <= mine.policy_info &&
      layout->simulate_desc <= mine.simulate_desc && layout->body_state <= mine.body_state;
  return fits ? CANTER_STATUS_OK : CANTER_STATUS_VERSION;
}

}  // extern "C"
