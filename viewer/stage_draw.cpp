// What of the stage is drawn: characters, and the overlays that explain them.
#include <algorithm>
#include <array>

#include "viewer/body_shapes.h"
#include "viewer/bones.h"
#include "viewer/stage.h"
#include "viewer/ui/theme.h"

namespace canter::viewer {
namespace {

constexpr float kGhostAlpha = 0.55f;
/// Tint of what is simulated: warm grey.
const Vec4 kSimulated(1.0f, 0.93f, 0.84f, 1.0f);
/// Of boxes that are thrown, beside those that throw nothing.
const Vec4 kBoxTint(0.78f, 0.66f, 0.50f, 1.0f);
/// Tint of what stands beside: the colour of references, so that it is clear which is which.
const Vec4 kReferenceTint(0.62f, 0.95f, 0.90f, 1.0f);
/// Boxes farther from the character than this have no part in where the light looks: the shadow map
/// would have few texels left for the character.
constexpr float kLitBoxes_m = 2.5f;

Vec3 at(std::span<const Mat4> models, int joint) {
  return Vec3(models[static_cast<std::size_t>(joint)][3]);
}

Vec4 reference_color(float alpha) {
  return Vec4(theme::linear(theme::kReference), alpha);
}

}  // namespace

const GpuMesh& Stage::gpu_mesh(const DocumentPtr& document) {
  const auto found = gpu_meshes_.find(document.get());
  if (found != gpu_meshes_.end()) return found->second.second;
  return gpu_meshes_
      .emplace(document.get(), std::pair(document, GpuMesh(*document->mesh, document->drawn)))
      .first->second.second;
}

void Stage::append_mesh(const Costume& costume, std::span<const Mat4> models, const Vec4& tint,
                        bool ghost) {
  palettes_.emplace_back(costume.bones.size());
  skinning_matrices(costume.bones, models, palettes_.back());
  meshes_.push_back({&gpu_mesh(costume.body), palettes_.back(), tint, ghost});
}

void Stage::append_contact_marks() {
  const ClipTracks* measured = tracks();
  if (measured == nullptr) return;
  const float radius = 0.048f * owner()->height_m;
  const float time_s = static_cast<float>(time_s_);
  const auto mark = [&](const Vec3& p) {
    // A little above the floor, so that the floor does not hide parts of it.
    append_contact_ring(p + Vec3(0.0f, 0.004f, 0.0f), radius, lines_);
  };
  for (const FootPoints& foot : find_feet(owner()->skeleton, owner()->joints)) {
    for (const FootContacts& track : measured->contacts.feet) {
      if (track.points.side != foot.side) continue;
      if (in_contact(track.heel, time_s)) mark(at(actor_.models, foot.foot) * Vec3(1, 0, 1));
      if (in_contact(track.ball, time_s) && foot.toe_joint >= 0)
        mark(Vec3(actor_.models[static_cast<std::size_t>(foot.toe_joint)] *
                  Vec4(foot.toe_offset, 1.0f)) *
             Vec3(1, 0, 1));
    }
  }
}

void Stage::append_contact_shades(const Document& document, std::span<const Mat4> models) {
  // Whatever lies near the floor darkens it: feet mostly, hands and backs when they are there.
  constexpr std::size_t kMost = 16;
  const float radius = 0.024f * document.height_m;
  const auto first = static_cast<std::ptrdiff_t>(shades_.size());
  const auto shade = [&](const Vec3& a, const Vec3& b) {
    if (std::min(a.y, b.y) > 4.0f * radius || std::max(a.y, b.y) > 8.0f * radius) return;
    const auto end = [&](const Vec3& p) { return Vec4(p.x, std::max(p.y, radius), p.z, radius); };
    shades_.push_back({end(a), end(b), Vec4(1.0f)});
  };
  for (int j = document.travelling_joint + 1; j < document.skeleton.num_joints(); ++j)
    if (document.skeleton.parent(j) >= document.travelling_joint)
      shade(at(models, document.skeleton.parent(j)), at(models, j));
  for (const EndSite& end : document.skeleton.end_sites())
    shade(at(models, end.joint),
          Vec3(models[static_cast<std::size_t>(end.joint)] * Vec4(end.offset, 1.0f)));
  std::sort(shades_.begin() + first, shades_.end(),
            [](const Solid& a, const Solid& b) { return a.end_a.y < b.end_a.y; });
  shades_.resize(std::min(shades_.size(), static_cast<std::size_t>(first) + kMost));
}

void Stage::append_trails(const Overlays& show) {
  // As often as a film, so that a trail shows speed by the length of its pieces at the same cost.
  constexpr double kStep_s = 1.0 / 60.0;
  const auto steps = static_cast<int>(std::clamp(show.trail_s, 0.05f, 5.0f) / kStep_s);
  const std::vector<int> joints = trail_joints(*owner());
  const std::vector<Vec4> colors = side_colors(*owner());
  std::vector<std::vector<Vec3>> points(joints.size());
  for (int i = -steps; i <= steps; ++i) {
    poser_.models_at(time_s_ + i * kStep_s, laps_, moment_);
    for (std::size_t k = 0; k < joints.size(); ++k) points[k].push_back(at(moment_, joints[k]));
  }
  for (std::size_t k = 0; k < joints.size(); ++k)
    append_trail(points[k], static_cast<std::size_t>(steps),
                 colors[static_cast<std::size_t>(joints[k])], lines_);
}

void Stage::append_overlays(const Document& document, std::span<const Mat4> models,
                            const Overlays& show, const std::vector<Vec4>& colors) {
  if (show.skeleton || show.difference) append_skeleton(document, models, colors, lines_over_);
  if (show.axes) append_axes(document, models, lines_over_);
}

void Stage::draw_actor(const Overlays& show) {
  const Document& document = *owner();
  if (has_body() && show.bones)
    draw_shapes();
  else if (!worn_.empty() && !show.bones)
    append_mesh(worn_, actor_.models, has_body() ? kSimulated : Vec4(1.0f), false);
  else
    append_bones(document, actor_.models, 1.0f, solids_);
  if (has_body()) draw_reference(show);
  if (has_body() && hold_)
    append_arrow(hold_->from + body_shift(), hold_->to + body_shift(), theme::srgb(theme::kAccent),
                 lines_over_);
  if (show.ghost && ghost_.id && !has_body())
    append_bones(*performance_.motion, ghost_.models, 0.45f, solids_);
  if (show.contacts && !has_body()) append_contact_marks();
  append_contact_shades(document, actor_.models);

  std::vector<Vec4> colors = side_colors(document);
  if (show.difference && compared_ != nullptr && compared_->difference.num_frames() > 0) {
    const DocumentClip& clip =
        performance_.motion->clips[static_cast<std::size_t>(performance_.clip)];
    colors = difference_colors(compared_->difference.at(time_s_, clip.clip.rate_hz()),
                               show.difference_m);
  }
  Overlays own = show;
  own.difference = show.difference && compared_ != nullptr;
  append_overlays(document, actor_.models, own, colors);
  if (show.trails) append_trails(show);
  if (show.velocities) {
    constexpr float kAhead_s = 1.0f / 120.0f;
    poser_.models_at(time_s_ + static_cast<double>(kAhead_s), laps_, moment_);
    append_velocities(document, actor_.models, moment_, kAhead_s, show.velocity_s, lines_over_);
  }
}

void Stage::draw_reference(const Overlays& show) {
  if (!show.reference || reference_models_.empty()) return;
  const bool mesh = !worn_.empty() && !show.bones;
  if (mesh)
    append_mesh(worn_, reference_models_,
                reference_beside_ ? kReferenceTint : reference_color(kGhostAlpha),
                !reference_beside_);
  else
    append_bones(*owner(), reference_models_, reference_beside_ ? 1.0f : 0.45f, solids_);
  if (reference_beside_) append_contact_shades(*owner(), reference_models_);
}

Vec3 Stage::body_shift() const {
  const BodyView body = world_.body(body_.id);
  if (body.task == nullptr || actor_.models.empty()) return Vec3(0.0f);
  const Vec3 shown = at(actor_.models, owner()->travelling_joint);
  return {shown.x - static_cast<float>(body.positions[0]), 0.0f,
          shown.z - static_cast<float>(body.positions[2])};
}

// What the simulation sees: the shapes of the links, redder the more of its torque a joint uses,
// and the forces of the ground.
void Stage::draw_shapes() {
  const BodyView body = world_.body(body_.id);
  if (body.task == nullptr) return;
  const physics::Model& model = body.task->model();
  links_.resize(static_cast<std::size_t>(model.num_joints()));
  physics::forward_kinematics(model, body.positions, body.velocities, links_);
  const Vec3 shift = body_shift();
  for (std::size_t j = 0; j < links_.size(); ++j) {
    const physics::BodyJoint& joint = model.body().joints[j];
    const float share = std::clamp(body.torque_shares[j], 0.0f, 1.0f);
    const Vec4 color(glm::mix(Vec3(kSimulated) * 0.62f, theme::linear(theme::kOver), share * share),
                     1.0f);
    links_[j].centre += glm::dvec3(shift);
    append_shape(joint, links_[j], color, solids_, cuboids_);
  }
  for (const physics::Contact& contact : body.contacts) {
    constexpr float kPerNewton_m = 1.0f / 1500.0f;
    const Vec3 at = Vec3(contact.position) + shift;
    append_arrow(at, at + Vec3(contact.force_n) * kPerNewton_m, theme::srgb(theme::kContact),
                 lines_over_);
  }
}

// What was thrown at the body.
void Stage::draw_boxes() {
  first_box_ = cuboids_.size();
  std::array<Transform, kTossedBoxes> boxes;
  const auto count = std::min(world_.boxes(body_.id, boxes), kTossedBoxes);
  constexpr auto kHalf_m = static_cast<float>(0.5 * physics::kBoxWidth_m);
  const Vec3 shift = body_shift();
  for (const Transform& box : std::span(boxes).first(static_cast<std::size_t>(count))) {
    const Vec3 centre = box.translation + shift;
    cuboids_.push_back(cuboid_at(centre, box.rotation, Vec3(kHalf_m), kSimulated * kBoxTint));
    if (centre.y < 3.0f * kHalf_m)
      shades_.push_back({Vec4(centre, kHalf_m), Vec4(centre, kHalf_m), Vec4(1.0f)});
  }
}

void Stage::draw_phase_rings(const Overlays& show) {
  if (!show.phase_rings || phased_ == nullptr) return;
  std::array<std::vector<float>, 2> strikes;
  for (std::size_t foot = 0; foot < 2; ++foot)
    for (const PhasedClip::Mark& mark : phased_->marks[foot])
      strikes[foot].push_back(
          mark.channels[static_cast<std::size_t>(phased_->phases->track.primary)].phase);
  const PhaseNow clip = reading_at(phased_->phases->track, time_s_);
  const auto ring = [&](const PhaseNow& now, std::span<const Mat4> models, theme::Color color) {
    if (now.main() == nullptr) return;
    const Vec3 root = at(models, owner()->travelling_joint);
    constexpr float kRadius = 0.27f;  // of a body's height: two that stand side by side fit
    append_phase_ring({Vec3(root.x, 0.006f, root.z), kRadius * owner()->height_m, ring_heading_rad_,
                       now.main()->phase, kArc_s * now.main()->frequency_hz, color, strikes},
                      lines_);
  };
  const PhaseNow shown = reading_of(phase());
  ring(shown.mode == phase::Mode::centred ? clip : shown, actor_.models, theme::kAccent);
  if (has_body() && reference_beside_ && show.reference)
    ring(clip, reference_models_, theme::kReference);
}

void Stage::draw_later(const Overlays& show) {
  poser_.models_at(time_s_ + static_cast<double>(show.later_s), laps_, moment_);
  const std::size_t bones = 2 * worn_.bones.size() + other_worn_.bones.size();
  if (!worn_.empty() && !show.bones && bones <= kMaxPaletteBones)
    append_mesh(worn_, moment_, reference_color(kGhostAlpha), true);
  else
    append_bones(*owner(), moment_, 0.45f, solids_);
}

void Stage::draw_compared(const Overlays& show) {
  const Document& document = other_.owner();
  if (!other_worn_.empty() && !show.bones)
    append_mesh(other_worn_, other_models_, kReferenceTint, false);
  else
    append_bones(document, other_models_, 1.0f, solids_);
  append_contact_shades(document, other_models_);
  Overlays own = show;
  own.difference = false;
  append_overlays(document, other_models_, own, side_colors(document));
}

void Stage::draw(const Overlays& show, SceneFrame& frame) {
  meshes_.clear();
  // Spans into the palettes must stay where they are while more are added.
  palettes_.clear();
  palettes_.reserve(4);
  solids_.clear();
  cuboids_.clear();
  shades_.clear();
  lines_.clear();
  lines_over_.clear();
  if (!empty()) {
    draw_actor(show);
    draw_boxes();
    if (show.later) draw_later(show);
    if (compared_ != nullptr) draw_compared(show);
    draw_phase_rings(show);
  }
  frame.meshes = meshes_;
  frame.solids = solids_;
  frame.cuboids = cuboids_;
  frame.lines = lines_;
  frame.lines_over = lines_over_;
  frame.contact_shades = shades_;
  frame.revision = revision_;
  const Vec3 root = root_position();
  frame.focus = Vec3(root.x, 0.0f, root.z);
  // In steps, so that the shadow map does not change its scale with every swing of an arm.
  constexpr float kStep_m = 0.25f;
  frame.low = glm::floor(box_.low / kStep_m) * kStep_m;
  frame.high = glm::ceil(box_.high / kStep_m) * kStep_m;
  const auto reach = [&](const std::vector<Mat4>& models) {
    for (const Mat4& m : models) {
      frame.low = glm::min(frame.low, Vec3(m[3]) - 0.2f);
      frame.high = glm::max(frame.high, Vec3(m[3]) + 0.2f);
    }
  };
  for (const Cuboid& box : std::span(cuboids_).subspan(first_box_)) {
    const Vec3 centre(box.pose[3]);
    if (glm::distance(Vec2(centre.x, centre.z), Vec2(root.x, root.z)) > kLitBoxes_m) continue;
    frame.low = glm::min(frame.low, centre - reach_of(box));
    frame.high = glm::max(frame.high, centre + reach_of(box));
  }
  if (show.ghost) reach(ghost_.models);
  if (show.later && !empty()) {
    poser_.models_at(time_s_ + static_cast<double>(show.later_s), laps_, moment_);
    reach(moment_);
  }
}

std::vector<JointLabel> Stage::labels(const Camera& camera, const LabelFrame& frame) const {
  if (empty()) return {};
  return joint_labels(*owner(), actor_.models, camera, frame);
}

}  // namespace canter::viewer
