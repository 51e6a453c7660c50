#include <algorithm>
#include <cmath>

#include "generate/clips.h"
#include "generate/curves.h"

namespace canter::generate {
namespace {

constexpr float kGravity = 9.81f;  // m/s²

/// A walk or a run. Angles in degrees here, because that is how gait is read about; shares are of
/// one stride, which starts when the left foot strikes.
struct GaitSettings {
  int frames = 64;           ///< of one stride at kClipRate_hz; even, so that halves mirror exactly
  float speed_m_s = 1.3f;    ///< over the ground
  float contact = 0.60f;     ///< share of the stride a foot is on the ground
  float flat_from = 0.10f;   ///< share at which the sole has come down from the heel
  float flat_to = 0.33f;     ///< share at which the heel leaves the ground
  float strike_deg = 20.0f;  ///< toes up at the strike
  float toe_off_deg = 58.0f;      ///< heel up when the toes leave
  float strike_ahead_m = 0.335f;  ///< ankle before the hips at the strike
  float half_width_m = 0.05f;     ///< of a foot from the line of progression
  float toe_out_deg = 6.0f;
  float strike_forward_m_s = 0.3f;  ///< of the ankle over the ground, just before the strike
  float strike_down_m_s = 0.1f;
  float trail_deg = 4.0f;  ///< toes further down while the heel is high behind, in the swing
  float lift_m = 0.02f;    ///< of the swinging ankle above its smooth path
  float lift_peak = 0.4f;
  float reach = 0.995f;  ///< longest leg, as a share of its straight length
  float bob_m = 0.022f;  ///< half the rise and fall of a walk's hips
  float sway_m = 0.020f;
  float surge_m = 0.010f;
  float pelvis_yaw_deg = 6.0f;
  float pelvis_list_deg = 4.0f;
  float pelvis_tilt_deg = 3.0f;
  float lean_deg = 1.0f;        ///< of the chest, forwards
  float chest_yaw_deg = 6.0f;   ///< against the pelvis' turn
  float arm_swing_deg = 21.0f;  ///< to each side of the mean
  float arm_mean_deg = 3.0f;
  float arm_out_deg = 9.0f;
  float arm_in_deg = 4.0f;  ///< how far the arm crosses inwards in front
  float elbow_deg = 24.0f;
  float elbow_swing_deg = 14.0f;
  float curl_deg = 18.0f;
};

float wave_of(float cycles) {  // 1 at 0, as the cosine
  return std::cos(2.0f * kPi * cycles);
}

/// The feet of a gait: rolling over heel and ball while on the ground, swinging between.
class Steps {
 public:
  Steps(const Rig& rig, const GaitSettings& settings)
      : rig_(rig),
        s_(settings),
        stride_s_(static_cast<float>(settings.frames) / kClipRate_hz),
        stride_m_(settings.speed_m_s * stride_s_) {}

  float stride_m() const { return stride_m_; }

  /// @param cycle  strides since the left foot's strike, any number
  FootPlace foot(Side side, float cycle, FootContacts& contacts) const {
    const float own = cycle + (side == kLeft ? 0.0f : 0.5f);
    const float lap = std::floor(own + 1e-6f);
    const float share = std::max(0.0f, own - lap);
    const float struck = lap - (side == kLeft ? 0.0f : 0.5f);
    contacts.heel[side] = share <= s_.flat_to;
    contacts.ball[side] = share >= s_.flat_from && share <= s_.contact;
    const FootPlace place = share <= s_.contact ? stance(side, share) : swing(side, share);
    return moved(place, struck * stride_m_);
  }

 private:
  static FootPlace moved(FootPlace place, float forward) {
    place.ankle.z += forward;
    return place;
  }

  float stance_pitch(float share) const {
    if (share < s_.flat_from) {
      const float u = 1.0f - share / s_.flat_from;
      return radians(s_.strike_deg) * u * u;
    }
    if (share <= s_.flat_to) return 0.0f;
    // The heel rises gathering speed and leaves still moving.
    const float duration = s_.contact - s_.flat_to;
    const float off = radians(s_.toe_off_deg);
    return -cubic({0.0f, 0.0f}, {off, 0.7f * off / duration}, duration, share - s_.flat_to);
  }

  FootPlace stance(Side side, float share) const {
    const float out = side == kLeft ? 1.0f : -1.0f;
    const FootPlace flat =
        rig_.flat_foot(out * s_.half_width_m, s_.strike_ahead_m, out * radians(s_.toe_out_deg));
    return rig_.rolled_foot(flat, stance_pitch(share));
  }

