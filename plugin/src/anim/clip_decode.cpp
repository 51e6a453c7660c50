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
  const int joint = group.joint(i);
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

Records records_at(const ClipTables& clip, FrameTime time) {
  const int last_block = std::max(clip.num_blocks() - 1, 0);
  const int block = std::min(time.index >> clip.levels, last_block);
  const int in_block = time.index - (block << clip.levels);
  const float u = static_cast<float>(in_block) + time.alpha;  // frames since the key

  const Segment& segment = clip.segments[static_cast<std::size_t>(block >> clip.segment_shift)];
  const std::byte* key =
      clip.data.data() + clip.keys + static_cast<std::size_t>(block) * clip.key_bytes;
  Records out;
  out.widths = clip.widths.data() + segment.widths;
  out.data[0] = key;
  out.weights[0] = 1.0f;
  out.count = 1;
  if (!(u > 0.0f)) return out;

  const float across = u * clip.blocks_per_frame();
  out.weights[0] = 1.0f - across;
  out.data[1] = key + clip.key_bytes;
  out.weights[1] = across;
  out.count = 2 + clip.levels;
  const int block_in_segment = block & ((1 << clip.segment_shift) - 1);
  const std::byte* record = clip.data.data() + segment.blocks +
                            static_cast<std::size_t>(block_in_segment) * segment.block_bytes;
  // In units of the distance from a correction to its neighbours one level up.
  float position = 2.0f * across;
  for (int level = 0; level < clip.levels; ++level) {
    const auto l = static_cast<std::size_t>(level);
    const int node = std::min(in_block >> (clip.levels - level), (1 << level) - 1);
    out.data[2 + l] = record + static_cast<std::size_t>(node) * segment.record_bytes[l];
    out.weights[2 + l] =
        std::max(0.0f, 1.0f - std::abs(position - static_cast<float>(2 * node + 1)));
    record += static_cast<std::size_t>(segment.record_bytes[l]) << level;
    position *= 2.0f;
  }
  return out;
}

void decode_reference(const ClipTables& clip, const Records& records, PoseView out) {
  std::ranges::copy(clip.rotations.still, out.rotations);
  std::ranges::copy(clip.translations.still, out.translations);
  if (out.scales != nullptr) std::ranges::copy(clip.scales.still, out.scales);

  std::array<const std::byte*, kMaxRecords> at = records.data;
  const RowWidths* widths = records.widths;
  for (const TrackGroup& group : clip.groups) {
    Vec4 sums[kGroupLanes] = {};
    for (int k = 0; k < num_components(group.kind); ++k, ++widths) {
      for (std::size_t r = 0; r < static_cast<std::size_t>(records.count); ++r) {
        const int width = (*widths)[r];
        for (int i = 0; i < group.lanes && width > 0; ++i) {
          const auto bit = static_cast<std::size_t>(i * width);
          const auto n = static_cast<float>(read_signed(at[r], bit, width));
          sums[i] += lane(group.columns[k], i) * (n * records.weights[r]);
        }
        at[r] += row_bytes(group.lanes, width);
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
  group.set_joint(i, track.joint);
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
  group.set_joint(i, track.joint);
  for (int k = 0; k < 4; ++k) group.columns[k][k][i] = scaled_step(step_m, track.exponent);
}

void set_vector_lane(TrackGroup& group, int i, const VectorTrack& track, float step_m) {
  group.set_joint(i, track.joint);
  for (int k = 0; k < 3; ++k) {
    group.columns[k][k][i] = scaled_step(step_m, track.exponent);
    group.origin[k][i] = track.origin[k];
  }
}

}  // namespace canter::detail
