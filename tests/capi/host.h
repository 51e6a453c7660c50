#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <vector>

#include "canter/anim/clip_file.h"
#include "canter/anim/root_motion.h"
#include "canter/canter.h"
#include "synthetic.h"

namespace canter::test {

/// An allocator that counts and can be told to fail. Thread-safe.
struct CountingAllocator {
  std::atomic<long> live{0};
  std::atomic<long> live_bytes{0};
  std::atomic<long> calls{0};
  std::atomic<long> fail_after{-1};  ///< fails every allocation once this many were made; -1: never

  canter_allocator as_c() {
    canter_allocator a;
    a.user = this;
    a.allocate = [](void* user, std::size_t size, std::size_t alignment) -> void* {
      auto& self = *static_cast<CountingAllocator*>(user);
      const long n = ++self.calls;
      if (self.fail_after >= 0 && n > self.fail_after) return nullptr;
      ++self.live;
      self.live_bytes += static_cast<long>(size);
      alignment = std::max(alignment, sizeof(void*));
      return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    };
    a.release = [](void* user, void* memory, std::size_t size, std::size_t) {
      auto& self = *static_cast<CountingAllocator*>(user);
      --self.live;
      self.live_bytes -= static_cast<long>(size);
      std::free(memory);
    };
    return a;
  }
};

inline std::vector<std::byte> clip_bytes(int num_joints, int num_frames, std::uint32_t seed = 1) {
  const Skeleton skeleton = synthetic_skeleton(num_joints);
  RawClip raw = synthetic_clip(skeleton, num_frames, 30.0f, seed);
  raw.loop = true;
  ClipFile file;
  file.clip = compress(raw, skeleton).value();
  file.skeleton = skeleton;
  file.name = "synthetic";
  return save_clip_file(file);
}

/// A walk whose root motion is kept beside the pose.
inline std::vector<std::byte> walk_bytes(int num_joints, RootMotion* root_motion) {
  ClipFile file;
  file.skeleton = synthetic_skeleton(num_joints);
  RawClip raw = synthetic_clip(file.skeleton, 31, 30.0f, 3);
  raw.loop = true;
  ExtractedRootMotion split = extract_root_motion(file.skeleton, raw).value();
  file.clip = compress(split.in_place, file.skeleton).value();
  file.chunks.push_back({kRootMotionChunk, save_root_motion(split.motion)});
  *root_motion = std::move(split.motion);
  return save_clip_file(file);
}

/// A context with a world, a skeleton of 20 joints and a looping clip of 1 s.
struct Host {
  explicit Host(const canter_context_desc* desc = nullptr) {
    bytes = clip_bytes(20, 31);
    REQUIRE(canter_context_create(desc, &context) == CANTER_STATUS_OK);
    REQUIRE(canter_world_create(context, nullptr, &world) == CANTER_STATUS_OK);
    REQUIRE(canter_skeleton_load(context, bytes.data(), bytes.size(), &skeleton) ==
            CANTER_STATUS_OK);
    REQUIRE(canter_clip_load(context, skeleton, bytes.data(), bytes.size(), &clip) ==
            CANTER_STATUS_OK);
  }
  ~Host() { canter_context_destroy(context); }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  canter_character add() {
    canter_character_desc desc = canter_character_desc_default();
    desc.skeleton = skeleton;
    canter_character c{};
    REQUIRE(canter_character_create(context, world, &desc, &c) == CANTER_STATUS_OK);
    return c;
  }
  canter_status play(canter_character c, float speed = 1.0f) {
    canter_play_desc desc = canter_play_desc_default();
    desc.clip = clip;
    desc.speed = speed;
    return canter_character_play(context, c, &desc);
  }
  std::vector<float> models(canter_character c) {
    std::uint32_t count = 0;
    REQUIRE(canter_character_read_models(context, c, nullptr, 0, &count) == CANTER_STATUS_OK);
    std::vector<float> m(std::size_t{16} * count);
    REQUIRE(canter_character_read_models(context, c, m.data(), count, &count) == CANTER_STATUS_OK);
    return m;
  }
  std::string error() {
    std::string text(canter_last_error(context, nullptr, 0), ' ');
    canter_last_error(context, text.data(), text.size() + 1);
    return text;
  }

  std::vector<std::byte> bytes;
  canter_context* context = nullptr;
  canter_world world{};
  canter_skeleton skeleton{};
  canter_clip clip{};
};

}  // namespace canter::test
