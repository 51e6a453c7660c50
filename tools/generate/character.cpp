#include "generate/character.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <glm/geometric.hpp>
#include <glm/gtc/matrix_transform.hpp>
#include <string>
#include <utility>

namespace canter::generate {
namespace {

double ramp(double u) {  // smootherstep from -1 to 1
  const double t = std::clamp(0.5 * (u + 1.0), 0.0, 1.0);
  return t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
}

double mix(double a, double b, double t) {
  return a + (b - a) * t;
}

/// Sections of a round limb from {along, radius} with the frame's side radii scaled.
Loft::Section section(double along, double right, double left, double front, double back,
                      double x = 0.0, double z = 0.0) {
  return {along, right, left, front, back, x, z};
}

}  // namespace

HumanoidShape::HumanoidShape(const Proportions& p) : proportions_(p), at_(joint_positions(p)) {
  const glm::dmat3 upright(1.0);
  // Heights of the trunk follow the joints, so that other proportions keep their shape.
  const double hips = at_[kHips].y;
  const double chest = at_[kSpine2].y;
  const double neck = at_[kNeck].y;
  const double waist = mix(hips, chest, 0.62);
  const double bust = mix(chest, neck, 0.42);
  trunk_.emplace_back(Point(0.0), upright,
                      std::vector<Loft::Section>{
                          section(hips - 0.035, 0.085, 0.085, 0.050, 0.066, 0, -0.006),
                          section(hips + 0.010, 0.128, 0.128, 0.080, 0.086, 0, -0.004),
                          section(hips + 0.065, 0.140, 0.140, 0.091, 0.089, 0, -0.004),
                          section(waist, 0.125, 0.125, 0.087, 0.078, 0, -0.002),
                          section(chest - 0.01, 0.127, 0.127, 0.091, 0.081, 0, -0.006),
                          section(bust, 0.139, 0.139, 0.095, 0.090, 0, -0.012),
                          section(mix(bust, neck, 0.50), 0.142, 0.142, 0.089, 0.091, 0, -0.018),
                          section(neck - 0.012, 0.128, 0.128, 0.074, 0.078, 0, -0.027),
                          section(neck + 0.030, 0.080, 0.080, 0.050, 0.060, 0, -0.028),
                      },
                      0.045, 0.045);
  const Point neck_axis = Point(0, 1, 0.16);
  trunk_.emplace_back(Point(0, neck - 0.03, -0.026), frame_along(neck_axis, Point(0, 0, 1)),
                      std::vector<Loft::Section>{section(0.0, 0.066, 0.066, 0.058, 0.062),
                                                 section(0.07, 0.053, 0.053, 0.052, 0.055),
                                                 section(0.16, 0.050, 0.050, 0.050, 0.056)},
                      0.03, 0.03);

  // The head: an egg, its narrow end at the chin, with a flatter front.
  const double crown = at_[kHead].y + p.head;
  const double chin = crown - 0.232;
  head_.emplace_back(
      Point(0, chin, at_[kHead].z), upright,
      std::vector<Loft::Section>{section(0.028, 0.042, 0.042, 0.054, 0.045, 0, 0.026),
                                 section(0.065, 0.061, 0.061, 0.074, 0.072, 0, 0.014),
                                 section(0.110, 0.0725, 0.0725, 0.087, 0.091, 0, 0.005),
                                 section(0.148, 0.0775, 0.0775, 0.091, 0.099, 0, 0.0)},
      0.028, 0.084);

  const Point arm_axis = arm_direction(p);
  const glm::dmat3 arm_frame = frame_along(arm_axis, Point(0, 0, 1));
  const double elbow = p.upper_arm;
  const double wrist = p.upper_arm + p.forearm;
  // x of this frame points to the outside of the arm (away from the body), z to the front.
  arm_.emplace_back(at_[kLeftArm], arm_frame,
                    std::vector<Loft::Section>{
                        section(0.000, 0.044, 0.047, 0.048, 0.049),
                        section(0.070, 0.045, 0.051, 0.049, 0.048, 0.001, 0),
                        section(0.50 * elbow, 0.041, 0.042, 0.045, 0.043),
                        section(0.80 * elbow, 0.036, 0.036, 0.037, 0.037),
                        section(elbow, 0.035, 0.035, 0.034, 0.036),
                        section(elbow + 0.25 * p.forearm, 0.038, 0.039, 0.039, 0.036),
                        section(elbow + 0.62 * p.forearm, 0.030, 0.031, 0.033, 0.031),
                        section(elbow + 0.92 * p.forearm, 0.0215, 0.0215, 0.0275, 0.0275),
                        section(wrist, 0.020, 0.020, 0.0275, 0.0275),
                    },
                    0.050, 0.026);
  palm_.emplace_back(at_[kLeftHand], arm_frame,
                     std::vector<Loft::Section>{
                         section(-0.01, 0.019, 0.018, 0.026, 0.026),
                         section(0.18 * p.hand, 0.019, 0.016, 0.031, 0.030, 0.000, 0.001),
                         section(0.47 * p.hand, 0.0145, 0.0125, 0.036, 0.035, -0.001, 0.001),
                     },
                     0.018, 0.016);

  const glm::dmat3 down = frame_along(Point(0, -1, 0), Point(0, 0, 1));
  // x of this frame points to the right: `right` radii are outside, `left` ones inside of the leg.
  const double knee = p.thigh;
  const double ankle = p.thigh + p.shin;
  leg_.emplace_back(at_[kLeftUpLeg], down,
                    std::vector<Loft::Section>{
                        section(-0.07, 0.035, 0.030, 0.045, 0.045, 0.0, 0),
                        section(0.00, 0.064, 0.058, 0.073, 0.073, 0.0, 0),
                        section(0.06, 0.076, 0.070, 0.082, 0.081, 0.0, 0),
                        section(0.14, 0.075, 0.071, 0.083, 0.081, 0.0, 0.002),
                        section(0.68 * knee, 0.060, 0.059, 0.066, 0.062, 0.0, 0.003),
                        section(0.90 * knee, 0.048, 0.048, 0.053, 0.050, 0.0, 0.002),
                        section(knee, 0.0445, 0.0445, 0.048, 0.047),
                        section(knee + 0.08 * p.shin, 0.0435, 0.0435, 0.044, 0.050, 0, -0.003),
                        section(knee + 0.30 * p.shin, 0.047, 0.048, 0.043, 0.060, 0, -0.006),
                        section(knee + 0.62 * p.shin, 0.036, 0.036, 0.036, 0.044, 0, -0.005),
                        section(knee + 0.88 * p.shin, 0.027, 0.027, 0.030, 0.035, 0, -0.003),
                        section(ankle, 0.029, 0.029, 0.031, 0.036, 0, -0.002),
                    },
                    0.06, 0.035);

  // The foot lies along z; x of its frame points right (outside of the left foot is +x), z down.
  const glm::dmat3 forward(Point(1, 0, 0), Point(0, 0, 1), Point(0, -1, 0));
  const double heel = -p.foot_behind;
  const double ball = p.ball;
  const double tip = p.ball + p.toes;
  const double h = at_[kLeftFoot].y;  // ankle above the ground
  foot_.emplace_back(Point(at_[kLeftFoot].x, 0, at_[kLeftFoot].z), forward,
                     std::vector<Loft::Section>{
                         section(heel + 0.030, 0.030, 0.030, 0.034, 0.024, 0, -0.6 * h),
                         section(0.000, 0.033, 0.034, 0.034, 0.036, 0, -0.6 * h),
                         section(0.4 * ball, 0.036, 0.039, 0.030, 0.034, 0.002, -0.5 * h),
                         section(ball, 0.044, 0.046, 0.022, 0.022, 0.003, -0.020),
                         section(tip - 0.035, 0.043, 0.043, 0.020, 0.014, 0.001, -0.017),
                     },
                     0.030, 0.035);

  // Down the middle of the body to where the thighs part.
  for (crotch_ = hips; distance(Point(0, crotch_, at_[kLeftUpLeg].z)) < 0.0;) crotch_ -= 0.002;
}

double HumanoidShape::trunk(const Point& p) const {
  return smooth_min(trunk_[0].distance(p), trunk_[1].distance(p), 0.07);
}

double HumanoidShape::paired_muscles(const Point& p) const {
  const Point shoulder = at_[kLeftArm];
  // Trapezius, from the side of the neck to the shoulder.
  double d = round_cone(p, Point(0.026, at_[kNeck].y + 0.062, -0.030),
                        shoulder + Point(-0.034, -0.004, -0.004), 0.034, 0.036);
  // Chest, shoulder blade, the back muscle that gives the trunk its taper, and the seat.
  d = smooth_min(
      d, ellipsoid(p, Point(0.070, at_[kSpine2].y + 0.135, 0.030), {0.092, 0.085, 0.038}), 0.06);
  d = smooth_min(
      d, ellipsoid(p, Point(0.088, at_[kSpine2].y + 0.135, -0.056), {0.066, 0.095, 0.044}), 0.06);
  d = smooth_min(d, ellipsoid(p, Point(0.074, at_[kHips].y - 0.020, -0.052), {0.080, 0.084, 0.060}),
                 0.05);
  return d;
}

double HumanoidShape::head(const Point& p) const {
  const double crown = at_[kHead].y + proportions_.head;
  const double z = at_[kHead].z;
  double d = head_[0].distance(p);
  // A brow shades the visor, so that even a silhouette shows where the head looks.
  return smooth_min(d, ellipsoid(p, Point(0, crown - 0.088, z + 0.058), {0.052, 0.030, 0.034}),
                    0.06);
}

double HumanoidShape::arm(const Point& p) const {
  return arm_[0].distance(p);
}

double HumanoidShape::thumb(const Point& p) const {
  const Point a = arm_direction(proportions_);
  const Point palm_side = glm::cross(Point(0, 0, 1), a) * -1.0;  // the way the palm looks
  const Point base = at_[kLeftHandThumb1];
  const Point middle = base + 0.20 * proportions_.hand * a + Point(0, 0, 0.028) + 0.012 * palm_side;
  const Point tip = middle + 0.165 * proportions_.hand * a + Point(0, 0, 0.014) + 0.008 * palm_side;
  return smooth_min(round_cone(p, base - 0.01 * a - Point(0, 0, 0.008), middle, 0.0150, 0.0115),
                    round_cone(p, middle, tip, 0.0115, 0.0090), 0.006);
}

double HumanoidShape::hand(const Point& p) const {
  const Point a = arm_direction(proportions_);
  const Point palm_side = glm::cross(Point(0, 0, 1), a) * -1.0;
  double d = palm_[0].distance(p);
  // Four fingers side by side, a little curled: index first.
  constexpr double kLength[4] = {0.43, 0.48, 0.445, 0.355};
  constexpr double kAcross[4] = {0.0255, 0.0085, -0.0085, -0.0250};
  constexpr double kKnuckle[4] = {0.475, 0.495, 0.48, 0.45};
  double fingers = 1.0;
  for (int i = 0; i < 4; ++i) {
    const double length = kLength[i] * proportions_.hand;
    const Point root =
        at_[kLeftHand] + kKnuckle[i] * proportions_.hand * a + Point(0, 0, kAcross[i]);
    const Point spread(0, 0, -0.03 * kAcross[i]);
    const Point middle = root + 0.50 * length * (a + 0.14 * palm_side) + spread;
    const Point tip = middle + 0.44 * length * (a + 0.50 * palm_side) + 0.3 * spread;
    const double finger = smooth_min(round_cone(p, root, middle, 0.0100, 0.0088),
                                     round_cone(p, middle, tip, 0.0088, 0.0072), 0.004);
    fingers = smooth_min(fingers, finger, 0.008);
  }
  d = smooth_min(d, fingers, 0.012);
  return smooth_min(d, thumb(p), 0.014);
}

double HumanoidShape::leg(const Point& p) const {
  double d = leg_[0].distance(p);
  // Knee cap.
  d = smooth_min(d, ellipsoid(p, at_[kLeftLeg] + Point(0, 0.012, 0.020), {0.027, 0.036, 0.028}),
                 0.05);
  double foot = foot_[0].distance(p);
  // Ankle bones keep the foot from looking like a sock.
  d = smooth_min(d, foot, 0.045);
  // The sole is flat, its edge rounded.
  return smooth_max(d, -p.y, 0.016);
}

double HumanoidShape::distance(const Point& point) const {
  // The right half is the left half's image; parts of both blend where they meet.
  const Point left(std::abs(point.x), point.y, point.z);
  const Point right(-left.x, left.y, left.z);
  // Parts further away than the widest blend cannot change the surface and are not evaluated.
  constexpr double kFar = 0.15;
  double d = trunk(left);
  if (left.y > at_[kHips].y - 0.25) {
    double pair = paired_muscles(left);
    if (left.x < kFar) pair = smooth_min(pair, paired_muscles(right), 0.05);
    d = smooth_min(d, pair, 0.06);
  }
  if (left.y < at_[kHips].y + 2.0 * kFar) {
    double legs = leg(left);
    if (left.x < kFar) legs = smooth_min(legs, leg(right), 0.05);
    d = smooth_min(d, legs, 0.075);
  }
  if (left.y > at_[kNeck].y - kFar) d = smooth_min(d, head(left), 0.035);
  double limb = arm(left);
  if (glm::distance(left, at_[kLeftHandMiddle1]) < proportions_.hand)
    limb = smooth_min(limb, hand(left), 0.014);
  return smooth_min(d, limb, 0.075);
}

double HumanoidShape::accent(const Point& point) const {
  const Point p(std::abs(point.x), point.y, point.z);
  const Point a = arm_direction(proportions_);
  const double glove = glm::dot(p - at_[kLeftHand], a) + 0.012;
  const double boot = at_[kLeftFoot].y + 0.045 - p.y + 0.25 * (p.z - at_[kLeftFoot].z);
  // The visor: a rounded rectangle seen from the front, over the upper half of the face.
  const double crown = at_[kHead].y + proportions_.head;
  const Point f = glm::abs(p - Point(0, crown - 0.128, 0)) / Point(0.063, 0.041, 1.0);
  const double face = std::min(0.04 * (1.0 - std::cbrt(f.x * f.x * f.x + f.y * f.y * f.y)),
                               p.z - at_[kHead].z - 0.01);
  const bool is_hand = glm::dot(p - at_[kLeftArm], a) > 0.3 && p.x > 0.3;
  if (is_hand) return glove;
  if (p.y < 0.3) return boot;
  return p.y > at_[kNeck].y + 0.05 ? face : -0.1;
}

double HumanoidShape::edge_length(const Point& point) const {
  const Point p(std::abs(point.x), point.y, point.z);
  const auto finer = [](double length, double fine, double distance, double fade) {
    return mix(std::min(fine, length), length, ramp(2.0 * distance / fade - 1.0));
  };
  double length = 0.0170;
  const Point a = arm_direction(proportions_);
  // Bending rings want more loops than the straight of a limb.
  for (const int j : {kLeftForeArm, kLeftLeg, kLeftArm})
    length = finer(length, 0.0135, glm::distance(p, at_[static_cast<std::size_t>(j)]) - 0.05, 0.10);
  length = finer(length, 0.0120, at_[kNeck].y + 0.10 - p.y, 0.08);
  length = finer(length, 0.0100, p.y - 0.08, 0.12);
  const double hand = p.x > 0.3 ? 0.005 - glm::dot(p - at_[kLeftHand], a) : 1.0;
  length = finer(length, 0.0060, hand, 0.07);
  return length;
}

double HumanoidShape::softness(const Point& point) const {
  const Point p(std::abs(point.x), point.y, point.z);
  const double arm = glm::dot(p - at_[kLeftArm], arm_direction(proportions_)) - 0.08;
  const double leg = at_[kHips].y - 0.16 - p.y;
  const double head = p.y - at_[kHead].y - 0.03;
  return 1.0 - ramp(std::max({p.x > 0.17 ? arm : -1.0, leg, head}) / 0.04);
}

std::array<double, kNumJoints> HumanoidShape::weights(const Point& point) const {
  const bool left_side = point.x >= 0.0;
  const Point p(std::abs(point.x), point.y, point.z);
  std::array<double, kNumJoints> w{};
  const auto take = [&](double& from, double share) {
    const double taken = from * share;
    from -= taken;
    return taken;
  };
  // How much of a joint's parent passes to it: a smooth step across a plane through the joint.
  const auto past = [&](const Point& origin, const Point& normal, double half_width) {
    return ramp(glm::dot(p - origin, glm::normalize(normal)) / half_width);
  };

  const Point a = arm_direction(proportions_);
  const double torso_distance = std::min(trunk(p), paired_muscles(p));
  double rest = 1.0;

  // Arm: beyond the shoulder, and nearer to the arm than to the trunk.
  const double is_arm = ramp((torso_distance - arm(p)) / 0.03 + 0.4);
  double arm_part =
      take(rest, past(at_[kLeftArm] + 0.012 * a, Point(0.90, -0.30, 0), 0.062) * is_arm);
  double forearm = take(arm_part, past(at_[kLeftForeArm], a, 0.048));
  double hand_part = take(forearm, past(at_[kLeftHand], a, 0.026));
  const double is_thumb = ramp((palm_[0].distance(p) - thumb(p)) / 0.010);
  w[kLeftHandThumb1] =
      take(hand_part, is_thumb * past(at_[kLeftHandThumb1], a + Point(0, 0, 0.8), 0.014));
  w[kLeftHandMiddle1] = take(hand_part, past(at_[kLeftHandMiddle1], a, 0.013));
  w[kLeftArm] = arm_part;
  w[kLeftForeArm] = forearm;
  w[kLeftHand] = hand_part;

  // Leg: below the groin line, each side its own. Where the thighs part both share, and the wider
  // the higher, or the crotch tears when they spread.
  const double groin = past(at_[kLeftUpLeg] + Point(0, 0.004, 0), Point(0.50, -0.86, 0), 0.070);
  const double side = ramp(p.x / mix(0.07, 0.004, ramp(20.0 * (crotch_ - p.y) - 1.0)));
  const double legs = take(rest, groin);
  double leg_part = legs * side;
  const double other = legs - leg_part;
  double shin = take(leg_part, past(at_[kLeftLeg], Point(0, -1, 0), 0.060));
  double foot = take(shin, past(at_[kLeftFoot] + Point(0, 0.022, 0), Point(0, -1, 0.25), 0.034));
  w[kLeftToeBase] = take(foot, past(at_[kLeftToeBase], Point(0, 0, 1), 0.024));
  w[kLeftUpLeg] = leg_part;
  w[kRightUpLeg] = other;
  w[kLeftLeg] = shin;
  w[kLeftFoot] = foot;

  // Trunk, bottom up.
  const Point up(0, 1, 0);
  double above = take(rest, past(at_[kSpine], up, 0.06));
  w[kHips] = rest;
  double chest = take(above, past(at_[kSpine1], up, 0.05));
  w[kSpine] = above;
  double upper = take(chest, past(at_[kSpine2], up, 0.05));
  w[kSpine1] = chest;
  // The shoulders rise above the base of the neck and are no part of it.
  double neck = take(upper, past(at_[kNeck] + Point(0, 0.034, 0), Point(0, 1, -0.15), 0.036) *
                                ramp((0.080 - p.x) / 0.025));
  w[kLeftShoulder] = take(
      upper, ramp((p.x - 0.095) / 0.055) * past(at_[kLeftArm] - Point(0, 0.075, 0), up, 0.075));
  w[kSpine2] = upper;
  w[kHead] = take(neck, past(at_[kHead], Point(0, 1, -0.35), 0.032));
  w[kNeck] = neck;

  if (!left_side)
    for (int j = 0; j < kNumJoints; ++j) {
      const int m = joint_table()[static_cast<std::size_t>(j)].mirror;
      if (m > j) std::swap(w[static_cast<std::size_t>(j)], w[static_cast<std::size_t>(m)]);
    }
  return w;
}

namespace {

using Weights = std::array<double, kNumJoints>;

/// Averages the weights of neighbours, so that no two of a ring differ by a step: `rounds` times,
/// and `more` times where `where` is 1.
void smooth_weights(const Surface& surface, std::vector<Weights>& weights, int rounds, int more,
                    const Field& where) {
  std::vector<double> share;
  for (const Point& p : surface.points) share.push_back(where(p));
  for (int r = 0; r < rounds + more; ++r) {
    std::vector<Weights> sum = weights;
    std::vector<double> count(weights.size(), 1.0);
    for (const Surface::Triangle& t : surface.triangles) {
      for (std::size_t i = 0; i < 3; ++i) {
        // Every edge is met once in each direction on a closed mesh.
        const auto a = static_cast<std::size_t>(t[i]);
        const auto b = static_cast<std::size_t>(t[(i + 1) % 3]);
        for (std::size_t j = 0; j < kNumJoints; ++j) sum[a][j] += weights[b][j];
        count[a] += 1.0;
      }
    }
    for (std::size_t v = 0; v < weights.size(); ++v) {
      const double taken = r < rounds ? 1.0 : share[v];
      for (std::size_t j = 0; j < kNumJoints; ++j)
        weights[v][j] = mix(weights[v][j], sum[v][j] / count[v], taken);
    }
  }
}

/// The four largest weights, made to sum to 1.
void bind_vertex(const Weights& weights, SkinnedMesh::Vertex& vertex) {
  std::array<std::uint16_t, kNumJoints> order{};
  for (std::uint16_t j = 0; j < kNumJoints; ++j) order[j] = j;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint16_t a, std::uint16_t b) { return weights[a] > weights[b]; });
  constexpr double kNegligible = 2e-3;
  double sum = 0.0;
  for (std::size_t k = 0; k < 4; ++k) {
    const double weight = weights[order[k]] > kNegligible ? weights[order[k]] : 0.0;
    vertex.bones[k] = weight > 0.0 ? order[k] : std::uint16_t{0};
    vertex.weights[static_cast<int>(k)] = static_cast<float>(weight);
    sum += weight;
  }
  vertex.weights /= static_cast<float>(sum);
}

}  // namespace

