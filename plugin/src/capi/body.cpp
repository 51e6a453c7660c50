// Policies, and characters with bodies.
#include "capi/context.h"

using namespace canter;
using namespace canter::capi;

namespace {

using For = WorldUse::For;

static_assert(CANTER_BODY_RAGDOLL == static_cast<int>(BodyMode::ragdoll));
static_assert(CANTER_AFTER_FALL_RAGDOLL == static_cast<int>(AfterFall::ragdoll));
static_assert(CANTER_END_BROKEN == static_cast<int>(mimic::End::broken));
static_assert(CANTER_MAX_READ_CONTACTS == kMaxReadContacts);

// A clip of the context as it was before it was compressed.
RawClip raw_clip(const ClipEntry& entry, const Skeleton& skeleton) {
  RawClip clip = decompress(entry.clip, skeleton);
  clip.name = "the given clip";
  if (!entry.has_root_motion) return clip;
  return take(apply_root_motion(skeleton, entry.root_motion, clip), CANTER_STATUS_BAD_DATA);
}

mimic::Policy read_policy(canter_context& context, std::span<const std::byte> bytes,
                          const canter_policy_desc& desc) {
  if (desc.clip.index1 == 0)
    return take(mimic::load_policy(bytes, "policy"), CANTER_STATUS_BAD_DATA);
  const auto skeleton = find(context, desc.clip_skeleton);
  const auto clip = find(context, desc.clip);
  require_argument(clip->clip.skeleton_hash() == skeleton->hash(),
                   "clip_skeleton is not that of the clip");
  const RawClip raw = raw_clip(*clip, *skeleton);
  return take(mimic::load_policy(bytes, "policy", {*skeleton, raw}), CANTER_STATUS_BAD_DATA);
}

// The policy's task as the host wants it.
mimic::Policy adapted(mimic::Policy policy, const canter_policy_desc& desc) {
  mimic::TaskOptions options = policy.task().options();
  options.physics.num_boxes = static_cast<int>(desc.num_boxes);
  if (desc.rate_hz != 0.0) {
    // Contacts as stiff as the rate allows, as the quality mode has them.
    const physics::ModelOptions usual =
        desc.rate_hz > 120.0 ? physics::quality_options() : physics::ModelOptions{};
    options.physics.rate_hz = desc.rate_hz;
    options.physics.contact_time_s = usual.contact_time_s;
  }
  return take(mimic::with_options(policy, options), CANTER_STATUS_INVALID_ARGUMENT);
}

// The body of a character, or a refusal.
BodyView body_of(const WorldUse& use) {
  const BodyView body = use->body(use.character());
  require_argument(body.task != nullptr,
                   "the character has no body (canter_character_simulate), or its policy was "
                   "destroyed");
  return body;
}

Vec3 vector_of(const float* xyz, const char* what) {
  require_argument(xyz != nullptr, what);
  return {xyz[0], xyz[1], xyz[2]};
}

canter_contact contact_of(const physics::Contact& contact) {
  const auto narrow = [](double x) { return static_cast<float>(x); };
  return {{narrow(contact.position.x), narrow(contact.position.y), narrow(contact.position.z)},
          {narrow(contact.force_n.x), narrow(contact.force_n.y), narrow(contact.force_n.z)},
          contact.joint,
          contact.other};
}

}  // namespace

