#pragma once

// The compressed form of a clip in memory; docs/clip_format.md describes the bytes.
//
// Every animated rotation, translation and scale is a track: a few integers per frame. Key frames
// lie 2^levels frames apart; the frames between are corrections to the straight line between their
// neighbours one level up. A pose at any time is therefore a weighted sum of at most
// 2 + levels rows of integers, whose weights depend on the time alone (see Records below), followed
// by one small linear map per track.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "anim/lines.h"
#include "canter/anim/pose.h"
#include "canter/anim/raw_clip.h"

namespace canter::detail {

/// Tracks are decoded this many at a time.
inline constexpr int kGroupLanes = 8;
inline constexpr int kMaxLevels = 4;
inline constexpr int kMaxComponents = 4;
/// Widest integer, bits: with up to 7 bits of misalignment it fits a 32-bit load.
inline constexpr int kMaxWidth = 24;
/// Bytes readable behind the compressed data, so that rows can be loaded as whole vectors.
inline constexpr std::size_t kReadPadding = 64;

enum class TrackKind : std::uint8_t {
  rotation,     ///< within about 150 degrees of a centre: three numbers
  wide,         ///< rotation without that limit: four numbers
  translation,  ///< three numbers
  scale,        ///< three numbers
};
inline constexpr int kNumTrackKinds = 4;

constexpr int num_components(TrackKind kind) {
  return kind == TrackKind::wide ? 4 : 3;
}

/// Bytes of one row: one integer of `width` bits per lane, packed.
constexpr std::size_t row_bytes(int lanes, int width) {
  return static_cast<std::size_t>(lanes * width + 7) / 8;
}

/// Up to eight tracks of one kind: v = sum over components k of columns[k] * n[k], and then
///   rotation     v + sqrt(1 - |v|^2) * origin      (v is orthogonal to origin)
///   wide         v / |v|
///   translation  v + origin                        (scale likewise)
struct alignas(64) TrackGroup {
  float columns[kMaxComponents][4][kGroupLanes];  ///< [component][x, y, z, w][lane]
  float origin[4][kGroupLanes];                   ///< [x, y, z, w][lane]
  std::uint16_t quads[kGroupLanes];  ///< first float of each track's quad in its stream
  TrackKind kind;
  std::uint8_t lanes;

  int joint(int lane) const { return quads[lane] / 4; }
  void set_joint(int lane, int joint) { quads[lane] = static_cast<std::uint16_t>(4 * joint); }
};
static_assert(4 * kMaxJoints <= 0xffff);

/// Records a pose is made of at most: two keys, and one correction of every level.
inline constexpr int kMaxRecords = 2 + kMaxLevels;

/// The widths of one row in all records of a pose: both keys, then the levels.
using RowWidths = std::array<std::uint8_t, 8>;
static_assert(kMaxRecords <= 8);

/// A run of blocks whose corrections share their widths.
struct Segment {
  std::uint32_t widths = 0;  ///< first of its [rows] in ClipTables::widths
  std::uint32_t blocks = 0;  ///< offset of the corrections in the data, block after block
  std::array<std::uint32_t, kMaxLevels> record_bytes{};  ///< per level
  std::uint32_t block_bytes = 0;
};

/// One stream of a clip's poses: what stands still, one entry per padded joint, and what does not.
template <class T>
struct ClipStream {
  std::vector<T> still;
  MovingLines moving;
};

/// Everything sampling needs, checked and laid out at load.
struct ClipTables {
  std::vector<std::byte> data;  ///< the compressed bytes and kReadPadding more
  std::size_t data_bytes = 0;
  int num_frames = 0;
  int levels = 0;
  int segment_shift = 0;        ///< a segment is 2^segment_shift blocks
  int num_rows = 0;             ///< components of all groups
  std::uint32_t keys = 0;       ///< offset of the key records
  std::uint32_t key_bytes = 0;  ///< of one key record
  std::vector<TrackGroup> groups;
  std::vector<Segment> segments;  ///< at least one
  std::vector<RowWidths> widths;  ///< [segments, rows]
  ClipStream<Quat> rotations;
  ClipStream<Vec4> translations;
  ClipStream<Vec4> scales;  ///< empty when the skeleton has no scale