  FootPlace swing(Side side, float share) const {
    constexpr float kStep = 1e-3f;  // of a stride, for the velocities at both ends
    const FootPlace off = stance(side, s_.contact);
    const FootPlace before_off = stance(side, s_.contact - kStep);
    const FootPlace strike = moved(stance(side, 0.0f), stride_m_);
    FootPlace after_strike = moved(stance(side, kStep), stride_m_);
    // The foot meets the ground with some speed: the strike is a small impact.
    after_strike.ankle.z += s_.strike_forward_m_s * kStep * stride_s_;
    after_strike.ankle.y -= s_.strike_down_m_s * kStep * stride_s_;
    const float duration = 1.0f - s_.contact;
    const float t = share - s_.contact;
    const auto path = [&](float a0, float a1, float b0, float b1) {
      return cubic({a1, (a1 - a0) / kStep}, {b0, (b1 - b0) / kStep}, duration, t);
    };
    FootPlace out = off;
    for (int i = 0; i < 3; ++i)
      out.ankle[i] =
          path(before_off.ankle[i], off.ankle[i], strike.ankle[i], after_strike.ankle[i]);
    out.ankle.y += s_.lift_m * hill(t / duration, s_.lift_peak);
    out.pitch = path(before_off.pitch, off.pitch, strike.pitch, after_strike.pitch);
    out.pitch -= radians(s_.trail_deg) * hill(t / duration, s_.lift_peak);
    // The toes relax early in the swing and rise a little before the strike.
    out.toes = cubic({off.toes, (off.toes - before_off.toes) / kStep}, {}, 0.4f * duration, t) +
               radians(6.0f) * hill(t / duration, 0.75f);
    return out;
  }

  const Rig& rig_;
  GaitSettings s_;
  float stride_s_;
  float stride_m_;
};

/// Everything above the hips, and the hips' turning, at a share of the stride.
void trunk_and_arms(const GaitSettings& s, float cycle, BodyPose& body) {
  // Pelvis: the hip of the swinging leg comes forward and drops.
  body.pelvis.yaw = -radians(s.pelvis_yaw_deg) * wave_of(cycle - 0.01f);
  body.pelvis.roll = radians(s.pelvis_list_deg) * wave_of(cycle - 0.17f);
  body.pelvis.pitch =
      radians(s.pelvis_tilt_deg + 0.25f * s.pelvis_tilt_deg * wave_of(2.0f * cycle));

  // The chest turns against the pelvis a little later, and stays more level than it.
  const float chest_yaw = radians(s.chest_yaw_deg) * wave_of(cycle - 0.03f);
  const float chest_roll = 0.25f * radians(s.pelvis_list_deg) * wave_of(cycle - 0.20f);
  const float chest_pitch = radians(s.lean_deg + 0.8f * wave_of(2.0f * (cycle - 0.06f)));
  body.spine = {chest_pitch - body.pelvis.pitch, chest_yaw - body.pelvis.yaw,
                chest_roll - body.pelvis.roll};
  // The head looks ahead; it follows the chest only by a trace.
  body.head = {
      -0.85f * chest_pitch - radians(3.0f) - radians(0.6f) * wave_of(2.0f * (cycle - 0.10f)),
      -0.88f * chest_yaw, -0.9f * chest_roll};

  for (const Side side : {kLeft, kRight}) {
    // An arm swings with the leg of the other side; elbow, wrist and shoulder follow each other.
    const float own = cycle + (side == kLeft ? 0.5f : 0.0f);
    ArmAngles& arm = body.arms[side];
    const float swing = wave_of(own - 0.02f);
    arm.flexion = radians(s.arm_mean_deg + s.arm_swing_deg * swing);
    arm.abduction = radians(s.arm_out_deg - s.arm_in_deg * swing);
    arm.twist = radians(8.0f + 6.0f * swing);
    arm.elbow = radians(s.elbow_deg + s.elbow_swing_deg * wave_of(own - 0.08f));
    arm.pronation = radians(18.0f + 6.0f * wave_of(own - 0.12f));
    arm.wrist = radians(6.0f - 5.0f * wave_of(own - 0.20f));
    arm.wrist_side = radians(3.0f * wave_of(own - 0.18f));
    arm.curl = radians(s.curl_deg + 4.0f * wave_of(own - 0.22f));
    arm.reach = radians(0.18f * s.arm_swing_deg * wave_of(own - 0.01f));
    arm.shrug = radians(1.5f * wave_of(2.0f * (own - 0.15f)));
  }
}

/// Height of the hips in a walk: a smooth bob, as high as the legs allow.
void walking_height(const Rig& rig, const GaitSettings& s, std::vector<BodyPose>& frames) {
  std::vector<float> limits;
  for (const BodyPose& frame : frames) limits.push_back(rig.highest_hips(frame, s.reach));
  const int lap = s.frames;
  std::vector<float> heights;
  for (int i = 0; i <= lap; ++i) {
    const float cycle = static_cast<float>(i) / static_cast<float>(lap);
    // Highest when a leg passes under the body, lowest with both feet on the ground.
    const float wanted =
        rig.standing_height() * 0.985f - s.bob_m + s.bob_m * -wave_of(2.0f * (cycle - 0.055f));
    // The lowest limit of the neighbourhood the smoothing below averages over.
    float limit = 1e9f;
    for (int k = -3; k <= 3; ++k)
      limit = std::min(limit, limits[static_cast<std::size_t>(((i + k) % lap + lap) % lap)]);
    constexpr float kSoft_m = 0.012f;  // the limit is approached, not hit
    const float room = limit - wanted;
    heights.push_back(room > kSoft_m ? wanted : limit - kSoft_m * std::exp(room / kSoft_m - 1.0f));
  }
  heights = smoothed(heights, 2.0f, true);
  for (std::size_t i = 0; i < frames.size(); ++i) frames[i].hips.y = heights[i];
}

/// Height of the hips in a run: between steps they fall freely, on the ground they are pushed by a
/// force that rises and falls like half a sine, just large enough to carry the weight on average.
void running_height(const Rig& rig, const GaitSettings& s, std::vector<BodyPose>& frames) {
  const float step_s = 0.5f * static_cast<float>(s.frames) / kClipRate_hz;
  const float contact_s = 2.0f * s.contact * step_s;
  const float flight_s = step_s - contact_s;
  const float push = kGravity * step_s * kPi / (2.0f * contact_s);  // peak, m/s²
  float limit = 1e9f;
  std::vector<float> heights;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const float t = std::fmod(static_cast<float>(i) / kClipRate_hz, step_s);
    const float on = std::min(t, contact_s);
    const float start_velocity = -0.5f * kGravity * flight_s;
    float height = start_velocity * t - 0.5f * kGravity * t * t;
    height += push * contact_s / kPi * (on - contact_s / kPi * std::sin(kPi * on / contact_s));
    // After the push its velocity stays.
    height += push * contact_s / kPi * 2.0f * (t - on);
    heights.push_back(height);
    frames[i].hips.y = 0.0f;
    limit = std::min(limit, rig.highest_hips(frames[i], s.reach) - height);
  }
  for (std::size_t i = 0; i < frames.size(); ++i) frames[i].hips.y = limit + heights[i];
}

Performance gait(const Rig& rig, const GaitSettings& s, bool flight) {
  Performance out;
  out.loop = true;
  const Steps steps(rig, s);
  for (int i = 0; i <= s.frames; ++i) {
    const float cycle = static_cast<float>(i) / static_cast<float>(s.frames);
    BodyPose body;
    FootContacts contacts;
    for (const Side side : {kLeft, kRight}) body.feet[side] = steps.foot(side, cycle, contacts);
    trunk_and_arms(s, cycle, body);
    // Towards the standing leg, and fastest while both feet push or the body falls forwards.
    body.hips.x = s.sway_m * wave_of(cycle - 0.29f);
    body.hips.z = steps.stride_m() * cycle + s.surge_m * std::sin(4.0f * kPi * (cycle - 0.02f));
    out.frames.push_back(body);
    out.contacts.push_back(contacts);
  }
  if (flight) {
    running_height(rig, s, out.frames);
  } else {
    walking_height(rig, s, out.frames);
  }
  return out;
}

}  // namespace

