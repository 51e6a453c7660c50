#include "canter/anim/clip.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

#include "anim/clip_format.h"
#include "anim/pose_kernels.h"
#include "canter/anim/blend.h"
#include "canter/base/bytes.h"

namespace canter {

struct ClipAccess {
  static Clip make(const detail::PayloadHeader& header, detail::ClipTables tables) {
    Clip clip;
    clip.num_joints_ = header.num_joints;
    clip.num_frames_ = tables.num_frames;
    clip.rate_hz_ = header.rate_hz;
    clip.loop_ = header.loop != 0;
    clip.skeleton_hash_ = header.skeleton_hash;
    clip.tables_ = std::make_shared<const detail::ClipTables>(std::move(tables));
    return clip;
  }
};

namespace detail {
namespace {

constexpr std::uint32_t kMaxFrames = 1u << 24;
constexpr float kMaxStep_m = 1e6f;  // far from overflow after all scaling

// Reads the compressed bytes stage by stage; the reader remembers the first thing wrong.
class Loader {
 public:
  Loader(std::span<const std::byte> bytes, const Skeleton& skeleton)
      : bytes_(bytes), skeleton_(skeleton), in_(bytes, "clip") {}

  Result<Clip> load() {
    read_header();
    if (in_.ok()) start_from_rest_pose();
    read_constants();
    read_tracks();
    read_keys();
    read_segments();
    if (in_.ok() && in_.remaining() != 0)
      in_.fail(ErrorCode::bad_format,
               std::to_string(in_.remaining()) + " bytes follow the last frame; expected none");
    if (!in_.ok()) return in_.error();
    tables_.data.reserve(bytes_.size() + kReadPadding);
    tables_.data.assign(bytes_.begin(), bytes_.end());
    tables_.data.resize(bytes_.size() + kReadPadding);
    tables_.data_bytes = bytes_.size();
    return ClipAccess::make(header_, std::move(tables_));
  }

 private:
  void refuse(const std::string& message) { in_.fail(ErrorCode::bad_value, message); }

  void read_header() {
    header_ = in_.get<PayloadHeader>("header");
    if (!in_.ok()) return;
    if (header_.skeleton_hash != skeleton_.hash())
      return refuse("the clip was made for another skeleton (its hash differs)");
    if (header_.num_joints != skeleton_.num_joints())
      return refuse("the clip moves " + std::to_string(header_.num_joints) +
                    " joints, its skeleton has " + std::to_string(skeleton_.num_joints()));
    if (header_.num_frames < 1 || header_.num_frames > kMaxFrames)
      return refuse("the clip has " + std::to_string(header_.num_frames) +
                    " frames; expected 1 to " + std::to_string(kMaxFrames));
    if (!(header_.rate_hz > 0.0f) || !std::isfinite(header_.rate_hz))
      return refuse("the frame rate is not a positive number");
    if (!(header_.step_m > 0.0f) || !(header_.step_m < kMaxStep_m))
      return refuse("the step is not a positive number of metres below 1e6");
    if (header_.levels > kMaxLevels)
      return refuse("the clip has " + std::to_string(header_.levels) + " levels; at most " +
                    std::to_string(kMaxLevels) + " are possible");
    if (!std::has_single_bit(header_.segment_blocks) || header_.segment_blocks > kMaxFrames)
      return refuse("segments of " + std::to_string(header_.segment_blocks) +
                    " blocks; expected a power of two up to " + std::to_string(kMaxFrames));
    tables_.num_frames = static_cast<int>(header_.num_frames);
    tables_.levels = header_.levels;
    tables_.segment_shift = std::countr_zero(header_.segment_blocks);
  }

  void start_from_rest_pose() {
    const auto padded = static_cast<std::size_t>(padded_joints(skeleton_.num_joints()));
    start_stream(tables_.rotations, padded, kIdentityRotation);
    start_stream(tables_.translations, padded, Vec4(0.0f));
    if (skeleton_.has_scale()) start_stream(tables_.scales, padded, Vec4(1.0f));
    for (std::size_t j = 0; j < skeleton_.rest_pose().size(); ++j) {
      const Transform& rest = skeleton_.rest_pose()[j];
      tables_.rotations.still[j] = rest.rotation;
      tables_.translations.still[j] = Vec4(rest.translation, 0.0f);
      if (skeleton_.has_scale()) tables_.scales.still[j] = Vec4(rest.scale, 1.0f);
    }
  }