  int block_frames() const { return 1 << levels; }
  /// 2^-levels, from its bits: exact, and no division.
  float blocks_per_frame() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(127 - levels) << 23);
  }
  int num_blocks() const { return (num_frames - 1 + block_frames() - 1) >> levels; }
};

/// The records a pose is made of, and their shares in it. Hierarchical hat functions: the two keys
/// around the time weigh as in linear interpolation; of every level exactly one correction reaches
/// the time, with weight 1 at its own frame falling to 0 at its neighbours one level up.
struct Records {
  std::array<const std::byte*, kMaxRecords> data{};
  std::array<float, kMaxRecords> weights{};
  const RowWidths* widths = nullptr;  ///< [rows]
  int count = 0;                      ///< 1 (a key frame) or 2 + levels
};

Records records_at(const ClipTables& clip, FrameTime time);

/// The scalar reference of sampling, and the vector kernel chosen for this machine: what stands
/// still, then the tracks. They agree within rounding (the kernel uses fused multiply-add).
void decode_reference(const ClipTables& clip, const Records& records, PoseView out);
void decode_simd(const ClipTables& clip, const Records& records, PoseView out);

/// Like decode_simd, but lines in which nothing moves are left alone: they are to be read from the
/// clip.
void decode_moving_simd(const ClipTables& clip, const Records& records, PoseView out);

/// Unit quaternion in 64 bits: which component is largest, and the other three in 20 bits each.
/// Error below 1.2e-6 per component.
std::uint64_t pack_rotation(const Quat& q);
Quat unpack_rotation(std::uint64_t bits);

/// A step stored in one byte: step_m * 2^(exponent / 8).
float scaled_step(float step_m, std::int8_t exponent);
std::int8_t step_exponent(float step_m, float step);

// --- the bytes

struct PayloadHeader {
  std::uint64_t skeleton_hash = 0;
  std::uint32_t num_frames = 0;
  float rate_hz = 0.0f;
  float step_m = 0.0f;
  std::uint16_t num_joints = 0;
  std::uint8_t loop = 0;
  std::uint8_t levels = 0;
  std::uint32_t segment_blocks = 0;              ///< a power of two
  std::array<std::uint16_t, 3> num_constants{};  ///< rotations, translations, scales
  std::array<std::uint16_t, kNumTrackKinds> num_tracks{};
  std::uint16_t reserved = 0;
};
static_assert(sizeof(PayloadHeader) == 48);

#pragma pack(push, 1)
struct ConstantRotation {
  std::uint16_t joint = 0;
  std::uint64_t rotation = 0;
};
struct ConstantVector {
  std::uint16_t joint = 0;
  float value[3] = {};  // not a Vec3: nothing here is aligned, and references must be
};
/// Column k is scaled_step(step_m, exponent[k]) * direction[k] / 127, in the tangent space of
/// `centre` (centre * (x, y, z, 0)).
struct RotationTrack {
  std::uint16_t joint = 0;
  std::uint64_t centre = 0;
  std::int8_t direction[3][3] = {};
  std::int8_t exponent[3] = {};
};
struct WideTrack {
  std::uint16_t joint = 0;
  std::int8_t exponent = 0;
};
struct VectorTrack {
  std::uint16_t joint = 0;
  float origin[3] = {};
  std::int8_t exponent = 0;
};
#pragma pack(pop)

/// Lane `lane` of a group as these records describe it; load and encoder share them.
void set_rotation_lane(TrackGroup& group, int lane, const RotationTrack& track, float step_m);
void set_wide_lane(TrackGroup& group, int lane, const WideTrack& track, float step_m);
void set_vector_lane(TrackGroup& group, int lane, const VectorTrack& track, float step_m);

}  // namespace canter::detail
