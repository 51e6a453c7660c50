#include "import/correct.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "canter/anim/joint_map.h"
#include "canter/anim/model_space.h"
#include "import/number.h"

namespace canter::importer::detail {
namespace {

constexpr double kUsualRates_hz[] = {10,  12,  12.5, 15,  16,  20,  24,  25,  30,  40,  48,
                                     50,  60,  72,   75,  90,  100, 120, 125, 144, 150, 180,
                                     200, 240, 250,  300, 360, 400, 480, 500, 600, 960, 1000};

// Units in use, with a handicap for the rarer ones where the length alone would leave a doubt.
// CMU's BVH releases count in units of 1 inch / 0.45 (the scale of their ASF files); nobody else.
struct Unit {
  double metres;
  const char* name;
  double handicap;
  bool cmu_only = false;
};
constexpr std::array<Unit, 6> kUnits{{{1.0, "metres", 0.0},
                                      {0.1, "decimetres", 0.25},
                                      {0.0254 / 0.45, "CMU units of 1/0.45 inch", 0.25, true},
                                      {0.0254, "inches", 0.25},
                                      {0.01, "centimetres", 0.0},
                                      {0.001, "millimetres", 0.25}}};

// Positions of joints and then end sites, with parents finished before children.
std::vector<Vec3> model_positions(const Skeleton& skeleton, std::span<const Transform> locals) {
  const auto n = static_cast<std::size_t>(skeleton.num_joints());
  std::vector<Transform> models(n);
  model_transforms(skeleton, locals, models);
  std::vector<Vec3> positions;
  positions.reserve(n + skeleton.end_sites().size());
  for (const Transform& model : models) positions.push_back(model.translation);
  for (const EndSite& site : skeleton.end_sites())
    positions.push_back(transform_point(models[static_cast<std::size_t>(site.joint)], site.offset));
  return positions;
}

bool name_has(std::string_view name, std::string_view lower_part) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(name.begin(), name.end(), lower_part.begin(), lower_part.end(),
                     [&](char a, char b) { return lower(a) == b; }) != name.end();
}

bool has_cmu_names(const Skeleton& skeleton) {
  return skeleton.find("LHipJoint") >= 0 || skeleton.find("lowerback") >= 0 ||
         skeleton.find("LowerBack") >= 0;
}

Vec3 mean(const std::vector<Vec3>& positions, const std::vector<std::size_t>& which) {
  Vec3 sum(0.0f);
  for (const std::size_t i : which) sum += positions[i];
  return sum / static_cast<float>(which.size());
}

// Poses that show the body: some frames of each clip, or the rest pose where there is no clip.
std::vector<std::vector<Vec3>> typical_poses(const Scene& scene) {
  constexpr int kSamples = 24;
  std::vector<std::vector<Vec3>> poses;
  for (const RawClip& clip : scene.clips) {
    const int frames = clip.num_frames();
    const int step = std::max(1, (frames + kSamples - 1) / kSamples);
    for (int f = 0; f < frames; f += step)
      poses.push_back(model_positions(scene.skeleton, clip.frame(f)));
  }
  if (poses.empty()) poses.push_back(model_positions(scene.skeleton, scene.skeleton.rest_pose()));
  return poses;
}

struct UpGuess {
  int axis = 1;
  std::string evidence;
};

// From the feet to the root is up, most of the time, for two legs and for four; from the feet to
// the head for those that stand upright. Without such names Y, unless the file says otherwise.
UpGuess guess_up(const Scene& scene, const std::vector<std::vector<Vec3>>& poses) {
  const Landmarks marks = find_landmarks(scene.skeleton, true);
  UpGuess guess;
  if (marks.feet.empty()) {
    guess.evidence = "no joints named as feet; Y assumed";
    return guess;
  }
  Vec3 up(0.0f);
  const auto add = [&up](const Vec3& from, const Vec3& to, float weight) {
    const float length = glm::distance(from, to);
    if (length > 0.0f && std::isfinite(length)) up += (to - from) * (weight / length);
  };
  for (const auto& positions : poses) {
    const Vec3 feet = mean(positions, marks.feet);
    add(feet, positions.front(), 2.0f);
    if (!marks.head.empty()) add(feet, mean(positions, marks.head), 1.0f);
  }
  up /= 3.0f * static_cast<float>(poses.size());
  for (int a = 0; a < 3; ++a)
    if (std::abs(up[a]) > std::abs(up[guess.axis])) guess.axis = a;
  guess.evidence = "from the feet to root and head is (" + format_number("%.2f", up.x) + ", " +
                   format_number("%.2f", up.y) + ", " + format_number("%.2f", up.z) +
                   ") on average";
  return guess;
}

// The body's height standing straight: the longest way from a foot's tip up to the root plus the
// way to the head, along the bones, so that no pose changes it. Without names: the largest extent.
struct HeightGuess {
  float units = 0.0f;
  std::string evidence;
};

HeightGuess guess_height(const Scene& scene, const std::vector<std::vector<Vec3>>& poses) {
  const Skeleton& skeleton = scene.skeleton;
  const Landmarks marks = find_landmarks(skeleton, true);
  HeightGuess guess;
  if (!marks.feet.empty() && !marks.head.empty()) {
    const std::vector<Vec3>& pose = poses.front();
    const auto way_to_root = [&](std::size_t joint) {
      double length = 0.0;
      for (int j = static_cast<int>(joint); skeleton.parent(j) >= 0; j = skeleton.parent(j))
        length += static_cast<double>(glm::distance(
            pose[static_cast<std::size_t>(j)], pose[static_cast<std::size_t>(skeleton.parent(j))]));
      return length;
    };
    double leg = 0.0;
    double spine = std::numeric_limits<double>::max();
    for (const std::size_t foot : marks.feet)
      if (skeleton.parent(static_cast<int>(foot)) >= 0) leg = std::max(leg, way_to_root(foot));
    for (const std::size_t head : marks.head) spine = std::min(spine, way_to_root(head));
    // Ankle to root is 0.53, root to head joint 0.35 of a person's height.
    guess.units = static_cast<float>((leg + spine) / 0.88);
    guess.evidence = "ankle to root " + format_number("%.4g", leg) + ", root to head " +
                     format_number("%.4g", spine) + " along the bones";
  } else {
    Vec3 low(std::numeric_limits<float>::max());
    Vec3 high(-std::numeric_limits<float>::max());
    for (const Vec3& p : poses.front()) {
      low = glm::min(low, p);
      high = glm::max(high, p);
    }
    const Vec3 extent = high - low;
    guess.units = std::max({extent.x, extent.y, extent.z});
    guess.evidence = "largest extent " + format_number("%.4g", static_cast<double>(guess.units));
  }
  return guess;
}

}  // namespace

