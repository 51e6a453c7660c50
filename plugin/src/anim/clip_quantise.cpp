// Second stage of compression: from motion to integers.
//
// Joints are encoded parents-first and every joint aims at its true place in the model, seen from
// its decoded parent. So rotation errors do not add up down the chain, and what is left of position
// errors is made up for as far as a rotation can: the error at a fingertip stays near one step.

#define GLM_ENABLE_EXPERIMENTAL
#include <algorithm>
#include <cmath>
#include <glm/gtx/matrix_operation.hpp>

#include "anim/clip_encode.h"
#include "anim/eigen3.h"

namespace canter::detail {
namespace {

using Values = std::vector<float>;  // [frames, components] in steps

struct Frames {
  int used = 0;    // in the clip
  int padded = 0;  // whole blocks and the key behind them
  int levels = 0;
};

Frames frames_of(const RawClip& raw, int levels) {
  const int block = 1 << levels;
  const int blocks = (raw.num_frames() - 1 + block - 1) / block;
  return {raw.num_frames(), blocks * block + 1, levels};
}

// Frames behind the end continue the motion, so that the last keys cost no large corrections.
void extend(Values& values, const Frames& frames, int components) {
  const int back = std::min(frames.used - 1, 1 << std::max(frames.levels - 1, 0));
  const auto at = [&](int f, int c) -> float& {
    return values[static_cast<std::size_t>(f * components + c)];
  };
  for (int f = frames.used; f < frames.padded; ++f)
    for (int c = 0; c < components; ++c) {
      const float last = at(frames.used - 1, c);
      const float slope = (last - at(frames.used - 1 - back, c)) / static_cast<float>(back);
      at(f, c) = last + slope * static_cast<float>(f - frames.used + 1);
    }
}

// Replaces values by what the integers decode to.
std::vector<std::int32_t> round_hierarchically(Values& values, const Frames& frames,
                                               int components) {
  constexpr float kLimit = 1 << 26;  // beyond what pack() accepts, still exact in int32
  std::vector<std::int32_t> numbers(values.size());
  const auto round_at = [&](std::size_t i, float prediction) {
    const float n = std::round(std::clamp(values[i] - prediction, -kLimit, kLimit));
    numbers[i] = static_cast<std::int32_t>(n);
    values[i] = prediction + n;
  };
  const auto c = static_cast<std::size_t>(components);
  const auto padded = static_cast<std::size_t>(frames.padded);
  const std::size_t block = std::size_t{1} << frames.levels;
  for (std::size_t f = 0; f < padded; f += block)
    for (std::size_t k = 0; k < c; ++k) round_at(f * c + k, 0.0f);
  for (std::size_t half = block / 2; half >= 1; half /= 2)
    for (std::size_t f = half; f < padded; f += 2 * half)
      for (std::size_t k = 0; k < c; ++k) {
        const float line = 0.5f * (values[(f - half) * c + k] + values[(f + half) * c + k]);
        // Frames behind the end need no correction.
        if (f < static_cast<std::size_t>(frames.used))
          round_at(f * c + k, line);
        else
          values[f * c + k] = line;
      }
  return numbers;
}

// --- the bases of rotation tracks

Vec3 tangent(const Quat& centre, const Quat& q) {
  const Quat d = glm::conjugate(centre) * q;
  return d.w < 0.0f ? Vec3(-d.x, -d.y, -d.z) : Vec3(d.x, d.y, d.z);
}

// What the integers have to describe: the motion itself, or with levels its bends.
Mat3 covariance(const RawClip& raw, std::size_t joint, const Quat& centre, int levels) {
  const auto at = [&](int f) { return tangent(centre, raw.frame(f)[joint].rotation); };
  const int n = raw.num_frames();
  Mat3 sum(1e-12f);
  for (int f = 0; f < n; ++f) {
    Vec3 d = at(f);
    if (levels > 0) {
      if (f == 0 || f == n - 1) continue;
      d -= 0.5f * (at(f - 1) + at(f + 1));
    }
    sum += glm::outerProduct(d, d);
  }
  return sum;
}

// Axes and steps for which rounding costs equally little in the model and the numbers of the track
// are uncorrelated: the principal axes of the motion where distances are measured in metres moved.
RotationTrack choose_basis(const RawClip& raw, int joint, const JointPlan& plan,
                           const JointReach& reach, int levels) {
  RotationTrack track;
  track.joint = static_cast<std::uint16_t>(joint);
  track.centre = pack_rotation(plan.still.rotation);

  const Mat3 to_metres =
      reach.axes * glm::diagonal3x3(2.0f * reach.levers) * glm::transpose(reach.axes);
  const Mat3 motion = covariance(raw, static_cast<std::size_t>(joint), plan.still.rotation, levels);
  const Mat3 basis =
      glm::inverse(to_metres) * eigenvectors(to_metres * motion * glm::transpose(to_metres));
  for (int k = 0; k < 3; ++k) {
    const float length = glm::length(basis[k]);
    track.exponent[k] = step_exponent(1.0f, length);
    for (int c = 0; c < 3; ++c)
      track.direction[k][c] = static_cast<std::int8_t>(std::lround(127.0f * basis[k][c] / length));
  }
  return track;
}

// The basis as it will be decoded, in the tangent space of the centre.
Mat3 decoded_basis(const RotationTrack& track, float step_m) {
  Mat3 basis;
  for (int k = 0; k < 3; ++k) {
    const float step = scaled_step(step_m, track.exponent[k]) / 127.0f;
    for (int c = 0; c < 3; ++c) basis[k][c] = static_cast<float>(track.direction[k][c]) * step;
  }
  return basis;
}

// --- one joint at a time

class Quantiser {
 public:
  Quantiser(const QuantiseInput& in, float step_m, int levels, ModelMotion& decoded)
      : in_(in), decoded_(decoded), frames_(frames_of(in.raw, levels)) {
    clip_.step_m = step_m;
    clip_.levels = levels;
    const std::size_t n = in.truth.rotations.size();
    decoded_.rotations.resize(n);
    decoded_.positions.resize(n);
  }

