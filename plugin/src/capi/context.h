#pragma once

// What stands behind canter_context, and the guard every call goes through. Private to the room.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "canter/anim/clip.h"
#include "canter/anim/root_motion.h"
#include "canter/anim/skeleton.h"
#include "canter/canter.h"
#include "canter/mimic/policy.h"
#include "canter/nn/model.h"
#include "canter/nn/operator.h"
#include "canter/phase/autoencoder.h"
#include "canter/phase/clip_phases.h"
#include "canter/phase/frame_network.h"
#include "canter/world/world.h"

namespace canter::capi {

/// The host's allocator as a memory resource.
class HostMemory final : public std::pmr::memory_resource {
 public:
  explicit HostMemory(const canter_allocator& allocator) : allocator_(allocator) {}

 private:
  void* do_allocate(std::size_t size, std::size_t alignment) override;
  void do_deallocate(void* p, std::size_t size, std::size_t alignment) override;
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  canter_allocator allocator_;
};

using SkeletonId = Handle<struct SkeletonTag>;
using ContextClipId = Handle<struct ContextClipTag>;
using WorldId = Handle<struct WorldTag>;
using ModelId = Handle<struct ModelTag>;
using SessionId = Handle<struct SessionTag>;
using ContextPhaseNetworkId = Handle<struct ContextPhaseNetworkTag>;

/// A phase network of either kind.
using PhaseNetworkEntry = std::variant<phase::Autoencoder, phase::FrameNetwork>;
using PolicyId = Handle<struct PolicyTag>;

/// Who is inside a world: any number of readers, or one writer. Nobody ever waits.
class Access {
 public:
  bool try_read() {
    int users = users_.load();
    while (users >= 0)
      if (users_.compare_exchange_weak(users, users + 1)) return true;
    return false;
  }
  bool try_write() {
    int nobody = 0;
    return users_.compare_exchange_strong(nobody, -1);
  }
  void leave_read() { users_.fetch_sub(1); }
  void leave_write() { users_.store(0); }

 private:
  std::atomic<int> users_{0};
};

/// A clip as a context keeps it.
struct ClipEntry {
  Clip clip;
  RootMotion root_motion;
  bool has_root_motion = false;
  /// nullptr: not known. Guarded by the context's mutex.
  mutable std::shared_ptr<const phase::ClipPhases> phases = {};
};

/// A policy as a context keeps it.
struct PolicyEntry {
  mimic::Policy policy;
};

/// A world and which of the context's assets it knows under which name.
struct WorldEntry {
  WorldEntry(const WorldDesc& desc)
      : world(desc), clips(desc.memory), phase_networks(desc.memory), skills(desc.memory) {}

  struct KnownClip {
    ContextClipId of_context;
    ClipId in_world;
    const phase::ClipPhases* phases = nullptr;  ///< that the world has
  };
  struct KnownPhaseNetwork {
    ContextPhaseNetworkId of_context;
    PhaseNetworkId in_world;
  };
  struct KnownSkill {
    PolicyId of_context;
    SkillId in_world;
  };

  World world;
  Access access;
  std::pmr::vector<KnownClip> clips;                   ///< by place in the context's table
  std::pmr::vector<KnownPhaseNetwork> phase_networks;  ///< likewise
  std::pmr::vector<KnownSkill> skills;                 ///< likewise, of those that were performed
};

/// One user of a network. Whoever runs it is alone inside.
struct SessionEntry {
  SessionEntry(const nn::Model& model, std::pmr::memory_resource* memory)
      : workspace(model, memory) {}

  nn::Workspace workspace;
  Access access;
  bool has_run = false;
};

/// A call that cannot be done. Thrown inside the boundary only; the guard turns it into a status.
struct Refusal {
  canter_status status;
  std::string message;
};

}  // namespace canter::capi

struct canter_context {
  explicit canter_context(const canter_context_desc& desc);

  /// Records what went wrong and passes the status on.
  canter_status fail(canter_status status, const char* function, const char* message) noexcept;

  canter::capi::HostMemory memory;
  canter_log log;
  canter::Jobs jobs;

  std::mutex mutex;  ///< guards the tables
  canter::HandleTable<canter::capi::SkeletonId, const canter::Skeleton> skeletons{&memory};
  canter::HandleTable<canter::capi::ContextClipId, const canter::capi::ClipEntry> clips{&memory};
  canter::HandleTable<canter::capi::WorldId, canter::capi::WorldEntry> worlds{&memory};

  canter::HandleTable<canter::capi::ModelId, const canter::nn::Model> models{&memory};
  canter::HandleTable<canter::capi::SessionId, canter::capi::SessionEntry> sessions{&memory};
  canter::HandleTable<canter::capi::ContextPhaseNetworkId, const canter::capi::PhaseNetworkEntry>
      phase_networks{&memory};
  canter::HandleTable<canter::capi::PolicyId, const canter::capi::PolicyEntry> policies{&memory};
  canter::nn::OperatorSet operators;  ///< of the host, by its names

  std::mutex error_mutex;
  std::array<char, 512> error{};  ///< message of the last failed call; no memory is taken for it
};