std::string format_number(const char* pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

Landmarks find_landmarks(const Skeleton& skeleton, bool by_name_only) {
  const JointMap map = map_joints(skeleton);
  Landmarks marks;
  const auto add = [&](std::vector<std::size_t>& list, int joint) {
    if (joint < 0) return;
    if (by_name_only && map.roles[static_cast<std::size_t>(joint)].confidence < 0.5f) return;
    list.push_back(static_cast<std::size_t>(joint));
  };
  for (const JointMap::Leg& leg : map.legs) {
    add(marks.feet, leg.foot);
    add(marks.toes, leg.toes);
  }
  for (const JointMap::Arm& arm : map.arms) add(marks.hands, arm.hand);
  add(marks.head, map.head);
  if (!marks.feet.empty()) return marks;
  // Too little of a humanoid for the map, but a name may still say "foot".
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    const std::string_view name = skeleton.name(j);
    const auto i = static_cast<std::size_t>(j);
    if (name_has(name, "toe"))
      marks.toes.push_back(i);
    else if (name_has(name, "foot") || name_has(name, "ankle"))
      marks.feet.push_back(i);
    else if (name_has(name, "hand") || name_has(name, "wrist"))
      marks.hands.push_back(i);
    else if (name_has(name, "head"))
      marks.head.push_back(i);
  }
  return marks;
}

FrameRate interpret_frame_time(std::string_view text) {
  FrameRate rate;
  rate.text = std::string(text);
  double seconds = 0.0;
  const char* first = text.data();
  if (!text.empty() && *first == '+') ++first;
  const auto parsed = std::from_chars(first, text.data() + text.size(), seconds);
  rate.usable = parsed.ec == std::errc() && seconds >= 1e-5 && seconds <= 100.0;
  if (!rate.usable) return rate;
  rate.written_hz = static_cast<float>(1.0 / seconds);
  rate.snapped_hz = rate.written_hz;

  // How far the written digits may be off: one unit of the last place when cut, half when rounded.
  const std::size_t point = text.find('.');
  const std::size_t exponent = text.find_first_of("eE");
  const std::size_t stop = std::min(exponent, text.size());
  const double digits =
      point == std::string_view::npos || point > stop ? 0.0 : static_cast<double>(stop - point - 1);
  const double last_place = exponent == std::string_view::npos ? std::pow(10.0, -digits) : 0.0;
  constexpr double kBroadcast[] = {24000.0 / 1001, 30000.0 / 1001, 60000.0 / 1001, 120000.0 / 1001};
  double best = std::numeric_limits<double>::max();
  const auto consider = [&](double hz, double tolerance) {
    const double off = std::abs(seconds - 1.0 / hz);
    // More than 3 % would be a guess, whatever the digits.
    if (off <= std::min(tolerance, 0.03 / hz) && off < best) {
      best = off;
      rate.snapped_hz = static_cast<float>(hz);
    }
  };
  for (const double hz : kUsualRates_hz) consider(hz, std::max(last_place, 2e-5 / hz));
  for (const double hz : kBroadcast) consider(hz, 0.51 * last_place);
  return rate;
}

