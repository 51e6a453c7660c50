#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "canter/anim/local_to_model.h"
#include "canter/world/world.h"
#include "synthetic.h"

namespace canter::test {

inline constexpr double kFrame_s = 1.0 / 60.0;

inline std::shared_ptr<const Clip> make_clip(const Skeleton& skeleton, int num_frames, bool loop,
                                             std::uint32_t seed) {
  RawClip raw = synthetic_clip(skeleton, num_frames, 30.0f, seed);
  raw.loop = loop;
  return std::make_shared<const Clip>(compress(raw, skeleton).value());
}

/// A clip with its movement over the ground taken out.
struct Walk {
  std::shared_ptr<const Clip> clip;
  std::shared_ptr<const RootMotion> motion;
};

inline Walk make_walk(const Skeleton& skeleton, int num_frames, bool loop, std::uint32_t seed) {
  RawClip raw = synthetic_clip(skeleton, num_frames, 30.0f, seed);
  raw.loop = loop;
  ExtractedRootMotion split = extract_root_motion(skeleton, raw).value();
  return {std::make_shared<const Clip>(compress(split.in_place, skeleton).value()),
          std::make_shared<const RootMotion>(std::move(split.motion))};
}

/// A world with one skeleton and two clips of it: a loop of 1 s and a one-off of 0.8 s.
struct Scene {
  explicit Scene(WorldDesc desc = {}, int num_joints = 20) : world(desc) {
    skeleton = std::make_shared<const Skeleton>(synthetic_skeleton(num_joints));
    walk_clip = make_clip(*skeleton, 31, true, 1);
    wave_clip = make_clip(*skeleton, 25, false, 2);
    walk = world.add_clip(walk_clip);
    wave = world.add_clip(wave_clip);
  }

  CharacterId add() {
    CharacterDesc desc;
    desc.skeleton = skeleton;
    return world.create(desc).value();
  }

  /// The model matrices of one clip at one time, straight from the runtime.
  std::vector<Mat4> reference(const Clip& clip, float time_s) const {
    Pose pose(*skeleton);
    sample(clip, time_s, pose);
    std::vector<Mat4> models(static_cast<std::size_t>(skeleton->num_joints()));
    local_to_model(*skeleton, Mat4(1.0f), pose, models);
    return models;
  }

  std::shared_ptr<const Skeleton> skeleton;
  std::shared_ptr<const Clip> walk_clip, wave_clip;
  World world;
  ClipId walk, wave;
};

/// Largest difference between any two elements; infinity if the counts differ or one is NaN.
inline float difference(std::span<const Mat4> a, std::span<const Mat4> b) {
  if (a.size() != b.size()) return std::numeric_limits<float>::infinity();
  float largest = 0.0f;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (int c = 0; c < 4; ++c)
      for (int r = 0; r < 4; ++r) {
        const float d = std::abs(a[i][c][r] - b[i][c][r]);
        if (!(d <= largest)) largest = d;
      }
  return largest;
}

inline std::vector<Mat4> copy_of(std::span<const Mat4> models) {
  return {models.begin(), models.end()};
}

inline bool same_bits(std::span<const Mat4> a, std::span<const Mat4> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

/// A parallel_for that starts a thread per item.
inline Jobs threads() {
  Jobs jobs;
  jobs.parallel_for = [](void*, int count, void (*run)(void*, int), void* data) {
    std::vector<std::thread> started;
    for (int i = 0; i < count; ++i) started.emplace_back(run, data, i);
    for (std::thread& t : started) t.join();
  };
  return jobs;
}

}  // namespace canter::test