extern "C" {

canter_policy_desc canter_policy_desc_default(void) noexcept {
  canter_policy_desc desc{};
  desc.size = sizeof desc;
  return desc;
}

canter_policy_info canter_policy_info_default(void) noexcept {
  canter_policy_info info{};
  info.size = sizeof info;
  return info;
}

canter_simulate_desc canter_simulate_desc_default(void) noexcept {
  canter_simulate_desc desc{};
  desc.size = sizeof desc;
  return desc;
}

canter_body_state canter_body_state_default(void) noexcept {
  canter_body_state state{};
  state.size = sizeof state;
  return state;
}

canter_status canter_policy_load(canter_context* context, const void* bytes, size_t size,
                                 const canter_policy_desc* desc, canter_policy* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    *out = {};
    require_argument(bytes != nullptr || size == 0, "the bytes are null but their size is not 0");
    const canter_policy_desc defaults = canter_policy_desc_default();
    const canter_policy_desc full = desc == nullptr ? defaults : read_desc(desc, defaults);
    require_argument(full.num_boxes <= physics::kMaxBoxes, "num_boxes is above 8");
    mimic::Policy read = read_policy(c, {static_cast<const std::byte*>(bytes), size}, full);
    auto policy = std::allocate_shared<PolicyEntry>(std::pmr::polymorphic_allocator<>(&c.memory),
                                                    PolicyEntry{adapted(std::move(read), full)});
    const std::lock_guard lock(c.mutex);
    *out = handle_of<canter_policy>(c.policies.add(std::move(policy)));
  });
}

canter_status canter_policy_destroy(canter_context* context, canter_policy policy) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    find(c, policy);
    forget_policy(c, id_of<PolicyId>(policy));
  });
}

canter_status canter_policy_get_info(canter_context* context, canter_policy policy,
                                     canter_policy_info* info) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const auto entry = find(c, policy);
    const mimic::Task& task = entry->policy.task();
    canter_policy_info full = canter_policy_info_default();
    full.num_joints = static_cast<std::uint32_t>(task.model().num_joints());
    full.num_observations = static_cast<std::uint32_t>(task.observation_size());
    full.num_actions = static_cast<std::uint32_t>(task.action_size());
    full.rate_hz = task.model().options().rate_hz;
    full.control_rate_hz = task.options().control_rate_hz;
    full.duration_s = task.motion().duration_s();
    full.loops = task.motion().loop() ? 1 : 0;
    full.num_boxes = static_cast<std::uint32_t>(task.model().options().num_boxes);
    full.mass_kg = task.model().mass_kg();
    full.clip_name = entry->policy.clip_name().c_str();
    write_out(info, full);
  });
}

canter_status canter_policy_skeleton(canter_context* context, canter_policy policy,
                                     canter_skeleton* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    *out = {};
    auto skeleton = find(c, policy)->policy.skeleton();
    const std::lock_guard lock(c.mutex);
    *out = handle_of<canter_skeleton>(c.skeletons.add(std::move(skeleton)));
  });
}

canter_status canter_character_simulate(canter_context* context, canter_character character,
                                        const canter_simulate_desc* desc) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const canter_simulate_desc full = read_desc(desc, canter_simulate_desc_default());
    WorldUse use(c, character, For::writing);
    SimulateDesc d;
    d.skill = use.skill(c, full.policy);
    d.phase = full.phase;
    d.after_fall =
        enumerator(full.after_fall, AfterFall::ragdoll, "after_fall is no canter_after_fall");
    take(use->simulate(use.character(), d), CANTER_STATUS_INVALID_ARGUMENT);
  });
}

canter_status canter_character_set_body_mode(canter_context* context, canter_character character,
                                             int32_t mode, float fade_s) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const BodyMode wanted = enumerator(mode, BodyMode::ragdoll, "mode is no canter_body_mode");
    const WorldUse use(c, character, For::writing);
    body_of(use);
    require_argument(use->set_body_mode(use.character(), wanted, fade_s),
                     "fade_s is not in 0 to 10");
  });
}

canter_status canter_character_restart(canter_context* context, canter_character character,
                                       double phase) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::writing);
    body_of(use);
    require_argument(use->restart(use.character(), phase), "phase is not in 0 to 1");
  });
}

canter_status canter_character_push(canter_context* context, canter_character character,
                                    uint32_t joint, const float* force_n,
                                    double duration_s) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const glm::dvec3 force(vector_of(force_n, "the force is null"));
    const WorldUse use(c, character, For::writing);
    const int joints = body_of(use).task->model().num_joints();
    require_argument(joint < static_cast<std::uint32_t>(joints),
                     "the body has no joint of this index");
    require_argument(use->push(use.character(), {static_cast<int>(joint), force, duration_s}),
                     "the force or its duration is not finite, or the duration is negative");
  });
}