double snap_rate(double hz, double tolerance) {
  double best = hz;
  for (const double usual : kUsualRates_hz)
    if (std::abs(usual - hz) <= tolerance * usual &&
        (best == hz || std::abs(usual - hz) < std::abs(best - hz)))
      best = usual;
  return best;
}

void report_frame_rate(const FrameRate& rate, bool raw, std::vector<Finding>& findings) {
  if (!rate.usable)
    findings.push_back({"frame_rate_missing", "the frame time cannot be meant",
                        "frame time \"" + rate.text + "\" s", "30 Hz was assumed",
                        FixState::applied});
  else if (std::abs(rate.written_hz - rate.snapped_hz) > 1e-6f * rate.snapped_hz)
    findings.push_back(
        {"frame_rate_snapped", "the frame time has the digits of a usual rate",
         "frame time " + rate.text + " s is " +
             format_number("%.8g", static_cast<double>(rate.written_hz)) + " Hz",
         "taken as " + format_number("%.6g", static_cast<double>(rate.snapped_hz)) + " Hz",
         raw   ? FixState::available
         : raw ? FixState::available
               : FixState::applied});
}

Result<void> rebase(Scene& scene, float scale, std::string_view up) {
  // A quarter turn is a permutation with signs: exact, and the same for vectors and for the
  // vector parts of quaternions.
  const char axis = up.empty() ? 'y' : up[0];
  const auto turn = [axis](const Vec3& v) {
    if (axis == 'z') return Vec3(v.x, v.z, -v.y);
    if (axis == 'x') return Vec3(-v.y, v.x, v.z);
    return v;
  };
  const auto apply = [&](Transform& t) {
    const Vec3 v = turn(Vec3(t.rotation.x, t.rotation.y, t.rotation.z));
    t.rotation = Quat(t.rotation.w, v.x, v.y, v.z);
    t.translation = turn(t.translation) * scale;
    if (t.scale != Vec3(1.0f)) t.scale = glm::abs(turn(t.scale));
  };
  SkeletonDesc desc = describe(scene.skeleton);
  for (SkeletonDesc::Joint& joint : desc.joints) apply(joint.rest);
  for (EndSite& site : desc.end_sites) site.offset = turn(site.offset) * scale;
  Result<Skeleton> skeleton = make_skeleton(desc);
  if (!skeleton) return skeleton.error();
  scene.skeleton = std::move(skeleton).value();
  for (RawClip& clip : scene.clips) {
    if (axis == 'y') {
      for (Transform& t : clip.keys) t.translation *= scale;
    } else {
      for (Transform& t : clip.keys) apply(t);
    }
  }
  return {};
}

Result<void> correct_units_and_axes(Scene& scene, const Options& options) {
  const std::vector<std::vector<Vec3>> poses = typical_poses(scene);

  const UpGuess up = guess_up(scene, poses);
  static constexpr const char* kAxisNames[] = {"x", "y", "z"};
  scene.up_axis = kAxisNames[up.axis];
  const FixState state = options.raw ? FixState::available : FixState::applied;
  if (up.axis != 1)
    scene.findings.push_back({"up_axis", "the file's up axis is not Y",
                              std::string("up is ") + scene.up_axis + ": " + up.evidence,
                              "turned to Y up", state});

  const HeightGuess height = guess_height(scene, poses);
  const Unit* unit = nullptr;
  if (options.unit_m) {
    scene.unit_m = *options.unit_m;
  } else if (height.units > 0.0f && std::isfinite(height.units)) {
    // The unit in which this body is nearest to a person's 1.7 m.
    double best = std::numeric_limits<double>::max();
    for (const Unit& candidate : kUnits) {
      if (candidate.cmu_only && !has_cmu_names(scene.skeleton)) continue;
      const double off =
          std::abs(std::log(static_cast<double>(height.units) * candidate.metres / 1.7)) +
          candidate.handicap;
      if (off < best) {
        best = off;
        unit = &candidate;
      }
    }
    scene.unit_m = static_cast<float>(unit->metres);
    scene.findings.push_back(
        {"unit_guess", std::string("the file states no unit; lengths look like ") + unit->name,
         height.evidence + ": a height of " +
             format_number("%.2f", static_cast<double>(height.units) * unit->metres) + " m",
         "scaled by " + format_number("%.6g", unit->metres), state});
  }
  if (options.raw || (scene.unit_m == 1.0f && up.axis == 1)) return {};
  return rebase(scene, scene.unit_m, scene.up_axis);
}

}  // namespace canter::importer::detail
