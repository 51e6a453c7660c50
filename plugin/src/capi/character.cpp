// Characters: playing, placing, reading poses, snapshots.
#include "canter/anim/skinning.h"
#include "capi/context.h"
#include "capi/play.h"
#include "capi/snapshot.h"

using namespace canter;
using namespace canter::capi;

namespace {

using For = WorldUse::For;

static_assert(CANTER_MAX_LAYERS == kMaxLayers);
static_assert(CANTER_WRAP_CLAMP == static_cast<int>(Wrap::clamp));
static_assert(CANTER_TRANSITION_INERTIALIZE == static_cast<int>(TransitionKind::inertialize));
static_assert(CANTER_ROOT_MOTION_MOVE == static_cast<int>(RootMotionMode::move));
static_assert(CANTER_LAYER_ADDITIVE == static_cast<int>(LayerMode::additive));
static_assert(CANTER_PARK_SIMULATION_FAILED == static_cast<int>(ParkReason::simulation_failed));

Wrap wrap_of(std::int32_t value) {
  return enumerator(value, Wrap::clamp, "wrap is no canter_wrap");
}

RootMotionMode root_motion_of(std::int32_t value) {
  return enumerator(value, RootMotionMode::move, "root_motion is no canter_root_motion");
}

Mat4 matrix_from(const float* m16) {
  Mat4 m;
  std::memcpy(&m[0][0], m16, sizeof m);
  return m;
}

}  // namespace

capi::PlayOrder canter::capi::read_play(canter_context& context, WorldUse& use,
                                        const canter_play_desc* desc) {
  const canter_play_desc full = read_desc(desc, canter_play_desc_default());
  return {{use.clip(context, full.clip), full.time_s, full.speed, wrap_of(full.wrap)},
          {enumerator(full.transition, TransitionKind::inertialize,
                      "transition is no canter_transition"),
           full.transition_duration_s}};
}

extern "C" {

canter_character_desc canter_character_desc_default(void) noexcept {
  canter_character_desc desc{};
  desc.size = sizeof desc;
  desc.placement = canter_transform_default();
  return desc;
}

canter_play_desc canter_play_desc_default(void) noexcept {
  canter_play_desc desc{};
  desc.size = sizeof desc;
  desc.speed = 1.0f;
  desc.transition_duration_s = Transition{}.duration_s;
  return desc;
}

canter_layer_desc canter_layer_desc_default(void) noexcept {
  canter_layer_desc desc{};
  desc.size = sizeof desc;
  desc.mode = CANTER_LAYER_REPLACE;
  desc.speed = 1.0f;
  desc.weight = 1.0f;
  return desc;
}

canter_character_state canter_character_state_default(void) noexcept {
  canter_character_state state{};
  state.size = sizeof state;
  state.placement = canter_transform_default();
  return state;
}

canter_status canter_character_create(canter_context* context, canter_world world,
                                      const canter_character_desc* desc,
                                      canter_character* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    *out = {};
    const canter_character_desc full = read_desc(desc, canter_character_desc_default());
    CharacterDesc d;
    d.skeleton = find(c, full.skeleton);
    d.placement = from_c(full.placement);
    d.root_motion = root_motion_of(full.root_motion);
    const WorldUse use(c, world, For::writing);
    const CharacterId id = take(use->create(d), CANTER_STATUS_INVALID_ARGUMENT);
    *out = {id.index1, id.generation, world};
  });
}

canter_status canter_character_destroy(canter_context* context,
                                       canter_character character) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::writing);
    use->destroy(use.character());
  });
}

canter_status canter_character_play(canter_context* context, canter_character character,
                                    const canter_play_desc* desc) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    WorldUse use(c, character, For::writing);
    const PlayOrder order = read_play(c, use, desc);
    take(use->play(use.character(), order.playback, order.transition),
         CANTER_STATUS_INVALID_ARGUMENT);
  });
}

canter_status canter_character_seek(canter_context* context, canter_character character,
                                    double time_s) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::writing);
    require_argument(use->seek(use.character(), time_s), "time_s is not finite");
  });
}

canter_status canter_character_set_speed(canter_context* context, canter_character character,
                                         float speed) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::writing);
    require_argument(use->set_speed(use.character(), speed), "speed is not in -5 to 5");
  });
}

canter_status canter_character_set_paused(canter_context* context, canter_character character,
                                          int32_t paused) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::writing);
    use->set_paused(use.character(), paused != 0);
  });
}

