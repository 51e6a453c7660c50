#pragma once

// What a World holds. Private to the room.

#include <array>
#include <memory>
#include <memory_resource>
#include <vector>

#include "canter/base/memory.h"
#include "canter/world/world.h"

namespace canter::detail {

/// The rows of the frame, in order (docs: architecture.md, section 2). A stage that comes into
/// being gets its row here, its name below and its line in `step`.
enum class Stage { sample, pose, model, count };
inline constexpr std::array<const char*, static_cast<std::size_t>(Stage::count)> kStageNames = {
    "sample", "pose", "model"};

/// Per-joint weights for layers.
struct Mask {
  std::pmr::vector<float> weights;
  std::uint64_t skeleton_hash = 0;
};

/// A place for a character. The block holds its CharacterState and its model matrices, one behind
/// the other; everything else here outlives a restore.
struct CharacterPlace {
  Block block;
  std::shared_ptr<const Skeleton> skeleton;  ///< nullptr: the place is empty
  PoseHook pose_hook;
  std::uint32_t generation = 0;       ///< of the present occupant
  std::uint32_t last_generation = 0;  ///< largest ever given out here

  bool live() const { return skeleton != nullptr; }
  CharacterState& state() { return block.at<CharacterState>(0, 1)[0]; }
  const CharacterState& state() const { return block.at<CharacterState>(0, 1)[0]; }
  std::span<Mat4> models() {
    return block.at<Mat4>(align_up(sizeof(CharacterState)),
                          static_cast<std::size_t>(skeleton->num_joints()));
  }
  std::span<const Mat4> models() const {
    return block.at<Mat4>(align_up(sizeof(CharacterState)),
                          static_cast<std::size_t>(skeleton->num_joints()));
  }
};

/// What one worker loop of a step owns.
struct alignas(kBlockAlignment) Worker {
  Block scratch;
  std::array<std::int64_t, static_cast<std::size_t>(Stage::count)> stage_ns{};
  int num_stepped = 0;
  int num_parked = 0;
  int newly_parked = 0;
};

struct WorldData {
  explicit WorldData(const WorldDesc& desc);

  CharacterPlace* find(CharacterId id);
  const CharacterPlace* find(CharacterId id) const;
  CharacterId id_of(const CharacterPlace& place) const;

  WorldDesc desc;
  HandleTable<ClipId, const Clip> clips;
  HandleTable<MaskId, const Mask> masks;
  std::pmr::vector<CharacterPlace> places;  ///< [max_characters]
  /// Every skeleton a character was created with: a restored snapshot may need it again.
  std::pmr::vector<std::shared_ptr<const Skeleton>> skeletons;
  int num_characters = 0;
  int used_places = 0;  ///< every place at or beyond this one is empty
  int first_free = 0;   ///< every place before this one is taken
  std::size_t scratch_pose_bytes = 0;
  mutable std::pmr::vector<Worker> workers;
  FixedClock clock;
  Trace trace;
};

/// Characters a worker carries through the stages together: enough to make the stage clock cheap,
/// few enough for their poses to stay in the first-level cache.
inline constexpr int kBatchSize = 8;
/// Poses of scratch each character in a batch needs at most while it is being sampled.
inline constexpr int kTemporaryPoses = 4;

/// The base motion, transitions and layers of a character at its present times.
/// `none`, or why there is no pose.
ParkReason evaluate(const WorldData& world, const CharacterState& state, const Skeleton& skeleton,
                    Arena& scratch, PoseView out);

/// Moves the clocks of a character on by dt_s.
void advance(const WorldData& world, CharacterState& state, double dt_s);

/// `time_s` brought into the clip.
double wrap_time(const Clip& clip, Wrap wrap, double time_s);

/// Finite, with a rotation that can be normalised.
bool is_placement(const Transform& t);

/// Grows every worker's scratch to hold batches of this skeleton.
void reserve_scratch(WorldData& world, const Skeleton& skeleton);

}  // namespace canter::detail
