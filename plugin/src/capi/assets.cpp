// Skeletons and clips.
#include "canter/anim/clip_file.h"
#include "capi/context.h"

using namespace canter;
using namespace canter::capi;

namespace {

ClipFile read_clip_file(const void* bytes, std::size_t size) {
  require_argument(bytes != nullptr || size == 0, "the bytes are null but their size is not 0");
  return take(load_clip_file({static_cast<const std::byte*>(bytes), size}), CANTER_STATUS_BAD_DATA);
}

template <class T>
std::shared_ptr<const T> share(canter_context& context, T&& asset) {
  return std::allocate_shared<T>(std::pmr::polymorphic_allocator<>(&context.memory),
                                 std::move(asset));
}

}  // namespace

extern "C" {

canter_status canter_skeleton_load(canter_context* context, const void* bytes, size_t size,
                                   canter_skeleton* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    *out = {};
    auto skeleton = share(c, std::move(read_clip_file(bytes, size).skeleton));
    const std::lock_guard lock(c.mutex);
    *out = handle_of<canter_skeleton>(c.skeletons.add(std::move(skeleton)));
  });
}

canter_status canter_skeleton_destroy(canter_context* context, canter_skeleton skeleton) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    find(c, skeleton);
    const std::lock_guard lock(c.mutex);
    c.skeletons.remove(id_of<SkeletonId>(skeleton));
  });
}

canter_status canter_skeleton_num_joints(canter_context* context, canter_skeleton skeleton,
                                         uint32_t* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    *out = static_cast<std::uint32_t>(find(c, skeleton)->num_joints());
  });
}

canter_status canter_skeleton_joint_name(canter_context* context, canter_skeleton skeleton,
                                         uint32_t joint, const char** out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    *out = nullptr;
    const auto found = find(c, skeleton);
    require_argument(joint < static_cast<std::uint32_t>(found->num_joints()),
                     "there is no joint of this index");
    *out = found->name(static_cast<int>(joint)).data();
  });
}

canter_status canter_skeleton_find_joint(canter_context* context, canter_skeleton skeleton,
                                         const char* name, int32_t* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(name != nullptr && out != nullptr, "name or out is null");
    *out = find(c, skeleton)->find(name);
  });
}

canter_status canter_skeleton_parents(canter_context* context, canter_skeleton skeleton,
                                      int32_t* parents, uint32_t capacity,
                                      uint32_t* count) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const auto found = find(c, skeleton);
    write_array(
        found->parents().size(), [&](std::size_t i) { return found->parents()[i]; }, parents,
        capacity, count);
  });
}

canter_status canter_skeleton_rest_pose(canter_context* context, canter_skeleton skeleton,
                                        canter_transform* rest, uint32_t capacity,
                                        uint32_t* count) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const auto found = find(c, skeleton);
    write_array(
        found->rest_pose().size(), [&](std::size_t i) { return to_c(found->rest_pose()[i]); }, rest,
        capacity, count);
  });
}

canter_clip_info canter_clip_info_default(void) noexcept {
  canter_clip_info info{};
  info.size = sizeof info;
  return info;
}

canter_status canter_clip_load(canter_context* context, canter_skeleton skeleton, const void* bytes,
                               size_t size, canter_clip* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    *out = {};
    const auto for_skeleton = find(c, skeleton);
    ClipFile file = read_clip_file(bytes, size);
    if (file.skeleton.hash() != for_skeleton->hash())
      refuse(CANTER_STATUS_BAD_DATA, "the clip was made for another skeleton (" +
                                         std::to_string(file.skeleton.num_joints()) +
                                         " joints) than the given one (" +
                                         std::to_string(for_skeleton->num_joints()) + ")");
    ClipEntry entry;
    if (const ClipChunk* chunk = file.find(kRootMotionChunk); chunk != nullptr) {
      entry.root_motion = take(load_root_motion(chunk->bytes), CANTER_STATUS_BAD_DATA);
      entry.has_root_motion = true;
    }
    entry.clip = std::move(file.clip);
    auto clip = share(c, std::move(entry));
    const std::lock_guard lock(c.mutex);
    *out = handle_of<canter_clip>(c.clips.add(std::move(clip)));
  });
}

canter_status canter_clip_destroy(canter_context* context, canter_clip clip) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    find(c, clip);
    forget_clip(c, id_of<ContextClipId>(clip));
  });
}

canter_status canter_clip_get_info(canter_context* context, canter_clip clip,
                                   canter_clip_info* info) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const auto entry = find(c, clip);
    const Clip* found = &entry->clip;
    canter_clip_info full = canter_clip_info_default();
    full.num_joints = static_cast<std::uint32_t>(found->num_joints());
    full.num_frames = static_cast<std::uint32_t>(found->num_frames());
    full.rate_hz = found->rate_hz();
    full.duration_s = found->duration_s();
    full.loops = found->loop() ? 1 : 0;
    full.has_root_motion = entry->has_root_motion ? 1 : 0;
    full.bytes = found->size_bytes();
    write_out(info, full);
  });
}

}  // extern "C"