  template <class T>
  static void start_stream(ClipStream<T>& stream, std::size_t padded_joints, const T& value) {
    stream.still.assign(padded_joints, value);
    stream.moving.masks.assign(padded_joints / kLineJoints, 0);
  }

  MovingLines& moving_lines(TrackKind kind) {
    if (kind == TrackKind::translation) return tables_.translations.moving;
    return kind == TrackKind::scale ? tables_.scales.moving : tables_.rotations.moving;
  }
  static void list_lines(MovingLines& moving) {
    for (std::size_t line = 0; line < moving.masks.size(); ++line)
      if (moving.masks[line] != 0) moving.lines.push_back(static_cast<std::uint16_t>(line));
  }

  std::size_t checked_joint(std::uint16_t joint) {
    if (joint < skeleton_.num_joints()) return joint;
    refuse("joint " + std::to_string(joint) + " of " + std::to_string(skeleton_.num_joints()));
    return 0;
  }
  Vec3 checked(const Vec3& v) {
    if (std::isfinite(v.x + v.y + v.z)) return v;
    refuse("a translation or scale is not finite");
    return Vec3(0.0f);
  }
  void check_scale_allowed(std::size_t count) {
    if (count > 0 && !skeleton_.has_scale())
      refuse("the clip animates scale, its skeleton has none");
  }

  void read_constants() {
    for (int i = 0; i < header_.num_constants[0] && in_.ok(); ++i) {
      const auto constant = in_.get<ConstantRotation>("constant rotation");
      tables_.rotations.still[checked_joint(constant.joint)] = unpack_rotation(constant.rotation);
    }
    for (int i = 0; i < header_.num_constants[1] && in_.ok(); ++i) {
      const auto constant = in_.get<ConstantVector>("constant translation");
      tables_.translations.still[checked_joint(constant.joint)] =
          Vec4(checked({constant.value[0], constant.value[1], constant.value[2]}), 0.0f);
    }
    check_scale_allowed(header_.num_constants[2]);
    for (int i = 0; i < header_.num_constants[2] && in_.ok(); ++i) {
      const auto constant = in_.get<ConstantVector>("constant scale");
      tables_.scales.still[checked_joint(constant.joint)] =
          Vec4(checked({constant.value[0], constant.value[1], constant.value[2]}), 1.0f);
    }
  }

  void read_tracks() {
    check_scale_allowed(header_.num_tracks[static_cast<std::size_t>(TrackKind::scale)]);
    for (int kind = 0; kind < kNumTrackKinds && in_.ok(); ++kind)
      for (int i = 0; i < header_.num_tracks[static_cast<std::size_t>(kind)] && in_.ok(); ++i)
        read_track(static_cast<TrackKind>(kind), i % kGroupLanes);
    if (!in_.ok()) return;
    for (const TrackGroup& group : tables_.groups)
      for (int i = 0; i < group.lanes; ++i)
        moving_lines(group.kind).masks[static_cast<std::size_t>(group.joint(i) / kLineJoints)] = -1;
    list_lines(tables_.rotations.moving);
    list_lines(tables_.translations.moving);
    list_lines(tables_.scales.moving);
  }

  void read_track(TrackKind kind, int lane) {
    if (lane == 0) {
      tables_.groups.push_back({});
      tables_.groups.back().kind = kind;
      tables_.num_rows += num_components(kind);
    }
    TrackGroup& group = tables_.groups.back();
    group.lanes = static_cast<std::uint8_t>(lane + 1);
    if (kind == TrackKind::rotation) {
      const auto track = in_.get<RotationTrack>("rotation track");
      checked_joint(track.joint);
      set_rotation_lane(group, lane, track, header_.step_m);
    } else if (kind == TrackKind::wide) {
      const auto track = in_.get<WideTrack>("rotation track");
      checked_joint(track.joint);
      set_wide_lane(group, lane, track, header_.step_m);
    } else {
      const auto track = in_.get<VectorTrack>("translation or scale track");
      checked_joint(track.joint);
      checked({track.origin[0], track.origin[1], track.origin[2]});
      set_vector_lane(group, lane, track, header_.step_m);
    }
  }

