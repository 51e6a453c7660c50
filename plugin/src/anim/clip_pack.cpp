// Last stage of compression: from integers to bytes.

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <numeric>

#include "anim/clip_encode.h"
#include "canter/base/bytes.h"

namespace canter::detail {
namespace {

int bits_needed(std::int32_t n) {
  // Two's complement: one bit beyond the magnitude; zero needs none.
  const auto magnitude = static_cast<std::uint32_t>(n < 0 ? ~n : n);
  return n == 0 ? 0 : std::bit_width(magnitude) + 1;
}

class BitWriter {
 public:
  void put(std::int32_t value, int width) {
    for (int i = 0; i < width; ++i, ++bit_) {
      if (bit_ % 8 == 0) bytes_.push_back(std::byte{0});
      if ((value >> i & 1) != 0) bytes_.back() |= static_cast<std::byte>(1u << (bit_ % 8));
    }
  }
  /// The next value starts on a byte.
  void align() { bit_ = bytes_.size() * 8; }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
  std::size_t bit_ = 0;
};

// Tracks that share rows.
struct Group {
  TrackKind kind = TrackKind::rotation;
  std::vector<const EncodedTrack*> lanes;
};

using Widths = std::vector<std::uint8_t>;  // [rows]

class Packer {
 public:
  Packer(const EncodedClip& clip, int num_frames) : clip_(clip) {
    block_ = 1 << clip.levels;
    blocks_ = (num_frames - 1 + block_ - 1) / block_;
    make_groups();
    measure_widths();
  }

  bool fits() const { return widest_ <= kMaxWidth; }
  const std::vector<Group>& groups() const { return groups_; }
  int segment_shift() const { return segment_shift_; }

  void choose_segments() {
    std::size_t best = 0;
    for (int shift = 0;; ++shift) {
      const std::size_t bytes = corrections_bytes(1 << shift);
      if (shift == 0 || bytes < best) {
        best = bytes;
        segment_shift_ = shift;
      }
      if (1 << shift >= blocks_) break;
    }
  }

  void write(ByteWriter& out) const {
    const Widths keys = widths_over(key_widths_, 0, blocks_ + 1, 1);
    out.put_all(keys);
    BitWriter bits;
    for (int b = 0; b <= blocks_; ++b) write_record(bits, b * block_, keys);
    out.put_all(bits.bytes());
    if (clip_.levels == 0) return;
    const int per_segment = 1 << segment_shift_;
    for (int first = 0; first < blocks_; first += per_segment)
      write_segment(out, first, std::min(per_segment, blocks_ - first));
  }

 private:
  void make_groups() {
    for (int kind = 0; kind < kNumTrackKinds; ++kind) {
      std::vector<const EncodedTrack*> tracks;
      for (const EncodedTrack& track : clip_.tracks)
        if (track.kind == static_cast<TrackKind>(kind)) tracks.push_back(&track);
      // Tracks of like width together: a row is as wide as its widest lane.
      std::vector<double> costs(tracks.size());
      for (std::size_t i = 0; i < tracks.size(); ++i) costs[i] = cost(*tracks[i]);
      std::vector<std::size_t> order(tracks.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return costs[a] > costs[b]; });
      for (std::size_t i = 0; i < order.size(); ++i) {
        if (i % kGroupLanes == 0) groups_.push_back({static_cast<TrackKind>(kind), {}});
        groups_.back().lanes.push_back(tracks[order[i]]);
      }
    }
    for (const Group& group : groups_) rows_ += num_components(group.kind);
  }

  static double cost(const EncodedTrack& track) {
    double bits = 0.0;
    for (const std::int32_t n : track.numbers) bits += bits_needed(n);
    return bits;
  }

  // Bits per row of every record: keys, and per level every correction frame.
  void measure_widths() {
    key_widths_.resize(static_cast<std::size_t>((blocks_ + 1) * rows_));
    frame_widths_.resize(static_cast<std::size_t>(blocks_ * block_ * rows_));
    for (int f = 0; f <= blocks_ * block_; ++f) {
      const bool is_key = f % block_ == 0;
      std::uint8_t* widths =
          is_key ? key_widths_.data() + f / block_ * rows_ : frame_widths_.data() + f * rows_;
      int row = 0;
      for (const Group& group : groups_) {
        const int components = num_components(group.kind);
        for (int k = 0; k < components; ++k, ++row)
          for (const EncodedTrack* track : group.lanes) {
            const int bits =
                bits_needed(track->numbers[static_cast<std::size_t>(f * components + k)]);
            widths[row] = std::max(widths[row], static_cast<std::uint8_t>(bits));
            widest_ = std::max(widest_, bits);
          }
      }
    }
  }

  // Largest widths of the records first, first + stride, … (`count` of them).
  Widths widths_over(const std::vector<std::uint8_t>& all, int first, int count, int stride) const {
    Widths widest(static_cast<std::size_t>(rows_));
    for (int i = 0; i < count; ++i) {
      const std::uint8_t* one = all.data() + (first + i * stride) * rows_;
      for (int row = 0; row < rows_; ++row)
        widest[static_cast<std::size_t>(row)] =
            std::max(widest[static_cast<std::size_t>(row)], one[row]);
    }
    return widest;
  }
  // Corrections of one level in a run of blocks.
  Widths level_widths(int level, int first_block, int count) const {
    const int half = block_ >> (level + 1);
    return widths_over(frame_widths_, first_block * block_ + half, count << level, 2 * half);
  }