canter_status canter_character_throw_box(canter_context* context, canter_character character,
                                         uint32_t box, const float* position,
                                         const float* velocity) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const Vec3 from = vector_of(position, "the position is null");
    const Vec3 flight = vector_of(velocity, "the velocity is null");
    const WorldUse use(c, character, For::writing);
    const int boxes = body_of(use).task->model().options().num_boxes;
    require_argument(box < static_cast<std::uint32_t>(boxes),
                     "there is no such box (canter_policy_desc::num_boxes)");
    require_argument(use->throw_box(use.character(), static_cast<int>(box), from, flight),
                     "the position or the velocity is not finite");
  });
}

canter_status canter_character_get_body_state(canter_context* context, canter_character character,
                                              canter_body_state* state) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::reading);
    const BodyView body = body_of(use);
    const BodyState& now = *body.state;
    canter_body_state full = canter_body_state_default();
    full.mode = static_cast<std::int32_t>(now.mode);
    full.phase = mimic::phase_at(body.task->motion(), body.episode->time_s);
    full.touching = now.touching;
    full.saturated = now.saturated;
    full.reward_paper = now.reward_paper;
    full.reward_code = now.reward_code;
    full.pose = now.terms.pose;
    full.velocity = now.terms.velocity;
    full.end_effector = now.terms.end_effector;
    full.root = now.terms.root;
    full.com_position = now.terms.com_position;
    full.com_velocity = now.terms.com_velocity;
    full.joint_error_rad = now.joint_error_rad;
    full.position_error_m = now.position_error_m;
    full.num_ends = now.num_ends;
    full.last_end = static_cast<std::int32_t>(now.last_end);
    write_out(state, full);
  });
}

canter_status canter_character_read_contacts(canter_context* context, canter_character character,
                                             canter_contact* contacts, uint32_t capacity,
                                             uint32_t* count) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::reading);
    const BodyView body = body_of(use);
    write_array(
        body.contacts.size(), [&](std::size_t i) { return contact_of(body.contacts[i]); }, contacts,
        capacity, count);
  });
}

canter_status canter_character_read_boxes(canter_context* context, canter_character character,
                                          float* m16, uint32_t capacity, uint32_t* count) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(m16 != nullptr || capacity == 0, "m16 is null but the capacity is not 0");
    const WorldUse use(c, character, For::reading);
    body_of(use);
    std::array<Transform, physics::kMaxBoxes> boxes;
    const int thrown = use->boxes(use.character(), boxes);
    if (count != nullptr) *count = static_cast<std::uint32_t>(thrown);
    const std::size_t n = std::min<std::size_t>(static_cast<std::size_t>(thrown), capacity);
    for (std::size_t i = 0; i < n; ++i) {
      const Mat4 matrix = to_matrix(boxes[i]);
      std::memcpy(m16 + 16 * i, &matrix, sizeof matrix);
    }
  });
}

canter_status canter_character_read_reference(canter_context* context, canter_character character,
                                              float* m16, uint32_t capacity,
                                              uint32_t* count) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(m16 != nullptr || capacity == 0, "m16 is null but the capacity is not 0");
    const WorldUse use(c, character, For::writing);
    body_of(use);
    const std::size_t joints = use->models(use.character()).size();
    if (count != nullptr) *count = static_cast<std::uint32_t>(joints);
    if (capacity == 0) return;
    std::pmr::vector<Mat4> models(joints, &c.memory);
    if (!use->reference_models(use.character(), models))
      refuse(CANTER_STATUS_LIMIT, "scratch memory did not suffice");
    std::memcpy(m16, models.data(), std::min<std::size_t>(joints, capacity) * sizeof(Mat4));
  });
}

const char* canter_end_text(int32_t end) noexcept {
  if (end < 0 || end > CANTER_END_BROKEN) return "no canter_end";
  return end == CANTER_END_NONE ? "it never ended" : describe(static_cast<mimic::End>(end));
}

}  // extern "C"