  // Bytes of one record whose rows have these widths; refuses a width out of range.
  std::uint32_t record_bytes(std::span<const std::byte> widths) {
    std::size_t bytes = 0;
    std::size_t row = 0;
    for (const TrackGroup& group : tables_.groups)
      for (int k = 0; k < num_components(group.kind) && in_.ok(); ++k, ++row) {
        const auto width = static_cast<int>(widths[row]);
        if (width > kMaxWidth) {
          refuse("a row of " + std::to_string(width) + " bits; at most " +
                 std::to_string(kMaxWidth) + " are possible");
          return 0;
        }
        bytes += row_bytes(group.lanes, width);
      }
    return static_cast<std::uint32_t>(bytes);
  }

  void read_keys() {
    if (!in_.ok()) return;
    key_widths_ = in_.get_bytes(static_cast<std::size_t>(tables_.num_rows), "key widths");
    if (!in_.ok()) return;
    tables_.key_bytes = record_bytes(key_widths_);
    tables_.keys = static_cast<std::uint32_t>(in_.position());
    in_.get_bytes(tables_.key_bytes * (static_cast<std::size_t>(tables_.num_blocks()) + 1), "keys");
  }

  void read_segments() {
    // Without corrections, or without tracks, one description serves all blocks.
    if (tables_.levels == 0 || tables_.num_rows == 0 || tables_.num_blocks() == 0)
      tables_.segment_shift = std::countr_zero(kMaxFrames);
    const int blocks = std::max(tables_.num_blocks(), 1);
    const int per_segment = 1 << tables_.segment_shift;
    for (int first = 0; first < blocks && in_.ok(); first += per_segment)
      read_segment(tables_.num_blocks() == 0 ? 0 : std::min(per_segment, blocks - first));
  }

  void read_segment(int num_blocks) {
    const auto rows = static_cast<std::size_t>(tables_.num_rows);
    const int levels = num_blocks > 0 ? tables_.levels : 0;
    Segment segment;
    const auto widths = in_.get_bytes(rows * static_cast<std::size_t>(levels), "correction widths");
    for (int level = 0; level < levels && in_.ok(); ++level) {
      const std::uint32_t bytes =
          record_bytes(widths.subspan(static_cast<std::size_t>(level) * rows, rows));
      segment.record_bytes[static_cast<std::size_t>(level)] = bytes;
      segment.block_bytes += bytes << level;
    }
    segment.blocks = static_cast<std::uint32_t>(in_.position());
    in_.get_bytes(
        static_cast<std::size_t>(segment.block_bytes) * static_cast<std::size_t>(num_blocks),
        "corrections");
    if (!in_.ok()) return;
    segment.widths = static_cast<std::uint32_t>(tables_.widths.size());
    for (std::size_t row = 0; row < rows; ++row) {
      RowWidths all{};
      all[0] = all[1] = static_cast<std::uint8_t>(key_widths_[row]);
      for (std::size_t level = 0; level < static_cast<std::size_t>(levels); ++level)
        all[2 + level] = static_cast<std::uint8_t>(widths[level * rows + row]);
      tables_.widths.push_back(all);
    }
    tables_.segments.push_back(segment);
  }