namespace canter::capi {

/// Runs the body of an entry point: nothing leaves but a status.
template <class Body>
canter_status guard(canter_context* context, const char* function, Body&& body) noexcept {
  if (context == nullptr) return CANTER_STATUS_INVALID_ARGUMENT;
  try {
    body(*context);
    return CANTER_STATUS_OK;
  } catch (const Refusal& refusal) {
    return context->fail(refusal.status, function, refusal.message.c_str());
  } catch (const std::bad_alloc&) {
    return context->fail(CANTER_STATUS_OUT_OF_MEMORY, function, "the allocator has no more memory");
  } catch (const std::exception& e) {
    return context->fail(CANTER_STATUS_INTERNAL, function, e.what());
  } catch (...) {
    return context->fail(CANTER_STATUS_INTERNAL, function, "an exception of unknown type");
  }
}

[[noreturn]] inline void refuse(canter_status status, std::string message) {
  throw Refusal{status, std::move(message)};
}

inline void require_argument(bool ok, const char* what) {
  if (!ok) refuse(CANTER_STATUS_INVALID_ARGUMENT, what);
}

/// The value of a result, or its error as a refusal; limits keep their own status.
template <class T>
T take(Result<T> result, canter_status status) {
  if (!result)
    refuse(result.error().code == ErrorCode::limit ? CANTER_STATUS_LIMIT : status,
           result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

/// Checks the size a caller compiled with. `first_size`: of the structure's first version.
inline void check_size(std::uint32_t size, std::size_t first_size, std::size_t present_size) {
  if (size < first_size)
    refuse(CANTER_STATUS_VERSION, "the structure's size is " + std::to_string(size) +
                                      "; expected at least " + std::to_string(first_size) +
                                      " (start from the _default() function)");
  if (size > present_size)
    refuse(CANTER_STATUS_VERSION, "the structure's size is " + std::to_string(size) +
                                      ", but this library knows " + std::to_string(present_size) +
                                      ": it is older than the header");
}

/// A descriptor as this library has it: what the caller knew, over the defaults.
template <class T>
T read_desc(const T* desc, T defaults, std::size_t first_size = sizeof(T)) {
  require_argument(desc != nullptr, "the description is null");
  check_size(desc->size, first_size, sizeof(T));
  std::memcpy(&defaults, desc, desc->size);
  return defaults;
}

/// Fills a caller's structure as far as the caller knows it.
template <class T>
void write_out(T* out, T value, std::size_t first_size = sizeof(T)) {
  require_argument(out != nullptr, "the structure to fill is null");
  check_size(out->size, first_size, sizeof(T));
  value.size = out->size;
  std::memcpy(out, &value, out->size);
}

/// The contract of every call that reads an array: null, 0 just asks.
template <class T, class Element>
void write_array(std::size_t full, Element&& element, T* out, std::uint32_t capacity,
                 std::uint32_t* count) {
  require_argument(out != nullptr || capacity == 0, "the array is null but its capacity is not 0");
  if (count != nullptr) *count = static_cast<std::uint32_t>(full);
  const std::size_t n = std::min<std::size_t>(full, capacity);
  for (std::size_t i = 0; i < n; ++i) out[i] = element(i);
}

/// A number from C as an enumerator, all of which count up from 0.
template <class Enum>
Enum enumerator(std::int32_t value, Enum last, const char* what) {
  require_argument(value >= 0 && value <= static_cast<std::int32_t>(last), what);
  return static_cast<Enum>(value);
}

template <class Id, class CHandle>
Id id_of(CHandle handle) {
  return {handle.index1, handle.generation};
}

template <class CHandle, class Id>
CHandle handle_of(Id id) {
  return {id.index1, id.generation};
}

std::shared_ptr<const Skeleton> find(canter_context& context, canter_skeleton skeleton);
std::shared_ptr<const ClipEntry> find(canter_context& context, canter_clip clip);
std::shared_ptr<const nn::Model> find(canter_context& context, canter_model model);
std::shared_ptr<SessionEntry> find(canter_context& context, canter_session session);
std::shared_ptr<const PhaseNetworkEntry> find(canter_context& context,
                                              canter_phase_network network);
std::shared_ptr<const PolicyEntry> find(canter_context& context, canter_policy policy);

canter_transform to_c(const Transform& t);
Transform from_c(const canter_transform& t);

/// The world behind a handle, entered for reading or for writing until the end of the scope.
/// Refuses stale handles and worlds that are in use.
class WorldUse {
 public:
  enum class For { reading, writing };
  WorldUse(canter_context& context, canter_world world, For purpose);
  /// Of a character; refuses stale ones.
  WorldUse(canter_context& context, const canter_character& character, For purpose);
  ~WorldUse();
  WorldUse(const WorldUse&) = delete;
  WorldUse& operator=(const WorldUse&) = delete;

  World& operator*() const { return entry_->world; }
  World* operator->() const { return &entry_->world; }
  CharacterId character() const { return character_; }
  /// What the world calls a clip of the context; adds the context's clips it has not seen yet.
  /// Null stays null.
  ClipId clip(canter_context& context, canter_clip clip);
  /// Adds the context's clips that the world has not seen yet, and the phases it does not have.
  void learn_clips(canter_context& context);
  /// What the world calls a phase network of the context; adds it where it has not seen it yet.
  /// Null stays null.
  PhaseNetworkId phase_network(canter_context& context, canter_phase_network network);
  /// What the world calls a policy, which is added the first time it is asked for: each takes
  /// memory of the physics engine. Refuses one that the world cannot perform.
  SkillId skill(canter_context& context, canter_policy policy);

 private:
  std::shared_ptr<WorldEntry> entry_;
  For purpose_;
  CharacterId character_;
};

/// Takes a clip or policy out of every world; refuses if one of them is in use.
void forget_clip(canter_context& context, ContextClipId clip);
void forget_policy(canter_context& context, PolicyId policy);

}  // namespace canter::capi
