#include "canter/import/doctor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "canter/anim/contacts.h"
#include "canter/anim/model_space.h"
#include "import/correct.h"
#include "import/drift.h"

namespace canter::importer {
namespace {

using detail::concat;
using detail::first_root;
using detail::format_number;

// Frames that are looked at; long clips are judged by evenly spread ones.
constexpr int kMaxSamples = 128;
// Below this a bone has no direction.
constexpr float kZeroLength_m = 1e-5f;
// Soles sink into the ground by about this much in good recordings too.
constexpr float kPenetration_m = 0.02f;
// The lowest joint of a person standing is the toe or the ankle, up to this high in the shoe.
constexpr float kFloating_m = 0.12f;
constexpr float kOffOrigin_m = 0.5f;
// Feet in contact slower than this are as good as captures get.
constexpr float kSliding_m_per_s = 0.1f;

std::string metres(float value) {
  return format_number("%.3f m", static_cast<double>(value));
}

std::string vector(const Vec3& v) {
  return concat({"(", metres(v.x), ", ", metres(v.y), ", ", metres(v.z), ")"});
}

std::string degrees(float rad) {
  return format_number("%.1f degrees", static_cast<double>(glm::degrees(rad)));
}

float rotation_distance_rad(const Quat& a, const Quat& b) {
  const Quat d = glm::conjugate(a) * b;
  return 2.0f * std::atan2(std::sqrt(d.x * d.x + d.y * d.y + d.z * d.z), std::abs(d.w));
}

// Mean over the joints.
float pose_distance_rad(std::span<const Transform> a, std::span<const Transform> b) {
  float sum = 0.0f;
  for (std::size_t j = 0; j < a.size(); ++j)
    sum += rotation_distance_rad(a[j].rotation, b[j].rotation);
  return sum / static_cast<float>(std::max<std::size_t>(a.size(), 1));
}

float median(std::vector<float> values) {
  if (values.empty()) return 0.0f;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The frames a clip is judged by.
std::vector<int> sampled_frames(const RawClip& clip) {
  const int frames = clip.num_frames();
  const int step = (frames + kMaxSamples - 1) / kMaxSamples;
  std::vector<int> sampled;
  for (int f = 0; f < frames; f += step) sampled.push_back(f);
  return sampled;
}

// ---- the skeleton

void examine_skeleton(const Skeleton& skeleton, std::vector<Finding>& findings) {
  int zero = 0;
  std::string first;
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    if (skeleton.parent(j) < 0) continue;
    if (glm::length(skeleton.rest_pose()[static_cast<std::size_t>(j)].translation) > kZeroLength_m)
      continue;
    if (zero++ == 0) first = skeleton.name(j);
  }
  if (zero > 0)
    findings.push_back({"zero_length_bones", "some joints sit exactly on their parents",
                        concat({std::to_string(zero), " of ", std::to_string(skeleton.num_joints()),
                                " joints, the first '", first, "'"}),
                        "", FixState::none});

  const detail::Landmarks marks = detail::find_landmarks(skeleton, false);
  if (marks.feet.empty() || marks.head.empty()) return;
  if (marks.hands.empty())
    findings.push_back({"missing_hands", "the body has no hands",
                        "no joint is named as a hand or wrist", "", FixState::none});
  // A toe is a joint of its own, or at least the foot's end.
  const bool has_toe_end = std::any_of(
      skeleton.end_sites().begin(), skeleton.end_sites().end(), [&](const EndSite& site) {
        return std::find(marks.feet.begin(), marks.feet.end(),
                         static_cast<std::size_t>(site.joint)) != marks.feet.end() &&
               glm::length(site.offset) > kZeroLength_m;
      });
  if (marks.toes.empty() && !has_toe_end)
    findings.push_back({"missing_toes", "the feet end at the ankles",
                        "no joint is named as a toe and no foot has an end site", "",
                        FixState::none});
}

// ---- one clip

// How far frame 0 stands apart from frame 1, and whether it is a rest pose or arms held out.
struct FirstFrame {
  float jump_rad = 0.0f, usual_rad = 0.0f, from_rest_rad = 0.0f;
  bool stands_apart() const { return jump_rad > 0.05f && jump_rad > 6.0f * usual_rad; }
  bool is_rest() const { return from_rest_rad < 0.17f; }
};

FirstFrame judge_first_frame(const Skeleton& skeleton, const RawClip& clip) {
  FirstFrame first;
  if (clip.num_frames() < 4) return first;
  first.jump_rad = pose_distance_rad(clip.frame(0), clip.frame(1));
  first.from_rest_rad = pose_distance_rad(clip.frame(0), skeleton.rest_pose());
  std::vector<float> steps;
  for (const int f : sampled_frames(clip))
    if (f > 0 && f + 1 < clip.num_frames())
      steps.push_back(pose_distance_rad(clip.frame(f), clip.frame(f + 1)));
  first.usual_rad = median(steps);
  return first;
}

std::vector<Vec3> points(const Skeleton& skeleton, std::span<const Transform> locals,
                         std::vector<Transform>& models) {
  model_transforms(skeleton, locals, models);
  std::vector<Vec3> out;
  out.reserve(models.size() + skeleton.end_sites().size());
  for (const Transform& model : models) out.push_back(model.translation);
  for (const EndSite& site : skeleton.end_sites())
    out.push_back(transform_point(models[static_cast<std::size_t>(site.joint)], site.offset));
  return out;
}

// The lowest joint or end site of every sampled frame.
std::vector<float> lowest_points_m(const Skeleton& skeleton, const RawClip& clip) {
  std::vector<float> lowest_m;
  std::vector<Transform> models(static_cast<std::size_t>(skeleton.num_joints()));
  for (const int f : sampled_frames(clip)) {
    float lowest = std::numeric_limits<float>::max();
    for (const Vec3& p : points(skeleton, clip.frame(f), models)) lowest = std::min(lowest, p.y);
    lowest_m.push_back(lowest);
  }
  return lowest_m;
}

// The height the body stands on: low, but not the lowest, which may be one bad frame.
float ground_height_m(std::vector<float> lowest) {
  if (lowest.empty()) return 0.0f;
  const auto low = lowest.begin() + static_cast<std::ptrdiff_t>(lowest.size() / 50);
  std::nth_element(lowest.begin(), low, lowest.end());
  return *low;
}

// Mean speed of heel and ball over the ground while each is in contact with it; 0 without feet.
struct Sliding {
  float speed_m_per_s = 0.0f;
  std::size_t contacts = 0;
};

Sliding judge_sliding(const Skeleton& skeleton, const RawClip& clip) {
  const Result<ContactTrack> track = detect_contacts(skeleton, clip);
  if (!track) return {};
  Sliding sliding;
  for (const FootContacts& foot : track->feet) sliding.contacts += foot.any.size();
  sliding.speed_m_per_s = foot_slide_mps(skeleton, clip, *track);
  return sliding;
}

void examine_clip(const Skeleton& skeleton, const RawClip& clip, std::vector<Finding>& findings) {
  const auto add = [&](const char* code, const std::string& message, const std::string& evidence,
                       const char* fix) {
    findings.push_back({code, message, concat({"clip '", clip.name, "': ", evidence}), fix,
                        *fix != '\0' ? FixState::available : FixState::none});
  };
  const int frames = clip.num_frames();
  if (frames < 4)
    add("few_frames", frames == 1 ? "this is a pose, not a motion" : "the motion is very short",
        concat({std::to_string(frames), frames == 1 ? " frame" : " frames"}), "");

  const FirstFrame first = judge_first_frame(skeleton, clip);
  if (first.stands_apart() && first.is_rest())
    add("first_frame_t_pose", "the first frame is a calibration pose, not part of the motion",
        concat({"joints turn ", degrees(first.jump_rad), " on average to frame 1, ",
                degrees(first.usual_rad), " between other frames; it is ",
                degrees(first.from_rest_rad), " from the rest pose"}),
        "drop frame 0");

  const float ground_m = ground_height_m(lowest_points_m(skeleton, clip));
  if (ground_m < -kPenetration_m)
    add("ground_penetration", "the body is below the ground",
        concat({"lowest point at ", metres(ground_m)}),
        "raise the clip so that its lowest points are on the ground");
  else if (ground_m > kFloating_m)
    add("floating", "the body never touches the ground",
        concat({"lowest point at ", metres(ground_m)}),
        "lower the clip so that its lowest points are on the ground");

  const Sliding sliding = judge_sliding(skeleton, clip);
  if (sliding.speed_m_per_s > kSliding_m_per_s)
    add("foot_sliding", "feet move while they stand",
        concat({format_number("%.2f m/s", static_cast<double>(sliding.speed_m_per_s)),
                " on average over ", std::to_string(sliding.contacts), " contacts"}),
        "");

  const detail::Drift drift = detail::judge_drift(skeleton, clip);
  if (glm::length(drift.drift_m) > 0.0f)
    add("root_drift", "the body drifts without a step that takes it there",
        concat({"the root moves by ", vector(drift.travelled_m), ", of it ", vector(drift.drift_m),
                " without steps"}),
        "take the even part of that movement out");
  Vec3 start = clip.frame(0)[static_cast<std::size_t>(first_root(skeleton))].translation;
  start.y = 0.0f;
  if (glm::length(start) > kOffOrigin_m)
    add("off_origin", "the motion begins away from the origin",
        concat({"the root starts at (", metres(start.x), ", ", metres(start.z), ")"}),
        "move the clip so that the root starts over the origin");
}

// ---- fixes

void move_roots(const Skeleton& skeleton, std::span<Transform> locals, const Vec3& by) {
  for (int j = 0; j < skeleton.num_joints(); ++j)
    if (skeleton.parent(j) < 0) locals[static_cast<std::size_t>(j)].translation += by;
}

void move_clip(const Skeleton& skeleton, RawClip& clip, const Vec3& by) {
  for (int f = 0; f < clip.num_frames(); ++f) move_roots(skeleton, clip.frame(f), by);
}

void drop_first_frame(Scene& scene) {
  for (RawClip& clip : scene.clips) {
    const FirstFrame first = judge_first_frame(scene.skeleton, clip);
    if (first.stands_apart() && first.is_rest())
      clip.keys.erase(clip.keys.begin(), clip.keys.begin() + clip.num_joints);
  }
}

// What is held before the first key.
void drop_held_start(Scene& scene) {
  const auto same = [](const Transform& a, const Transform& b) {
    return a.rotation == b.rotation && a.translation == b.translation && a.scale == b.scale;
  };
  for (RawClip& clip : scene.clips) {
    int held = 0;
    while (held + 2 < clip.num_frames() &&
           std::equal(clip.frame(held).begin(), clip.frame(held).end(),
                      clip.frame(held + 1).begin(), same))
      ++held;
    clip.keys.erase(clip.keys.begin(), clip.keys.begin() + held * clip.num_joints);
  }
}

void set_ground(Scene& scene) {
  for (RawClip& clip : scene.clips) {
    const float ground_m = ground_height_m(lowest_points_m(scene.skeleton, clip));
    if (ground_m < -kPenetration_m || ground_m > kFloating_m)
      move_clip(scene.skeleton, clip, Vec3(0, -ground_m, 0));
  }
}

void remove_drift(Scene& scene) {
  for (RawClip& clip : scene.clips) {
    const int frames = clip.num_frames();
    if (frames < 2) continue;
    const Vec3 drift = detail::judge_drift(scene.skeleton, clip).drift_m;
    for (int f = 0; f < frames; ++f)
      move_roots(scene.skeleton, clip.frame(f),
                 drift * (-static_cast<float>(f) / static_cast<float>(frames - 1)));
  }
}

void move_to_origin(Scene& scene) {
  for (RawClip& clip : scene.clips) {
    Vec3 start = clip.frame(0)[static_cast<std::size_t>(first_root(scene.skeleton))].translation;
    start.y = 0.0f;
    move_clip(scene.skeleton, clip, -start);
  }
}

void snap_rates(Scene& scene) {
  // The reader saw the digits; without them 0.2 % is what four of them leave open.
  for (RawClip& clip : scene.clips)
    clip.rate_hz = static_cast<float>(detail::snap_rate(static_cast<double>(clip.rate_hz), 2e-3));
}

}  // namespace

std::vector<Finding> examine(const Scene& scene) {
  std::vector<Finding> findings;
  examine_skeleton(scene.skeleton, findings);
  for (const RawClip& clip : scene.clips)
    if (clip.num_frames() > 0) examine_clip(scene.skeleton, clip, findings);
  return findings;
}

bool needs_decision(const Finding& finding) {
  if (finding.code == "unit_suspect") return true;
  return finding.state == FixState::available && finding.code != "off_origin";
}

Result<void> apply_fix(Scene& scene, std::string_view code) {
  const auto wanted = [&](const Finding& f) {
    return f.code == code && f.state == FixState::available;
  };
  if (std::none_of(scene.findings.begin(), scene.findings.end(), wanted))
    return Error{ErrorCode::bad_value, concat({"no finding \"", code, "\" with a fix to apply"})};
  if (code == "first_frame_t_pose")
    drop_first_frame(scene);
  else if (code == "late_first_key")
    drop_held_start(scene);
  else if (code == "ground_penetration" || code == "floating")
    set_ground(scene);
  else if (code == "root_drift")
    remove_drift(scene);
  else if (code == "off_origin")
    move_to_origin(scene);
  else if (code == "frame_rate_snapped")
    snap_rates(scene);
  else if (code == "unit_guess" || code == "up_axis") {
    // Both at once: a scene is either as in its file or in metres and Y up.
    if (auto done = detail::rebase(scene, scene.unit_m, scene.up_axis); !done) return done;
    for (Finding& f : scene.findings)
      if ((f.code == "unit_guess" || f.code == "up_axis") && f.state == FixState::available)
        f.state = FixState::applied;
  } else {
    return Error{ErrorCode::unsupported, concat({"\"", code, "\" cannot be fixed here"})};
  }
  for (Finding& f : scene.findings)
    if (wanted(f)) f.state = FixState::applied;
  return {};
}

}  // namespace canter::importer