canter_status canter_character_set_placement(canter_context* context, canter_character character,
                                             const canter_transform* placement) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(placement != nullptr, "the placement is null");
    const WorldUse use(c, character, For::writing);
    require_argument(use->set_placement(use.character(), from_c(*placement)),
                     "the placement is not finite or its rotation has length zero");
  });
}

canter_status canter_character_set_root_motion(canter_context* context, canter_character character,
                                               int32_t root_motion) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::writing);
    use->set_root_motion(use.character(), root_motion_of(root_motion));
  });
}

canter_status canter_character_set_layer(canter_context* context, canter_character character,
                                         uint32_t index, const canter_layer_desc* desc) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const canter_layer_desc full = read_desc(desc, canter_layer_desc_default());
    require_argument(index < CANTER_MAX_LAYERS, "there is no layer of this index");
    WorldUse use(c, character, For::writing);
    Layer layer;
    layer.mode = enumerator(full.mode, LayerMode::additive, "mode is no canter_layer_mode");
    layer.playback = {use.clip(c, full.clip), full.time_s, full.speed, wrap_of(full.wrap)};
    layer.mask = id_of<MaskId>(full.mask);
    layer.weight = full.weight;
    layer.fade_s = full.fade_s;
    take(use->set_layer(use.character(), static_cast<int>(index), layer),
         CANTER_STATUS_INVALID_ARGUMENT);
  });
}

canter_status canter_character_resume(canter_context* context,
                                      canter_character character) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::writing);
    use->resume(use.character());
  });
}

canter_status canter_character_get_state(canter_context* context, canter_character character,
                                         canter_character_state* state) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::reading);
    const CharacterState& now = *use->state(use.character());
    canter_character_state full = canter_character_state_default();
    full.speed = now.play.speed;
    full.time_s = now.play.time_s;
    full.parked = static_cast<std::int32_t>(now.parked);
    full.paused = now.paused;
    full.placement = to_c(now.placement);
    write_out(state, full);
  });
}

canter_status canter_character_read_models(canter_context* context, canter_character character,
                                           float* m16, uint32_t capacity,
                                           uint32_t* count) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(m16 != nullptr || capacity == 0, "m16 is null but the capacity is not 0");
    const WorldUse use(c, character, For::reading);
    const std::span<const Mat4> models = use->models(use.character());
    if (count != nullptr) *count = static_cast<std::uint32_t>(models.size());
    const std::size_t n = std::min<std::size_t>(models.size(), capacity);
    if (n != 0) std::memcpy(m16, models.data(), n * sizeof(Mat4));
  });
}

canter_status canter_character_read_palette(canter_context* context, canter_character character,
                                            uint32_t num_bones, const uint32_t* joints,
                                            const float* inverse_bind16,
                                            float* palette16) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(
        num_bones == 0 || (joints != nullptr && inverse_bind16 != nullptr && palette16 != nullptr),
        "an array is null");
    const WorldUse use(c, character, For::reading);
    const std::span<const Mat4> models = use->models(use.character());
    for (std::uint32_t i = 0; i < num_bones; ++i)
      require_argument(joints[i] < models.size(), "a bone names a joint the skeleton has not");
    for (std::uint32_t i = 0; i < num_bones; ++i) {
      const SkinBone bone{static_cast<int>(joints[i]),
                          matrix_from(inverse_bind16 + std::size_t{16} * i)};
      Mat4 result;
      skinning_matrices({&bone, 1}, models, {&result, 1});
      std::memcpy(palette16 + std::size_t{16} * i, &result[0][0], sizeof result);
    }
  });
}

canter_status canter_character_save(canter_context* context, canter_character character,
                                    void* buffer, size_t capacity, size_t* size) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::reading);
    save_to(buffer, capacity, size, snapshot_size(*use, use.character()),
            [&](std::span<std::byte> out) { return save(*use, use.character(), out); });
  });
}

canter_status canter_character_restore(canter_context* context, canter_character character,
                                       const void* bytes, size_t size) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::writing);
    take(restore(*use, use.character(), snapshot_bytes(bytes, size)), CANTER_STATUS_BAD_DATA);
  });
}

const char* canter_park_reason_text(int32_t reason) noexcept {
  if (reason < 0 || reason > CANTER_PARK_SIMULATION_FAILED) return "no canter_park_reason";
  return describe(static_cast<ParkReason>(reason));
}

}  // extern "C"