Performance walk(const Rig& rig) {
  Performance out = gait(rig, {}, false);
  out.name = "walk";
  out.description = "A relaxed walk at 1.3 m/s: one stride, loops.";
  return out;
}

Performance run(const Rig& rig) {
  GaitSettings s;
  s.frames = 42;
  s.speed_m_s = 3.3f;
  s.contact = 0.30f;
  s.flat_from = 0.04f;
  s.flat_to = 0.15f;
  s.strike_deg = 9.0f;
  s.toe_off_deg = 58.0f;
  s.strike_ahead_m = 0.23f;
  s.strike_forward_m_s = 1.0f;
  s.strike_down_m_s = 0.8f;
  s.half_width_m = 0.03f;
  s.toe_out_deg = 4.0f;
  s.trail_deg = 42.0f;
  s.lift_m = 0.30f;
  s.lift_peak = 0.36f;
  s.reach = 0.99f;
  s.sway_m = 0.010f;
  s.surge_m = 0.006f;
  s.pelvis_yaw_deg = 9.0f;
  s.pelvis_list_deg = 4.0f;
  s.pelvis_tilt_deg = 9.0f;
  s.lean_deg = 9.0f;
  s.chest_yaw_deg = 12.0f;
  s.arm_swing_deg = 38.0f;
  s.arm_mean_deg = 2.0f;
  s.arm_out_deg = 15.0f;
  s.arm_in_deg = 7.0f;
  s.elbow_deg = 92.0f;
  s.elbow_swing_deg = 14.0f;
  s.curl_deg = 45.0f;
  Performance out = gait(rig, s, true);
  out.name = "run";
  out.description = "A run at 3.3 m/s with a flight phase: one stride, loops.";
  return out;
}

}  // namespace canter::generate
