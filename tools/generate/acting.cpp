#include <algorithm>
#include <cmath>

#include "generate/clips.h"
#include "generate/curves.h"

namespace canter::generate {
namespace {

constexpr float kGravity = 9.81f;   // m/s²
constexpr float kFootX_m = 0.105f;  // of a foot from the middle, standing
constexpr float kToeOut_deg = 9.0f;

float sine(float cycles) {
  return std::sin(2.0f * kPi * cycles);
}

FootPlace standing_foot(const Rig& rig, Side side) {
  const float out = side == kLeft ? 1.0f : -1.0f;
  return rig.flat_foot(out * kFootX_m, side == kLeft ? -0.012f : 0.012f,
                       out * radians(kToeOut_deg));
}

FootContacts standing() {
  return {{true, true}, {true, true}};
}

/// The stance every clip in place starts and ends with: idle at time 0.
BodyPose stance(const Rig& rig) {
  BodyPose body;
  body.hips = Vec3(0.0f, 0.9915f * rig.standing_height(), 0.014f);
  body.pelvis.pitch = radians(3.0f);
  body.spine.pitch = radians(-1.0f);
  body.head.pitch = radians(-4.0f);
  for (const Side side : {kLeft, kRight}) {
    body.feet[side] = standing_foot(rig, side);
    ArmAngles& arm = body.arms[side];
    arm.flexion = radians(1.0f);
    arm.abduction = radians(9.5f);
    arm.twist = radians(10.0f);
    arm.elbow = radians(16.0f);
    arm.pronation = radians(22.0f);
    arm.wrist = radians(5.0f);
    arm.curl = radians(20.0f);
  }
  return body;
}

float seconds(std::size_t frame) {
  return static_cast<float>(frame) / kClipRate_hz;
}

std::size_t frames_of(float duration_s) {
  return static_cast<std::size_t>(std::lround(duration_s * kClipRate_hz)) + 1;
}

/// Breathing and the small sway nobody standing can suppress. All periods divide `loop_s`.
void add_life(float t, float loop_s, BodyPose& body) {
  const float u = t / loop_s;
  const float breath = 0.5f - 0.5f * std::cos(2.0f * kPi * 2.0f * u);  // two breaths a loop
  const float later = 0.5f - 0.5f * std::cos(2.0f * kPi * (2.0f * u - 0.06f));
  const float start = 0.5f - 0.5f * std::cos(2.0f * kPi * -0.06f);
  body.spine.pitch -= radians(1.6f) * breath;
  body.head.pitch += radians(1.0f) * (later - start);
  body.hips.y -= 0.0015f * breath;
  for (ArmAngles& arm : body.arms) {
    arm.shrug += radians(1.8f) * breath;
    arm.abduction += radians(0.9f) * (later - start);
    arm.elbow += radians(1.2f) * (later - start);
  }
}

}  // namespace

Performance idle(const Rig& rig) {
  constexpr float kLoop_s = 8.0f;
  Performance out;
  out.name = "idle";
  out.description = "Standing at ease: breathing, a slow shift of weight, a look around; loops.";
  out.loop = true;
  for (std::size_t i = 0; i < frames_of(kLoop_s); ++i) {
    const float u = seconds(i) / kLoop_s;
    BodyPose body = stance(rig);
    // Weight goes to the left leg, then to the right: pelvis over the leg, its free side lower.
    const float shift = sine(u) + 0.15f * sine(3.0f * u);
    const float later = sine(u - 0.025f) + sine(0.025f);
    body.hips.x += 0.026f * shift;
    body.hips.z += 0.004f * sine(2.0f * u);
    body.hips.y -= 0.006f * shift * shift;
    body.pelvis.roll += radians(2.4f) * shift;
    body.pelvis.yaw += radians(-2.5f) * shift;
    body.spine.roll += radians(-3.0f) * later;
    body.spine.yaw += radians(2.0f) * later;
    body.head.roll += radians(0.8f) * later;
    // A look to the left early, to the right late; eyes lead, the chest follows by a trace.
    const float look = std::sin(2.0f * kPi * u) * (0.6f + 0.4f * std::cos(4.0f * kPi * u));
    const float look_later = sine(u - 0.03f) + sine(0.03f);
    body.head.yaw += radians(13.0f) * look;
    body.head.pitch += radians(1.6f) * sine(2.0f * u);
    body.spine.yaw += radians(1.6f) * look_later;
    for (const Side side : {kLeft, kRight}) {
      const float out_sign = side == kLeft ? 1.0f : -1.0f;
      ArmAngles& arm = body.arms[side];
      arm.abduction += radians(1.3f) * out_sign * later;
      arm.flexion += radians(1.4f) * (sine(2.0f * u - 0.05f * out_sign) + out_sign * sine(0.05f));
      arm.elbow += radians(2.0f) * sine(2.0f * u);
      arm.wrist += radians(2.0f) * sine(u) * out_sign;
      arm.curl += radians(3.0f) * sine(2.0f * u) * out_sign;
    }
    add_life(seconds(i), kLoop_s, body);
    out.frames.push_back(body);
    out.contacts.push_back(standing());
  }
  return out;
}

Performance wave(const Rig& rig) {
  constexpr float kDuration_s = 3.2f;
  constexpr float kRaised_s = 0.75f;
  constexpr float kLower_s = 2.35f;
  constexpr float kWaves_s = 0.52f;  // one wave to and fro
  Performance out;
  out.name = "wave";
  out.description = "A friendly wave with the right hand, from and back to the idle stance.";
  // The arm unfolds from the shoulder outwards: every joint starts a little after its parent.
  const auto raised = [&](float t, float delay) {
    return ease_between(0.10f + delay, kRaised_s + delay, t) -
           ease_between(kLower_s - 0.6f * delay, kLower_s + 0.75f - 0.3f * delay, t);
  };
  const auto waving = [&](float t, float delay) {
    const float strength = ease_between(0.55f, 0.95f, t) - ease_between(2.10f, 2.55f, t);
    return strength * std::sin(2.0f * kPi * (t - kRaised_s - delay) / kWaves_s);
  };
  for (std::size_t i = 0; i < frames_of(kDuration_s); ++i) {
    const float t = seconds(i);
    BodyPose body = stance(rig);
    const BodyPose rest = body;
    const float up = raised(t, 0.0f);
    // The body makes room: weight to the left leg, the chest leans away and turns to the guest.
    body.hips.x += 0.030f * raised(t, -0.08f);
    body.hips.y -= 0.006f * up;
    body.pelvis.roll += radians(2.5f) * raised(t, -0.05f);
    body.spine.roll += radians(-5.5f) * up + radians(0.9f) * waving(t, 0.05f);
    body.spine.yaw += radians(3.0f) * up;
    body.spine.pitch += radians(-1.5f) * up;
    body.head.roll += radians(5.0f) * raised(t, 0.10f) + radians(-0.8f) * waving(t, 0.10f);
    body.head.yaw += radians(-4.0f) * raised(t, -0.05f);
    body.head.pitch += radians(2.5f) * (hill((t - 0.5f) / 0.6f, 0.5f));
    ArmAngles& arm = body.arms[kRight];
    const ArmAngles& base = rest.arms[kRight];
    const auto towards = [](float from, float to, float share) {
      return from + (to - from) * share;
    };
    arm.shrug = towards(base.shrug, radians(13.0f), raised(t, 0.0f));
    arm.reach = towards(base.reach, radians(4.0f), up);
    arm.flexion = towards(base.flexion, radians(28.0f), raised(t, 0.0f));
    arm.abduction = towards(base.abduction, radians(66.0f), raised(t, 0.0f)) +
                    radians(4.0f) * waving(t, -0.04f);
    arm.twist =
        towards(base.twist, radians(-82.0f), raised(t, 0.05f)) + radians(17.0f) * waving(t, 0.0f);
    arm.elbow =
        towards(base.elbow, radians(84.0f), raised(t, -0.10f)) + radians(13.0f) * waving(t, 0.02f);
    arm.pronation = towards(base.pronation, radians(10.0f), raised(t, 0.08f));
    arm.wrist = towards(base.wrist, radians(-8.0f), raised(t, 0.12f));
    arm.wrist_side = radians(18.0f) * waving(t, 0.09f);
    arm.curl = towards(base.curl, radians(4.0f), raised(t, 0.15f));
    // The other arm answers a little.
    ArmAngles& left = body.arms[kLeft];
    left.abduction += radians(3.0f) * raised(t, 0.10f);
    left.elbow += radians(4.0f) * raised(t, 0.14f);
    out.frames.push_back(body);
    out.contacts.push_back(standing());
  }
  return out;
}

Performance jump(const Rig& rig) {
  // Times, s. From take-off to landing nothing but gravity moves the hips.
  constexpr float kDip = 0.10f;
  constexpr float kLow = 0.56f;
  constexpr float kTakeOff = 0.84f;
  constexpr float kFlight = 0.42f;
  constexpr float kLanding = kTakeOff + kFlight;
  constexpr float kAbsorbed = kLanding + 0.24f;
  constexpr float kUp = kAbsorbed + 0.70f;
  constexpr float kEnd = kUp + 0.35f;
  constexpr float kSpeed = 0.5f * kGravity * kFlight;  // at take-off and landing, m/s
  const float off_pitch = radians(-52.0f);
  const float land_pitch = radians(-30.0f);

  Performance out;
  out.name = "jump";
  out.description = "A jump on the spot from and back to the idle stance: crouch, flight, landing.";
  const BodyPose base = stance(rig);

  // Height: legs almost straight on tiptoe when they leave the ground, bent a little on landing.
  const auto tiptoe = [&](float pitch, float reach) {
    BodyPose body = base;
    body.pelvis = {};
    for (const Side side : {kLeft, kRight})
      body.feet[side] = rig.rolled_foot(standing_foot(rig, side), pitch);
    body.hips.z = 0.02f;
    return rig.highest_hips(body, reach);
  };
  const float stand = base.hips.y;
  const float off = tiptoe(off_pitch, 0.938f);
  const float land = off;  // symmetric flight
  const float low = stand - 0.29f;
  const float absorbed = stand - 0.25f;
  const auto height = [&](float t) {
    if (t < kDip) return stand;
    if (t < kLow) return quintic({stand, 0, 0}, {low, 0, 4.0f}, kLow - kDip, t - kDip);
    if (t < kTakeOff)
      return quintic({low, 0, 4.0f}, {off, kSpeed, -kGravity}, kTakeOff - kLow, t - kLow);
    if (t < kLanding) {
      const float f = t - kTakeOff;
      return off + kSpeed * f - 0.5f * kGravity * f * f;
    }
    if (t < kAbsorbed)
      return quintic({land, -kSpeed, -kGravity}, {absorbed, 0, 6.0f}, kAbsorbed - kLanding,
                     t - kLanding);
    return quintic({absorbed, 0, 6.0f}, {stand, 0, 0}, kUp - kAbsorbed, t - kAbsorbed);
  };

  // Feet on the ground roll onto their balls; in the air they hang from the hips.
  const auto pitch_at = [&](float t) {
    if (t <= kTakeOff)
      return cubic({0, 0}, {off_pitch, 1.6f * off_pitch / 0.16f}, 0.16f, t - (kTakeOff - 0.16f));
    return cubic({land_pitch, -1.5f * land_pitch / 0.11f}, {0, 0}, 0.11f, t - kLanding);
  };
  const auto grounded = [&](Side side, float t) {
    return rig.rolled_foot(standing_foot(rig, side), pitch_at(t));
  };
  const auto forward = Keys({{kDip, 0.0f},
                             {kLow, -0.055f},
                             {kTakeOff, 0.030f},
                             {kLanding, 0.010f},
                             {kAbsorbed, -0.040f},
                             {kUp, 0.0f}});

  const Keys pelvis_pitch({{kDip, 3.0f},
                           {kLow, 27.0f},
                           {kTakeOff, 2.0f},
                           {kTakeOff + 0.2f, 4.0f},
                           {kLanding, 10.0f},
                           {kAbsorbed, 25.0f},
                           {kUp, 3.0f}});
  const Keys spine_pitch({{kDip, -1.0f},
                          {kLow, 16.0f},
                          {kTakeOff, -7.0f},
                          {kTakeOff + 0.2f, -3.0f},
                          {kLanding + 0.04f, 6.0f},
                          {kAbsorbed + 0.04f, 15.0f},
                          {kUp, -1.0f}});
  const Keys head_pitch({{kDip, -4.0f},
                         {kLow - 0.08f, -26.0f},
                         {kTakeOff, -6.0f},
                         {kLanding, -2.0f},
                         {kAbsorbed + 0.06f, -22.0f},
                         {kUp + 0.05f, -4.0f}});
  // Arms: back in the crouch, thrown up, held, brought down for balance on landing.
  const Keys flexion({{kDip, 1.0f},
                      {kLow - 0.06f, -52.0f},
                      {kTakeOff + 0.02f, 128.0f},
                      {kTakeOff + 0.12f, 136.0f},
                      {kLanding, 78.0f},
                      {kAbsorbed + 0.05f, 24.0f},
                      {kUp - 0.12f, -7.0f},
                      {kUp + 0.22f, 1.0f}});
  const Keys elbow({{kDip, 16.0f},
                    {kLow, 20.0f},
                    {kLow + 0.14f, 62.0f},
                    {kTakeOff + 0.05f, 28.0f},
                    {kLanding, 40.0f},
                    {kAbsorbed, 48.0f},
                    {kUp, 14.0f},
                    {kUp + 0.25f, 16.0f}});
  const Keys abduction({{kDip, 9.5f},
                        {kLow, 14.0f},
                        {kTakeOff, 16.0f},
                        {kLanding, 30.0f},
                        {kAbsorbed, 26.0f},
                        {kUp + 0.1f, 9.5f}});

  const std::size_t count = frames_of(kEnd);
  std::vector<float> arm_flexion;
  std::vector<float> arm_elbow;
  for (std::size_t i = 0; i < count; ++i) {
    arm_flexion.push_back(flexion.at(seconds(i)));
    arm_elbow.push_back(elbow.at(seconds(i)));
  }
  arm_flexion = smoothed(arm_flexion, 4.0f, false);
  arm_elbow = smoothed(arm_elbow, 4.0f, false);

  constexpr float kStep = 1.0f / 480.0f;  // s, for velocities at take-off and landing
  for (std::size_t i = 0; i < count; ++i) {
    const float t = seconds(i);
    BodyPose body = base;
    FootContacts contacts;
    body.hips.y = height(t);
    body.hips.z += forward.at(t);
    body.pelvis.pitch = radians(pelvis_pitch.at(t));
    body.spine.pitch = radians(spine_pitch.at(t));
    body.head.pitch = radians(head_pitch.at(t));
    const bool flying = t > kTakeOff && t < kLanding;
    for (const Side side : {kLeft, kRight}) {
      if (!flying) {
        body.feet[side] = grounded(side, t);
        contacts.ball[side] = true;
        contacts.heel[side] = pitch_at(t) == 0.0f;
      } else {
        // The ankle's path against the hips: the legs stretch on from how they left the ground,
        // hang almost straight, and bend a little towards the landing.
        const auto against_hips = [&](float when) {
          Vec3 p = grounded(side, when).ankle;
          p.y -= height(when);
          return p;
        };
        const float f = t - kTakeOff;
        const Vec3 a0 = against_hips(kTakeOff - kStep);
        const Vec3 a1 = against_hips(kTakeOff);
        const Vec3 b0 = against_hips(kLanding);
        const Vec3 b1 = against_hips(kLanding + kStep);
        constexpr float kStretch_s = 0.09f;
        Vec3 hanging = 0.5f * (a1 + b0) + Vec3(0.0f, 0.0f, -0.02f);
        hanging.y = a1.y + 0.38f * kStretch_s * (a1.y - a0.y) / kStep;
        FootPlace place = grounded(side, kTakeOff);
        for (int k = 0; k < 3; ++k) {
          const Motion leave{a1[k], (a1[k] - a0[k]) / kStep};
          const Motion meet{b0[k], 0.4f * (b1[k] - b0[k]) / kStep};
          const Motion hang{hanging[k], 0.0f};
          place.ankle[k] = f < kStretch_s ? cubic(leave, hang, kStretch_s, f)
                                          : cubic(hang, meet, kFlight - kStretch_s, f - kStretch_s);
        }
        place.ankle.y += body.hips.y + 0.03f * hill(f / kFlight, 0.55f);
        const float off_rate = 1.6f * off_pitch / 0.16f;
        place.pitch = cubic({off_pitch, 0.4f * off_rate}, {land_pitch, 0.0f}, kFlight, f);
        place.toes = cubic({-off_pitch, 0}, {-land_pitch, 0}, kFlight, f) *
                     (1.0f - 0.7f * hill(f / kFlight, 0.5f));
        body.feet[side] = place;
      }
      body.knees_out[side] = radians(9.0f) * std::clamp((stand - body.hips.y) / 0.25f, 0.0f, 1.0f);
      ArmAngles& arm = body.arms[side];
      arm.flexion = radians(arm_flexion[i]);
      arm.elbow = radians(arm_elbow[i]);
      arm.abduction = radians(abduction.at(t));
      arm.shrug = radians(10.0f) * std::clamp(arm_flexion[i] / 130.0f, 0.0f, 1.0f);
      arm.wrist = radians(5.0f) - 0.0006f * (flexion.at(t + 0.03f) - flexion.at(t - 0.03f));
    }
    out.frames.push_back(body);
    out.contacts.push_back(contacts);
  }
  return out;
}

Performance turn(const Rig& rig, const std::string& name, float angle_rad) {
  // The foot on the inside of the turn goes first, half of each step's angle ahead of the other.
  constexpr float kStart = 0.20f;
  constexpr float kStep = 0.40f;  // s a foot is in the air
  constexpr float kGap = 0.08f;   // s with both on the ground
  const int pairs = std::abs(angle_rad) > 1.8f ? 2 : 1;
  const Side first = angle_rad > 0.0f ? kLeft : kRight;
  const Side second = first == kLeft ? kRight : kLeft;
  const float end_of_steps = kStart + static_cast<float>(2 * pairs) * (kStep + kGap);
  const float duration = end_of_steps + 0.40f;

  Performance out;
  out.name = name;
  const int degrees = static_cast<int>(std::lround(std::abs(angle_rad) * 180.0f / kPi));
  out.description = "A turn on the spot by " + std::to_string(degrees) + " degrees to the " +
                    (angle_rad > 0.0f ? "left" : "right") + ", from and back to the idle stance.";
  const BodyPose base = stance(rig);

  struct Step {
    float start = 0.0f;
    float from = 0.0f;
    float to = 0.0f;
  };
  std::array<std::vector<Step>, 2> steps;
  for (int i = 0; i < pairs; ++i) {
    const float part = angle_rad / static_cast<float>(pairs);
    const float start = kStart + static_cast<float>(2 * i) * (kStep + kGap);
    const float from = part * static_cast<float>(i);
    steps[first].push_back({start, from, from + part});
    steps[second].push_back({start + kStep + kGap, from, from + part});
  }

  // A foot on its circle around the spot, turned with it.
  const auto placed = [&](Side side, float angle) {
    FootPlace foot = standing_foot(rig, side);
    foot.ankle = rotation_y(angle) * foot.ankle;
    foot.yaw += angle;
    return foot;
  };
  const auto foot_at = [&](Side side, float t, bool& in_air) {
    float angle = 0.0f;
    float u = 0.0f;
    for (const Step& s : steps[side]) {
      if (t >= s.start + kStep) {
        angle = s.to;
      } else if (t > s.start) {
        u = (t - s.start) / kStep;
        angle = s.from + (s.to - s.from) * ease((u - 0.12f) / 0.80f);
      }
    }
    in_air = u > 0.0f;
    FootPlace foot = placed(side, angle);
    if (in_air) {
      // Heel first off the ground, ball first back on it.
      foot.pitch = radians(-17.0f) * hill(u, 0.30f) + radians(3.0f) * hill(u, 0.8f);
      foot.toes = radians(9.0f) * hill(u, 0.25f);
      foot.ankle.y = std::max(rig.sole_depth(foot.pitch, foot.toes), rig.ankle_height()) +
                     0.045f * hill(u, 0.45f);
    }
    return foot;
  };

  // The hips follow the mean of the feet, over the standing leg while the other is in the air.
  const std::size_t count = frames_of(duration);
  std::vector<float> weight_left;
  std::vector<float> heading;
  for (std::size_t i = 0; i < count; ++i) {
    const float t = seconds(i);
    float weight = 0.5f;
    for (const Side side : {kLeft, kRight})
      for (const Step& s : steps[side])
        if (t > s.start - 0.10f && t < s.start + kStep - 0.06f)
          weight = side == kLeft ? 0.12f : 0.88f;
    weight_left.push_back(weight);
    heading.push_back(angle_rad * ease_between(kStart - 0.08f, end_of_steps - 0.16f, t));
  }
  weight_left = smoothed(weight_left, 4.5f, false);
  const auto heading_at = [&](float t) {
    const float frame = std::clamp(t * kClipRate_hz, 0.0f, static_cast<float>(count - 1));
    const auto i = std::min(static_cast<std::size_t>(frame), count - 2);
    const float u = frame - static_cast<float>(i);
    return heading[i] + (heading[i + 1] - heading[i]) * u;
  };

  std::vector<float> heights;
  for (std::size_t i = 0; i < count; ++i) {
    const float t = seconds(i);
    BodyPose body = base;
    FootContacts contacts;
    for (const Side side : {kLeft, kRight}) {
      bool in_air = false;
      body.feet[side] = foot_at(side, t, in_air);
      contacts.heel[side] = contacts.ball[side] = !in_air;
    }
    const float now = heading_at(t);
    const float w = weight_left[i];
    const Vec3 left = placed(kLeft, now).ankle;
    const Vec3 right = placed(kRight, now).ankle;
    Vec3 over = left * w + right * (1.0f - w);
    over = 0.62f * over + 0.38f * 0.5f * (left + right);
    const Vec3 offset = rotation_y(now) * Vec3(0.0f, 0.0f, base.hips.z);
    body.hips = Vec3(over.x + offset.x, base.hips.y, over.z + offset.z);
    body.pelvis.yaw = now;
    body.pelvis.roll = radians(5.0f) * (w - 0.5f);
    // The head knows first where it goes, the chest follows it, the arms trail behind.
    const float lead = heading_at(t + 0.16f);
    const float look = heading_at(t + 0.30f);
    body.spine.yaw = std::clamp(0.8f * (lead - now), -0.45f, 0.45f);
    body.head.yaw = std::clamp(0.9f * (look - now) - body.spine.yaw, -0.7f, 0.7f);
    body.spine.roll -= radians(4.0f) * (w - 0.5f);
    const float lag = heading_at(t - 0.10f) - heading_at(t);
    for (const Side side : {kLeft, kRight}) {
      const float sign = side == kLeft ? 1.0f : -1.0f;
      ArmAngles& arm = body.arms[side];
      // Lagging behind a turn to the left, the left arm swings forward and the right one back.
      arm.flexion += -0.55f * sign * lag;
      arm.abduction += 0.18f * std::abs(lag);
      arm.elbow += 0.25f * std::abs(heading_at(t - 0.16f) - heading_at(t - 0.04f));
    }
    heights.push_back(std::min(base.hips.y, rig.highest_hips(body, 0.995f)));
    out.frames.push_back(body);
    out.contacts.push_back(contacts);
  }
  heights = smoothed(heights, 2.5f, false);
  for (std::size_t i = 0; i < count; ++i) {
    BodyPose& body = out.frames[i];
    body.hips.y = heights[i];
    body.hips.y = std::min(body.hips.y, rig.highest_hips(body, 0.997f));
  }
  return out;
}

}  // namespace canter::generate