  EncodedClip run() {
    for (int joint = 0; joint < in_.raw.num_joints; ++joint) {
      place_joint(joint);
      turn_joint(joint);
      if (plan(joint).scales) scale_joint(joint);
    }
    return std::move(clip_);
  }

 private:
  const JointPlan& plan(int joint) const { return in_.plans[static_cast<std::size_t>(joint)]; }
  std::size_t at(int joint, int frame) const {
    return static_cast<std::size_t>(joint) * static_cast<std::size_t>(frames_.used) +
           static_cast<std::size_t>(frame);
  }
  const Transform& key(int joint, int frame) const {
    return in_.raw.frame(frame)[static_cast<std::size_t>(joint)];
  }
  Quat parent_rotation(int joint, int frame) const {
    const int parent = in_.skeleton.parent(joint);
    return parent < 0 ? kIdentityRotation : decoded_.rotations[at(parent, frame)];
  }
  Vec3 parent_position(int joint, int frame) const {
    const int parent = in_.skeleton.parent(joint);
    return parent < 0 ? Vec3(0.0f) : decoded_.positions[at(parent, frame)];
  }

  EncodedTrack& add_track(TrackKind kind, int joint) {
    clip_.tracks.emplace_back();
    clip_.tracks.back().kind = kind;
    clip_.tracks.back().joint = joint;
    return clip_.tracks.back();
  }

  // Rounds targets given per frame in units of the track's own step.
  template <class Target>
  Values encode(EncodedTrack& track, Target target) {
    const int components = num_components(track.kind);
    Values values(static_cast<std::size_t>(frames_.padded * components));
    for (int f = 0; f < frames_.used; ++f) {
      const Vec4 v = target(f);
      for (int k = 0; k < components; ++k)
        values[static_cast<std::size_t>(f * components + k)] = v[k];
    }
    extend(values, frames_, components);
    track.numbers = round_hierarchically(values, frames_, components);
    return values;
  }

  VectorTrack vector_track(int joint, const Vec3& origin, float step) const {
    VectorTrack track;
    track.joint = static_cast<std::uint16_t>(joint);
    for (int k = 0; k < 3; ++k) track.origin[k] = origin[k];
    track.exponent = step_exponent(1.0f, step);
    return track;
  }

  // Position of the joint: its own translation track, or what its parents give.
  void place_joint(int joint) {
    Values values;
    VectorTrack record;
    if (plan(joint).translates) {
      record = vector_track(joint, plan(joint).still.translation, kTranslationStep);
      const float step = scaled_step(clip_.step_m, record.exponent);
      EncodedTrack& track = add_track(TrackKind::translation, joint);
      track.vector = record;
      values = encode(track, [&](int f) {
        const Vec3 target =
            in_.make_up ? glm::conjugate(parent_rotation(joint, f)) *
                              (in_.truth.positions[at(joint, f)] - parent_position(joint, f))
                        : key(joint, f).translation;
        return Vec4((target - plan(joint).still.translation) / step, 0.0f);
      });
    }
    const float step = scaled_step(clip_.step_m, record.exponent);
    for (int f = 0; f < frames_.used; ++f) {
      Vec3 local = plan(joint).still.translation;
      if (!values.empty())
        for (int k = 0; k < 3; ++k)
          local[k] = record.origin[k] + step * values[static_cast<std::size_t>(3 * f + k)];
      decoded_.positions[at(joint, f)] =
          parent_position(joint, f) + parent_rotation(joint, f) * local;
    }
  }

