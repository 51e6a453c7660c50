#include "viewer/blend_bench.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "canter/anim/local_to_model.h"
#include "canter/world/world.h"

namespace canter::viewer {
namespace {

constexpr float kRate_hz = 60.0f;
constexpr float kLead_s = 1.0f;  ///< of the first clip, before the transition
constexpr float kTail_s = 1.0f;  ///< of the second, after it

/// A clip ready for a world: in place, with its way over the floor beside it.
struct Part {
  std::shared_ptr<const Clip> clip;
  std::shared_ptr<const RootMotion> root;
  ContactTrack contacts;
  float slide_m_s = 0.0f;
  float duration_s = 0.0f;
  bool loops = false;

  /// The clip's time of a growing one.
  float wrapped(float time_s) const {
    if (!loops || duration_s <= 0.0f) return std::clamp(time_s, 0.0f, duration_s);
    return time_s - duration_s * std::floor(time_s / duration_s);
  }
};

Result<Part> prepare_part(const Skeleton& skeleton, const RawClip& raw) {
  if (raw.num_frames() < 2)
    return Error{ErrorCode::bad_value, "'" + raw.name + "' is a pose, not a motion to blend"};
  Part part;
  Result<ContactTrack> contacts = detect_contacts(skeleton, raw);
  if (!contacts) return contacts.error();
  part.contacts = std::move(contacts).value();
  part.slide_m_s = foot_slide_mps(skeleton, raw, part.contacts);
  Result<ExtractedRootMotion> extracted = extract_root_motion(skeleton, raw);
  if (!extracted) return extracted.error();
  Result<Clip> clip = compress(extracted->in_place, skeleton);
  if (!clip) return clip.error();
  part.clip = std::make_shared<const Clip>(std::move(clip).value());
  part.root = std::make_shared<const RootMotion>(std::move(extracted->motion));
  part.duration_s = raw.duration_s();
  part.loops = raw.loop;
  return part;
}

/// The clip on the skeleton of another document.
Result<RawClip> on_skeleton(const ClipRef& ref, const DocumentPtr& owner) {
  if (ref.document->skeleton.hash() == owner->skeleton.hash())
    return decompress(ref.get().clip, owner->skeleton);
  Result<RetargetedPtr> carried = retarget_clip(ref.document, ref.clip, owner);
  if (!carried) return carried.error();
  return decompress((*carried)->result, owner->skeleton);
}

/// One transition, played as a host would.
Result<RawClip> play(const std::shared_ptr<const Skeleton>& skeleton, const Part& from,
                     const Part& to, float from_s, float lead_s, float start_s, BlendKind kind,
                     float duration_s) {
  World world;
  CharacterDesc desc;
  desc.skeleton = skeleton;
  desc.root_motion = RootMotionMode::move;
  Result<CharacterId> character = world.create(desc);
  if (!character) return character.error();
  const ClipId first = world.add_clip(from.clip, from.root);
  const ClipId second = world.add_clip(to.clip, to.root);
  Playback playback;
  playback.clip = first;
  playback.time_s = static_cast<double>(from_s);
  if (Result<void> played = world.play(*character, playback); !played) return played.error();

  RawClip out;
  out.name = kBlendNames[kind];
  out.rate_hz = kRate_hz;
  out.num_joints = skeleton->num_joints();
  const int before = static_cast<int>(std::lround(lead_s * kRate_hz));
  const int after = static_cast<int>(std::lround((duration_s + kTail_s) * kRate_hz));
  Pose pose(*skeleton);
  for (int frame = 0; frame <= before + after; ++frame) {
    step(world, frame == 0 ? 0.0 : 1.0 / static_cast<double>(kRate_hz));
    if (!world.local_pose(*character, pose))
      return Error{
          ErrorCode::bad_value,
          "the character stands still: " + std::string(describe(world.state(*character)->parked))};
    apply_root(*skeleton, world.placement(*character), pose);
    for (int j = 0; j < out.num_joints; ++j) out.keys.push_back(pose.get(j));
    // Begins where this frame ends, so that both clips are at their times together.
    if (frame == before) {
      playback.clip = second;
      playback.time_s = static_cast<double>(start_s);
      const Transition transition{
          kind == kCrossfade ? TransitionKind::crossfade : TransitionKind::inertialize, duration_s};
      if (Result<void> played = world.play(*character, playback, transition); !played)
        return played.error();
    }
  }
  return out;
}

/// When the second clip has taken over by this much, 0 to 1.
float weight_at(float time_s, float begin_s, float duration_s) {
  return std::clamp((time_s - begin_s) / duration_s, 0.0f, 1.0f);
}

/// A point of a foot that stands while the clips say so.
struct Sole {
  const std::vector<ContactInterval>* from;
  const std::vector<ContactInterval>* to;
  int joint;
  Vec3 offset;
};

std::vector<Sole> soles_of(const Part& from, const Part& to) {
  std::vector<Sole> soles;
  for (std::size_t i = 0; i < std::min(from.contacts.feet.size(), to.contacts.feet.size()); ++i) {
    const FootContacts &a = from.contacts.feet[i], &b = to.contacts.feet[i];
    soles.push_back({&a.heel, &b.heel, a.points.foot, Vec3(0.0f)});
    if (a.points.toe_joint >= 0)
      soles.push_back({&a.ball, &b.ball, a.points.toe_joint, a.points.toe_offset});
  }
  return soles;
}

/// The times of both clips at a frame of a made one.
struct Times {
  float from_s, lead_s, start_s, duration_s;
};

float measure_slide(const Skeleton& skeleton, const RawClip& made, const Part& from, const Part& to,
                    const Times& times) {
  const std::vector<Sole> soles = soles_of(from, to);
  std::vector<Vec3> before(soles.size()), here(soles.size());
  Pose pose(skeleton);
  std::vector<Mat4> models(static_cast<std::size_t>(skeleton.num_joints()));
  const int begin = static_cast<int>(std::lround(times.lead_s * kRate_hz));
  const int end = static_cast<int>(std::lround((times.lead_s + times.duration_s) * kRate_hz));
  double way = 0.0, weights = 0.0;
  for (int f = begin; f <= std::min(end, made.num_frames() - 1); ++f) {
    for (int j = 0; j < made.num_joints; ++j)
      pose.set(j, made.frame(f)[static_cast<std::size_t>(j)]);
    local_to_model(skeleton, Mat4(1.0f), pose, models);
    const float time_s = static_cast<float>(f) / kRate_hz;
    const float w = weight_at(time_s, times.lead_s, times.duration_s);
    const float from_s = from.wrapped(times.from_s + time_s);
    const float to_s = to.wrapped(times.start_s + time_s - times.lead_s);
    for (std::size_t i = 0; i < soles.size(); ++i) {
      here[i] =
          Vec3(models[static_cast<std::size_t>(soles[i].joint)] * Vec4(soles[i].offset, 1.0f));
      const float down = (1.0f - w) * (in_contact(*soles[i].from, from_s) ? 1.0f : 0.0f) +
                         w * (in_contact(*soles[i].to, to_s) ? 1.0f : 0.0f);
      if (f == begin || down <= 0.0f) continue;
      const Vec2 moved(here[i].x - before[i].x, here[i].z - before[i].z);
      way += static_cast<double>(down * glm::length(moved) * kRate_hz);
      weights += static_cast<double>(down);
    }
    before.swap(here);
  }
  return weights > 0.0 ? static_cast<float>(way / weights) : 0.0f;
}

const FootContacts* foot_of(const ContactTrack& contacts, Side side) {
  for (const FootContacts& foot : contacts.feet)
    if (foot.points.side == side) return &foot;
  return nullptr;
}

/// Starts of contact, over two laps more on either side where the clip loops. A contact that runs
/// across the seam begins before it.
std::vector<float> strikes(const ContactTrack& contacts, Side side, float duration_s, bool loops) {
  std::vector<float> times;
  const FootContacts* foot = foot_of(contacts, side);
  if (foot == nullptr) return times;
  for (int lap = loops ? -2 : 0; lap <= (loops ? 2 : 0); ++lap)
    for (const ContactInterval& c : foot->any)
      if (c.start_s > 1e-3f) times.push_back(c.start_s + static_cast<float>(lap) * duration_s);
  return times;
}

/// Between which strikes a time lies, as a fraction.
std::optional<float> between(const std::vector<float>& times, float time_s) {
  const auto next = std::upper_bound(times.begin(), times.end(), time_s);
  if (next == times.begin() || next == times.end()) return std::nullopt;
  return (time_s - *(next - 1)) / (*next - *(next - 1));
}

/// The phase at which the right foot strikes next after a time.
std::optional<float> right_strike_phase(const Part& part, float time_s) {
  const std::vector<float> right = strikes(part.contacts, Side::right, part.duration_s, part.loops);
  const auto next = std::upper_bound(right.begin(), right.end(), time_s);
  if (next == right.end()) return std::nullopt;
  return between(strikes(part.contacts, Side::left, part.duration_s, part.loops), *next);
}

}  // namespace

std::optional<float> stride_phase(const ContactTrack& contacts, float duration_s, bool loops,
                                  float time_s) {
  return between(strikes(contacts, Side::left, duration_s, loops), time_s);
}

float sync_by_contacts(const ContactTrack& from, float from_duration_s, bool from_loops, float at_s,
                       const ContactTrack& to, float to_duration_s, bool to_loops, float window_s) {
  constexpr int kCandidates = 240, kSamples = 24;
  const auto wrapped = [](float time_s, float duration_s, bool loops) {
    if (!loops || duration_s <= 0.0f) return std::clamp(time_s, 0.0f, duration_s);
    return time_s - duration_s * std::floor(time_s / duration_s);
  };
  // How long ago or how soon a foot changes counts too: where the feet agree all along, as in two
  // walks, the middle of what fits is wanted and not its edge.
  const auto mismatch = [&](float start_s) {
    float sum = 0.0f;
    for (int i = -kSamples / 2; i <= kSamples; ++i) {
      const float s = window_s * static_cast<float>(i) / static_cast<float>(kSamples);
      for (const FootContacts& a : from.feet) {
        const FootContacts* b = foot_of(to, a.points.side);
        if (b == nullptr) continue;
        const bool down_a = in_contact(a.any, wrapped(at_s + s, from_duration_s, from_loops));
        const bool down_b = in_contact(b->any, wrapped(start_s + s, to_duration_s, to_loops));
        sum += down_a != down_b ? 1.0f : 0.0f;
      }
    }
    return sum;
  };
  // What does not loop must last as long as it is compared.
  const float last_s = to_loops ? to_duration_s : std::max(to_duration_s - window_s, 0.0f);
  std::vector<float> costs(kCandidates);
  float best = std::numeric_limits<float>::infinity();
  for (int i = 0; i < kCandidates; ++i) {
    costs[static_cast<std::size_t>(i)] =
        mismatch(last_s * static_cast<float>(i) / static_cast<float>(kCandidates));
    best = std::min(best, costs[static_cast<std::size_t>(i)]);
  }
  // The middle of the longest run of the best.
  int run_begin = 0, run_length = 0;
  for (int i = 0; i < kCandidates;) {
    int end = i;
    while (end < kCandidates && costs[static_cast<std::size_t>(end)] == best) ++end;
    if (end - i > run_length) {
      run_begin = i;
      run_length = end - i;
    }
    i = std::max(end, i + 1);
  }
  // Where everything fits alike, as for two that stand, the beginning does.
  if (run_length == kCandidates) return 0.0f;
  return last_s * (static_cast<float>(run_begin) + 0.5f * static_cast<float>(run_length - 1)) /
         static_cast<float>(kCandidates);
}

Result<BlendResult> bench_blend(const ClipRef& from, const ClipRef& to,
                                const BlendSettings& settings) {
  const DocumentPtr owner = from.document;
  Result<RawClip> from_raw = on_skeleton(from, owner);
  if (!from_raw) return from_raw.error();
  Result<RawClip> to_raw = on_skeleton(to, owner);
  if (!to_raw) return to_raw.error();
  from_raw->name = from.get().name;
  to_raw->name = to.get().name;
  Result<Part> a = prepare_part(owner->skeleton, *from_raw);
  if (!a) return a.error();
  Result<Part> b = prepare_part(owner->skeleton, *to_raw);
  if (!b) return b.error();

  Times times{};
  times.duration_s = std::clamp(settings.duration_s, kMinBlend_s, kMaxBlend_s);
  const float at_s = std::clamp(settings.at_s, 0.0f, a->duration_s);
  times.lead_s = a->loops ? kLead_s : std::min(kLead_s, at_s);
  // Whole frames, so that the transition begins on one.
  times.lead_s = std::floor(times.lead_s * kRate_hz) / kRate_hz;
  times.from_s = a->wrapped(at_s - times.lead_s);
  times.start_s = std::clamp(settings.start_s, 0.0f, b->duration_s);
  if (settings.sync)
    times.start_s = sync_by_contacts(a->contacts, a->duration_s, a->loops, at_s, b->contacts,
                                     b->duration_s, b->loops, times.duration_s + 0.2f);

  BlendResult result;
  result.begin_s = times.lead_s;
  result.end_s = times.lead_s + times.duration_s;
  result.start_s = times.start_s;
  result.own_slide_m_s = std::max(a->slide_m_s, b->slide_m_s);
  result.phase = {stride_phase(a->contacts, a->duration_s, a->loops, at_s),
                  stride_phase(b->contacts, b->duration_s, b->loops, times.start_s)};
  result.right_strike = {right_strike_phase(*a, at_s), right_strike_phase(*b, times.start_s)};

  const std::shared_ptr<const Skeleton> skeleton(owner, &owner->skeleton);
  importer::Scene scene;
  scene.format = kBlendFormat;
  scene.skeleton = owner->skeleton;
  scene.mesh = owner->mesh;
  for (const BlendKind kind : {kCrossfade, kInertialize}) {
    Result<RawClip> made =
        play(skeleton, *a, *b, times.from_s, times.lead_s, times.start_s, kind, times.duration_s);
    if (!made) return made.error();
    result.foot_slide_m_s[kind] = measure_slide(owner->skeleton, *made, *a, *b, times);
    scene.clips.push_back(std::move(made).value());
  }
  Result<DocumentPtr> document =
      make_document(std::move(scene), from.get().name + " to " + to.get().name);
  if (!document) return document.error();
  result.document = std::move(document).value();
  return result;
}

}  // namespace canter::viewer
