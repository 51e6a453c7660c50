// Sampling: which records a time needs, and the scalar reference that turns them into a pose.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "anim/clip_format.h"

namespace canter::detail {
namespace {

// The signed integer of `width` bits that starts `bit` bits into `data`.
std::int32_t read_signed(const std::byte* data, std::size_t bit, int width) {
  std::uint32_t word = 0;
  std::memcpy(&word, data + bit / 8, sizeof word);
  const int shift = 32 - width - static_cast<int>(bit % 8);
  return static_cast<std::int32_t>(word << shift) >> (32 - width);
}

Vec4 lane(const float (&values)[4][kGroupLanes], int i) {
  return {values[0][i], values[1][i], values[2][i], values[3][i]};
}

void write_track(const TrackGroup& group, int i, const Vec4& v, PoseView out) {
  const int joint = group.joints[i];
  const Vec4 origin = lane(group.origin, i);
  Vec4 q;
  switch (group.kind) {
    case TrackKind::rotation:
      q = v + std::sqrt(std::max(0.0f, 1.0f - glm::dot(v, v))) * origin;
      out.rotations[joint] = Quat(q.w, q.x, q.y, q.z);
      break;
    case TrackKind::wide:
      q = v / std::sqrt(std::max(glm::dot(v, v), 1e-30f));
      out.rotations[joint] = Quat(q.w, q.x, q.y, q.z);
      break;
    case TrackKind::translation:
      out.translations[joint] = v + origin;
      break;
    case TrackKind::scale:
      out.scales[joint] = v + origin;
      break;
  }
}

}  // namespace

Rows rows_at(const ClipTables& clip, FrameTime time) {
  const int block_frames = clip.block_frames();
  const int last_block = std::max(clip.num_blocks() - 1, 0);
  const int block = std::min(time.index / block_frames, last_block);
  const int in_block = time.index - block * block_frames;
  const float u = static_cast<float>(in_block) + time.alpha;

  const std::byte* data = clip.data.data();
  const auto* key_widths = reinterpret_cast<const std::uint8_t*>(data + clip.key_widths);
  const std::byte* key = data + clip.keys + static_cast<std::size_t>(block) * clip.key_bytes;
  const float across = u / static_cast<float>(block_frames);
  Rows out;
  out.rows[0] = {key, key_widths, 1.0f - across};
  out.count = 1;
  if (!(u > 0.0f)) return out;
  out.rows[static_cast<std::size_t>(out.count++)] = {key + clip.key_bytes, key_widths, across};
  if (clip.levels == 0) return out;

  const Segment& segment = clip.segments[static_cast<std::size_t>(block / clip.segment_blocks)];
  const std::byte* record =
      data + segment.blocks +
      static_cast<std::size_t>(block % clip.segment_blocks) * segment.block_bytes;
  const auto* widths = reinterpret_cast<const std::uint8_t*>(data + segment.widths);
  for (int level = 0; level < clip.levels; ++level) {
    const int half = block_frames >> (level + 1);  // frames from a correction to its neighbours
    const int node = std::min(in_block / (2 * half), (1 << level) - 1);
    const float distance = std::abs(u - static_cast<float>(half * (2 * node + 1)));
    const float weight = 1.0f - distance / static_cast<float>(half);
    const std::uint32_t bytes = segment.record_bytes[static_cast<std::size_t>(level)];
    if (weight > 0.0f)
      out.rows[static_cast<std::size_t>(out.count++)] = {
          record + static_cast<std::size_t>(node) * bytes, widths, weight};
    record += static_cast<std::size_t>(1 << level) * bytes;
    widths += clip.num_rows;
  }
  return out;
}

void write_constants(const ClipTables& clip, PoseView out) {
  const std::size_t n = clip.rotations.size();
  std::memcpy(static_cast<void*>(out.rotations), clip.rotations.data(), n * sizeof(Quat));
  std::memcpy(static_cast<void*>(out.translations), clip.translations.data(), n * sizeof(Vec4));
  if (out.scales != nullptr)
    std::memcpy(static_cast<void*>(out.scales), clip.scales.data(), n * sizeof(Vec4));
}

void decode_reference(const ClipTables& clip, const Rows& rows, PoseView out) {
  std::array<std::size_t, 2 + kMaxLevels> at{};
  int row = 0;
  for (const TrackGroup& group : clip.groups) {
    Vec4 sums[kGroupLanes] = {};
    for (int k = 0; k < num_components(group.kind); ++k, ++row) {
      for (int r = 0; r < rows.count; ++r) {
        const Row& source = rows.rows[static_cast<std::size_t>(r)];
        const int width = source.widths[row];
        std::size_t& position = at[static_cast<std::size_t>(r)];
        for (int i = 0; i < group.lanes && width > 0; ++i) {
          const auto bit = static_cast<std::size_t>(i * width);
          const auto n = static_cast<float>(read_signed(source.data + position, bit, width));
          sums[i] += lane(group.columns[k], i) * (n * source.weight);
        }
        position += row_bytes(group.lanes, width);
      }
    }
    for (int i = 0; i < group.lanes; ++i) write_track(group, i, sums[i], out);
  }
}

// --- the small parts of the format

std::uint64_t pack_rotation(const Quat& rotation) {
  const Quat q = glm::normalize(rotation);
  int largest = 0;
  for (int k = 1; k < 4; ++k)
    if (std::abs(q[k]) > std::abs(q[largest])) largest = k;
  const double sign = q[largest] < 0.0f ? -1.0 : 1.0;
  auto bits = static_cast<std::uint64_t>(largest);
  for (int k = 0; k < 4; ++k) {
    if (k == largest) continue;
    // The others lie within +-sqrt(1/2).
    const double unit = sign * static_cast<double>(q[k]) * std::sqrt(2.0);
    const double scaled = std::clamp(std::round(unit * 524287.0), -524287.0, 524287.0);
    bits = bits << 20 | (static_cast<std::uint64_t>(static_cast<std::int64_t>(scaled)) & 0xfffff);
  }
  return bits;
}

Quat unpack_rotation(std::uint64_t bits) {
  const auto largest = static_cast<int>(bits >> 60 & 3);
  double v[4] = {};
  double rest = 1.0;
  int shift = 40;
  for (int k = 0; k < 4; ++k) {
    if (k == largest) continue;
    const auto field = static_cast<std::int32_t>(static_cast<std::uint32_t>(bits >> shift) << 12);
    v[k] = static_cast<double>(field >> 12) / 524287.0 * std::sqrt(0.5);
    rest -= v[k] * v[k];
    shift -= 20;
  }
  v[largest] = std::sqrt(std::max(rest, 0.0));
  return glm::normalize(Quat(static_cast<float>(v[3]), static_cast<float>(v[0]),
                             static_cast<float>(v[1]), static_cast<float>(v[2])));
}

float scaled_step(float step_m, std::int8_t exponent) {
  return step_m * std::exp2(static_cast<float>(exponent) / 8.0f);
}

std::int8_t step_exponent(float step_m, float step) {
  const float exponent = std::floor(8.0f * std::log2(step / step_m));
  return static_cast<std::int8_t>(std::clamp(exponent, -128.0f, 127.0f));
}

void set_rotation_lane(TrackGroup& group, int i, const RotationTrack& track, float step_m) {
  const Quat centre = unpack_rotation(track.centre);
  group.joints[i] = static_cast<std::int16_t>(track.joint);
  for (int c = 0; c < 4; ++c) group.origin[c][i] = centre[c];
  for (int k = 0; k < 3; ++k) {
    const float step = scaled_step(step_m, track.exponent[k]) / 127.0f;
    const Quat tangent = centre * Quat(0.0f, static_cast<float>(track.direction[k][0]) * step,
                                       static_cast<float>(track.direction[k][1]) * step,
                                       static_cast<float>(track.direction[k][2]) * step);
    for (int c = 0; c < 4; ++c) group.columns[k][c][i] = tangent[c];
  }
}

void set_wide_lane(TrackGroup& group, int i, const WideTrack& track, float step_m) {
  group.joints[i] = static_cast<std::int16_t>(track.joint);
  for (int k = 0; k < 4; ++k) group.columns[k][k][i] = scaled_step(step_m, track.exponent);
}

void set_vector_lane(TrackGroup& group, int i, const VectorTrack& track, float step_m) {
  group.joints[i] = static_cast<std::int16_t>(track.joint);
  for (int k = 0; k < 3; ++k) {
    group.columns[k][k][i] = scaled_step(step_m, track.exponent);
    group.origin[k][i] = track.origin[k];
  }
}

}  // namespace canter::detail