  // Rotation that puts what hangs on the joint where it truly is, seen from the decoded parent.
  Quat local_target(int joint, int f) const {
    if (!in_.make_up) return key(joint, f).rotation;
    const Quat& truth = in_.truth.rotations[at(joint, f)];
    const Vec3 error = decoded_.positions[at(joint, f)] - in_.truth.positions[at(joint, f)];
    const Vec3 turn =
        in_.reach[static_cast<std::size_t>(joint)].make_up * (glm::conjugate(truth) * error);
    return glm::conjugate(parent_rotation(joint, f)) * (truth * exp_rotation(turn));
  }

  void turn_joint(int joint) {
    if (!plan(joint).rotates) {
      for (int f = 0; f < frames_.used; ++f)
        set_model_rotation(joint, f, plan(joint).still.rotation);
    } else if (plan(joint).wide) {
      turn_wide(joint);
    } else {
      turn_near_centre(joint);
    }
  }

  void turn_near_centre(int joint) {
    EncodedTrack& track = add_track(TrackKind::rotation, joint);
    track.rotation = choose_basis(in_.raw, joint, plan(joint),
                                  in_.reach[static_cast<std::size_t>(joint)], clip_.levels);
    const Quat centre = unpack_rotation(track.rotation.centre);
    const Mat3 basis = decoded_basis(track.rotation, clip_.step_m);
    const Mat3 to_steps = glm::inverse(basis);
    const Values values = encode(track, [&](int f) {
      return Vec4(to_steps * tangent(centre, local_target(joint, f)), 0.0f);
    });
    for (int f = 0; f < frames_.used; ++f) {
      const float* n = values.data() + 3 * f;
      const Vec3 v = basis * Vec3(n[0], n[1], n[2]);
      const float w = std::sqrt(std::max(0.0f, 1.0f - glm::dot(v, v)));
      set_model_rotation(joint, f, centre * Quat(w, v.x, v.y, v.z));
    }
  }

  void turn_wide(int joint) {
    EncodedTrack& track = add_track(TrackKind::wide, joint);
    const Vec3& levers = in_.reach[static_cast<std::size_t>(joint)].levers;
    const float lever = std::max({levers.x, levers.y, levers.z});
    track.wide.joint = static_cast<std::uint16_t>(joint);
    track.wide.exponent = step_exponent(1.0f, 0.5f / lever);
    const float step = scaled_step(clip_.step_m, track.wide.exponent);
    Quat last = key(joint, 0).rotation;
    const Values values = encode(track, [&](int f) {
      // One hemisphere from frame to frame, so that lines between frames are short.
      Quat q = local_target(joint, f);
      if (glm::dot(last, q) < 0.0f) q = -q;
      last = q;
      return Vec4(q.x, q.y, q.z, q.w) / step;
    });
    for (int f = 0; f < frames_.used; ++f) {
      const float* n = values.data() + 4 * f;
      set_model_rotation(joint, f, glm::normalize(Quat(n[3], n[0], n[1], n[2])));
    }
  }

  void scale_joint(int joint) {
    // A scale moves what hangs on the joint as a rotation does: by the length it acts on.
    EncodedTrack& track = add_track(TrackKind::scale, joint);
    track.vector = vector_track(joint, plan(joint).still.scale, kScaleStep);
    const float step = scaled_step(clip_.step_m, track.vector.exponent);
    encode(track, [&](int f) {
      return Vec4((key(joint, f).scale - plan(joint).still.scale) / step, 0.0f);
    });
  }

  void set_model_rotation(int joint, int f, const Quat& local) {
    decoded_.rotations[at(joint, f)] = glm::normalize(parent_rotation(joint, f) * local);
  }

  static constexpr float kTranslationStep = 1.0f;
  static constexpr float kScaleStep = 1.0f;

  const QuantiseInput& in_;
  ModelMotion& decoded_;
  Frames frames_;
  EncodedClip clip_;
};

}  // namespace

ModelMotion model_motion(const RawClip& raw, const Skeleton& skeleton) {
  const auto frames = static_cast<std::size_t>(raw.num_frames());
  ModelMotion motion;
  motion.rotations.resize(frames * static_cast<std::size_t>(raw.num_joints));
  motion.positions.resize(motion.rotations.size());
  for (std::size_t j = 0; j < static_cast<std::size_t>(raw.num_joints); ++j) {
    const int parent = skeleton.parent(static_cast<int>(j));
    for (std::size_t f = 0; f < frames; ++f) {
      Transform t = raw.frame(static_cast<int>(f))[j];
      if (parent >= 0) {
        const std::size_t above = static_cast<std::size_t>(parent) * frames + f;
        t.translation = motion.positions[above] + motion.rotations[above] * t.translation;
        t.rotation = motion.rotations[above] * t.rotation;
      }
      motion.rotations[j * frames + f] = glm::normalize(t.rotation);
      motion.positions[j * frames + f] = t.translation;
    }
  }
  return motion;
}

EncodedClip quantise(const QuantiseInput& in, float step_m, int levels, ModelMotion* decoded) {
  ModelMotion scratch;
  return Quantiser(in, step_m, levels, decoded != nullptr ? *decoded : scratch).run();
}

}  // namespace canter::detail