  std::span<const std::byte> bytes_;
  const Skeleton& skeleton_;
  ByteReader in_;
  std::span<const std::byte> key_widths_;
  PayloadHeader header_;
  ClipTables tables_;
};

template <class T>
std::size_t resident_bytes_of(const ClipStream<T>& stream) {
  return stream.still.size() * sizeof(T) +
         stream.moving.lines.size() * sizeof(stream.moving.lines[0]) +
         stream.moving.masks.size() * sizeof(stream.moving.masks[0]);
}

}  // namespace
}  // namespace detail

std::size_t Clip::size_bytes() const {
  return tables_ == nullptr ? 0 : tables_->data_bytes;
}

std::span<const std::byte> Clip::data() const {
  return tables_ == nullptr ? std::span<const std::byte>()
                            : std::span(tables_->data).first(tables_->data_bytes);
}

std::size_t Clip::resident_bytes() const {
  if (tables_ == nullptr) return sizeof(Clip);
  return sizeof(Clip) + sizeof(detail::ClipTables) + tables_->data.capacity() +
         tables_->groups.size() * sizeof(detail::TrackGroup) +
         tables_->segments.size() * sizeof(detail::Segment) +
         tables_->widths.size() * sizeof(detail::RowWidths) +
         detail::resident_bytes_of(tables_->rotations) +
         detail::resident_bytes_of(tables_->translations) +
         detail::resident_bytes_of(tables_->scales);
}

Result<Clip> load_clip(std::span<const std::byte> bytes, const Skeleton& skeleton) {
  if (bytes.size() > 0xffffffffu - detail::kReadPadding)
    return Error{ErrorCode::limit, "clip: more than 4 GB"};
  return detail::Loader(bytes, skeleton).load();
}

namespace {

detail::Records records_of(const Clip& clip, float time_s) {
  const FrameTime time = frame_time(time_s, clip.rate_hz(), clip.num_frames(), clip.loop());
  return detail::records_at(clip.tables(), time);
}

// A clip at a time: decodes what moves into `scratch` and points at the clip for the rest.
detail::LinePose sample_lines(const Clip& clip, float time_s, PoseView scratch) {
  const detail::ClipTables& tables = clip.tables();
  detail::decode_moving_simd(tables, records_of(clip, time_s), scratch);
  detail::LinePose pose;
  pose.rotations = {&tables.rotations.still[0].x, &scratch.rotations[0].x,
                    tables.rotations.moving.masks.data()};
  pose.translations = {&tables.translations.still[0].x, &scratch.translations[0].x,
                       tables.translations.moving.masks.data()};
  if (scratch.scales != nullptr)
    pose.scales = {&tables.scales.still[0].x, &scratch.scales[0].x,
                   tables.scales.moving.masks.data()};
  return pose;
}

}  // namespace

void sample(const Clip& clip, float time_s, PoseView out) {
  assert(out.num_joints == clip.num_joints());
  if (clip.num_joints() == 0) return;
  detail::decode_simd(clip.tables(), records_of(clip, time_s), out);
}

void sample_blend(const ClipBlend& what, PoseView scratch_a, PoseView scratch_b, PoseView out) {
  assert(out.num_joints == what.a.num_joints() && out.num_joints == what.b.num_joints());
  if (out.num_joints == 0) return;
  // Beyond both poses the blend is the careful one.
  if (!(what.alpha >= 0.0f && what.alpha <= 1.0f)) {
    sample(what.a, what.time_a_s, scratch_a);
    sample(what.b, what.time_b_s, scratch_b);
    return blend(scratch_a, scratch_b, what.alpha, out);
  }
  detail::blend_lines_simd(sample_lines(what.a, what.time_a_s, scratch_a),
                           sample_lines(what.b, what.time_b_s, scratch_b), what.alpha, out);
}

RawClip decompress(const Clip& clip, const Skeleton& skeleton) {
  RawClip raw;
  raw.rate_hz = clip.rate_hz();
  raw.num_joints = clip.num_joints();
  raw.loop = clip.loop();
  raw.keys.reserve(static_cast<std::size_t>(clip.num_frames()) *
                   static_cast<std::size_t>(clip.num_joints()));
  Pose pose(skeleton);
  for (int f = 0; f < clip.num_frames(); ++f) {
    detail::decode_reference(clip.tables(), detail::records_at(clip.tables(), {f, 0.0f}), pose);
    for (int j = 0; j < clip.num_joints(); ++j) raw.keys.push_back(pose.get(j));
  }
  return raw;
}

}  // namespace canter