Character make_character(const CharacterSettings& settings) {
  const HumanoidShape shape(settings.proportions);
  const Field field = [&](const Point& p) { return shape.distance(p); };
  const Field edge_length = [&](const Point& p) { return settings.detail * shape.edge_length(p); };
  const auto at = joint_positions(settings.proportions);

  MeshSettings mesh_settings;
  mesh_settings.min = Point(0.0, -0.02, -0.25);
  mesh_settings.max = Point(at[kLeftHand].x + settings.proportions.hand,
                            at[kHead].y + settings.proportions.head + 0.03, 0.25);
  mesh_settings.grid_m = settings.grid_m;
  mesh_settings.edge_length = edge_length;
  mesh_settings.iterations = settings.iterations;
  Surface half = mesh_half(field, mesh_settings);
  smooth_half(
      half, [&](const Point& p) { return shape.softness(p); }, 20);
  std::vector<bool> accent;
  cut_along(
      half, field, [&](const Point& p) { return shape.accent(p); }, edge_length, accent);
  std::vector<int> twin;
  const Surface whole = mirror_half(half, twin);

  Character out;
  out.skeleton = humanoid_skeleton(settings.proportions);
  SkinnedMesh& mesh = out.mesh;
  for (std::size_t j = 0; j < kNumJoints; ++j)
    mesh.bones.push_back({static_cast<int>(j), glm::translate(Mat4(1.0f), -Vec3(at[j]))});
  std::vector<Weights> weights;
  for (const Point& p : whole.points) weights.push_back(shape.weights(p));
  // An armpit is a narrow fold in the bind pose that a raised arm opens wide.
  const Point armpit = at[kLeftArm] - Point(0, 0.06, 0);
  smooth_weights(whole, weights, 3, 24, [&](const Point& p) {
    const double away = glm::distance(Point(std::abs(p.x), p.y, p.z), armpit);
    return ramp(2.0 * (1.0 - away / 0.13));
  });
  const std::vector<Point> normals = vertex_normals(whole);
  for (std::size_t i = 0; i < whole.points.size(); ++i) {
    SkinnedMesh::Vertex v;
    v.position = Vec3(whole.points[i]);
    v.normal = Vec3(normals[i]);
    bind_vertex(weights[i], v);
    mesh.vertices.push_back(v);
  }

  // One part per material; mirrored triangles follow the half's in the same order.
  mesh.materials = {{"Body", Vec4(0.62f, 0.60f, 0.57f, 1.0f), -1},
                    {"Accent", Vec4(0.10f, 0.125f, 0.16f, 1.0f), -1}};
  for (const int material : {0, 1}) {
    SkinnedMesh::Part part;
    part.name = mesh.materials[static_cast<std::size_t>(material)].name;
    part.material = material;
    part.first_index = static_cast<std::uint32_t>(mesh.indices.size());
    for (std::size_t t = 0; t < whole.triangles.size(); ++t) {
      if (accent[t % accent.size()] != (material == 1)) continue;
      for (const int v : whole.triangles[t]) mesh.indices.push_back(static_cast<std::uint32_t>(v));
    }
    part.num_indices = static_cast<std::uint32_t>(mesh.indices.size()) - part.first_index;
    mesh.parts.push_back(part);
  }
  assert(validate(mesh, out.skeleton).ok());
  return out;
}

}  // namespace canter::generate