  std::size_t record_bytes(const Widths& widths) const {
    std::size_t bytes = 0;
    std::size_t row = 0;
    for (const Group& group : groups_)
      for (int k = 0; k < num_components(group.kind); ++k)
        bytes += row_bytes(static_cast<int>(group.lanes.size()), widths[row++]);
    return bytes;
  }

  std::size_t corrections_bytes(int segment_blocks) const {
    std::size_t bytes = 0;
    for (int first = 0; first < blocks_; first += segment_blocks) {
      const int count = std::min(segment_blocks, blocks_ - first);
      for (int level = 0; level < clip_.levels; ++level)
        bytes += static_cast<std::size_t>(rows_) +
                 (record_bytes(level_widths(level, first, count)) * static_cast<std::size_t>(count)
                  << level);
    }
    return bytes;
  }

  void write_record(BitWriter& bits, int frame, const Widths& widths) const {
    std::size_t row = 0;
    for (const Group& group : groups_) {
      const int components = num_components(group.kind);
      for (int k = 0; k < components; ++k, ++row) {
        for (const EncodedTrack* track : group.lanes)
          bits.put(track->numbers[static_cast<std::size_t>(frame * components + k)], widths[row]);
        bits.align();
      }
    }
  }

  void write_segment(ByteWriter& out, int first, int count) const {
    std::vector<Widths> widths;
    for (int level = 0; level < clip_.levels; ++level) {
      widths.push_back(level_widths(level, first, count));
      out.put_all(widths.back());
    }
    BitWriter bits;
    for (int b = first; b < first + count; ++b)
      for (int level = 0; level < clip_.levels; ++level) {
        const int half = block_ >> (level + 1);
        for (int node = 0; node < 1 << level; ++node)
          write_record(bits, b * block_ + half * (2 * node + 1),
                       widths[static_cast<std::size_t>(level)]);
      }
    out.put_all(bits.bytes());
  }

  const EncodedClip& clip_;
  int block_ = 1;
  int blocks_ = 0;
  int rows_ = 0;
  int widest_ = 0;
  int segment_shift_ = 0;
  std::vector<Group> groups_;
  std::vector<std::uint8_t> key_widths_;    // [blocks + 1, rows]
  std::vector<std::uint8_t> frame_widths_;  // [frames, rows]; keys unused
};

ConstantVector constant_vector(std::size_t joint, const Vec3& v) {
  return {static_cast<std::uint16_t>(joint), {v.x, v.y, v.z}};
}

void write_constants(ByteWriter& out, PayloadHeader& header, const std::vector<JointPlan>& plans) {
  for (std::size_t j = 0; j < plans.size(); ++j)
    if (!plans[j].rotates && !plans[j].rotation_is_rest) {
      out.put(
          ConstantRotation{static_cast<std::uint16_t>(j), pack_rotation(plans[j].still.rotation)});
      ++header.num_constants[0];
    }
  for (std::size_t j = 0; j < plans.size(); ++j)
    if (!plans[j].translates && !plans[j].translation_is_rest) {
      out.put(constant_vector(j, plans[j].still.translation));
      ++header.num_constants[1];
    }
  for (std::size_t j = 0; j < plans.size(); ++j)
    if (!plans[j].scales && !plans[j].scale_is_rest) {
      out.put(constant_vector(j, plans[j].still.scale));
      ++header.num_constants[2];
    }
}

void write_tracks(ByteWriter& out, PayloadHeader& header, const std::vector<Group>& groups) {
  for (const Group& group : groups)
    for (const EncodedTrack* track : group.lanes) {
      ++header.num_tracks[static_cast<std::size_t>(group.kind)];
      if (group.kind == TrackKind::rotation)
        out.put(track->rotation);
      else if (group.kind == TrackKind::wide)
        out.put(track->wide);
      else
        out.put(track->vector);
    }
}

}  // namespace

std::vector<std::byte> pack(const EncodedClip& clip, const RawClip& raw, const Skeleton& skeleton,
                            const std::vector<JointPlan>& plans) {
  Packer packer(clip, raw.num_frames());
  if (!packer.fits()) return {};
  packer.choose_segments();

  PayloadHeader header;
  header.skeleton_hash = skeleton.hash();
  header.num_frames = static_cast<std::uint32_t>(raw.num_frames());
  header.rate_hz = raw.rate_hz;
  header.step_m = clip.step_m;
  header.num_joints = static_cast<std::uint16_t>(raw.num_joints);
  header.loop = raw.loop ? 1 : 0;
  header.levels = static_cast<std::uint8_t>(clip.levels);
  header.segment_blocks = 1u << packer.segment_shift();

  ByteWriter tables;
  write_constants(tables, header, plans);
  write_tracks(tables, header, packer.groups());
  const std::vector<std::byte> table_bytes = tables.take();

  ByteWriter out;
  out.put(header);
  out.put_all(table_bytes);
  packer.write(out);
  return out.take();
}

}  // namespace canter::detail
