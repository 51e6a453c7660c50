// DeepMimic's JSON (Peng et al. 2018, https://github.com/xbpeng/DeepMimic): motions and characters.
// Metres, Y up, quaternions w first; this file is where they become x, y, z, w.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "import/correct.h"
#include "import/readers.h"

namespace canter::importer::detail {
namespace {

using Json = nlohmann::json;

enum class JointType { root, spherical, revolute, fixed };
enum class Shape { sphere, capsule, box };

// A joint and the one body on it. Sizes are diameters and full lengths, as in the files.
struct CharacterJoint {
  std::string name;
  JointType type;
  int parent;
  Vec3 attach;
  Shape shape;
  Vec3 size;         // sphere: diameter; capsule: diameter, length without caps; box: full lengths
  Vec3 body_attach;  // the body's centre in the joint's frame
  Vec3 body_theta{0.0f};
  Vec3 theta{0.0f};
};

using Character = std::vector<CharacterJoint>;

constexpr JointType kRoot = JointType::root;
constexpr JointType kBall = JointType::spherical;
constexpr JointType kHinge = JointType::revolute;
constexpr JointType kFixed = JointType::fixed;

// The published dimensions of the two characters motions are recorded on: a motion file names
// neither its joints nor its skeleton, only the number of values tells.
Character humanoid() {
  const Shape sphere = Shape::sphere;
  const Shape capsule = Shape::capsule;
  const Shape box = Shape::box;
  Character c{
      {"root", kRoot, -1, {0, 0, 0}, sphere, Vec3(0.18f), {0, 0.07f, 0}},
      {"chest", kBall, 0, {0, 0.236151f, 0}, sphere, Vec3(0.22f), {0, 0.12f, 0}},
      {"neck", kBall, 1, {0, 0.223894f, 0}, sphere, Vec3(0.205f), {0, 0.175f, 0}},
  };
  for (const char* side : {"right", "left"}) {
    const float z = side[0] == 'r' ? 1.0f : -1.0f;
    const std::string s(side);
    const int first = static_cast<int>(c.size());
    c.push_back(
        {s + "_hip", kBall, 0, {0, 0, 0.084887f * z}, capsule, {0.11f, 0.3f, 0}, {0, -0.21f, 0}});
    c.push_back(
        {s + "_knee", kHinge, first, {0, -0.421546f, 0}, capsule, {0.1f, 0.31f, 0}, {0, -0.2f, 0}});
    c.push_back({s + "_ankle",
                 kBall,
                 first + 1,
                 {0, -0.40987f, 0},
                 box,
                 {0.177f, 0.055f, 0.09f},
                 {0.045f, -0.0225f, 0}});
    c.push_back({s + "_shoulder",
                 kBall,
                 1,
                 {-0.02405f, 0.2435f, 0.18311f * z},
                 capsule,
                 {0.09f, 0.18f, 0},
                 {0, -0.14f, 0}});
    c.push_back({s + "_elbow",
                 kHinge,
                 first + 3,
                 {0, -0.274788f, 0},
                 capsule,
                 {0.08f, 0.135f, 0},
                 {0, -0.12f, 0}});
    c.push_back(
        {s + "_wrist", kFixed, first + 4, {0, -0.258947f, 0}, sphere, Vec3(0.08f), {0, 0, 0}});
  }
  return c;
}

Character dog() {
  const Shape sphere = Shape::sphere;
  const Shape capsule = Shape::capsule;
  const Shape box = Shape::box;
  Character c{
      {"root", kRoot, -1, {0, 0, 0}, sphere, Vec3(0.12f), {0, -0.02f, 0}},
      {"spine0", kBall, 0, {0, 0, 0}, sphere, Vec3(0.16f), {0.17f, -0.025f, 0}},
      {"spine1", kBall, 1, {0.2375f, 0, 0}, sphere, Vec3(0.22f), {0.17f, -0.04f, 0}},
      {"neck",
       kBall,
       2,
       {0.28135f, 0, 0},
       capsule,
       {0.07f, 0.08f, 0},
       {0.075f, 0, 0},
       {0, 0, -1.5708f}},
      {"head", kBall, 3, {0.175f, 0, 0}, box, {0.12f, 0.19f, 0.1f}, {0.08f, -0.04f, 0}},
  };
  for (const char* side : {"left", "right"}) {
    const float z = side[0] == 'r' ? 1.0f : -1.0f;
    const std::string s(side);
    const int first = static_cast<int>(c.size());
    c.push_back({s + "_shoulder",
                 kBall,
                 2,
                 {0.304074f, -0.109983f, 0.106071f * z},
                 capsule,
                 {0.08f, 0.12f, 0},
                 {0, -0.05f, 0}});
    c.push_back({s + "_forearm",
                 kHinge,
                 first,
                 {0, -0.19f, 0},
                 capsule,
                 {0.06f, 0.21f, 0},
                 {0, -0.08f, 0}});
    c.push_back({s + "_hand",
                 kBall,
                 first + 1,
                 {0, -0.2225f, 0},
                 box,
                 {0.04f, 0.08f, 0.05f},
                 {0, -0.04f, 0}});
    c.push_back({s + "_finger",
                 kBall,
                 first + 2,
                 {0, -0.09f, 0},
                 box,
                 {0.08f, 0.04f, 0.05f},
                 {0.012f, -0.02f, 0}});
  }
  for (const char* side : {"left", "right"}) {
    const float z = side[0] == 'r' ? 1.0f : -1.0f;
    const std::string s(side);
    const int first = static_cast<int>(c.size());
    c.push_back({s + "_upper_leg",
                 kBall,
                 0,
                 {-0.074803f, -0.095825f, 0.05986f * z},
                 capsule,
                 {0.09f, 0.2f, 0},
                 {0, -0.055f, 0}});
    c.push_back(
        {s + "_leg", kHinge, first, {0, -0.2f, 0}, capsule, {0.06f, 0.11f, 0}, {0, -0.1f, 0}});
    c.push_back({s + "_foot",
                 kBall,
                 first + 1,
                 {0, -0.225f, 0},
                 box,
                 {0.05f, 0.2f, 0.05f},
                 {0, -0.03f, 0}});
    c.push_back({s + "_toe",
                 kBall,
                 first + 2,
                 {0, -0.135f, 0},
                 box,
                 {0.09f, 0.04f, 0.05f},
                 {0.015f, -0.02f, 0}});
  }
  const int tail = static_cast<int>(c.size());
  c.push_back({"tail0",
               kBall,
               0,
               {-0.086f, 0, 0},
               capsule,
               {0.05f, 0.14f, 0},
               {-0.1f, 0, 0},
               {0, 0, 1.5708f}});
  c.push_back({"tail1",
               kBall,
               tail,
               {-0.2f, 0, 0},
               capsule,
               {0.04f, 0.17f, 0},
               {-0.11f, 0, 0},
               {0, 0, 1.5708f}});
  return c;
}

int values_of(JointType type) {
  switch (type) {
    case JointType::root:
      return 7;
    case JointType::spherical:
      return 4;
    case JointType::revolute:
      return 1;
    case JointType::fixed:
      break;
  }
  return 0;
}

// Duration and the joints' values.
int values_per_frame(const Character& character) {
  int values = 1;
  for (const CharacterJoint& joint : character) values += values_of(joint.type);
  return values;
}

// Attach angles turn about X, then Y, then Z of the parent.
Quat attach_rotation(const Vec3& theta) {
  return glm::angleAxis(theta.z, Vec3(0, 0, 1)) * glm::angleAxis(theta.y, Vec3(0, 1, 0)) *
         glm::angleAxis(theta.x, Vec3(1, 0, 0));
}

// The ends of the body on a joint without children: a flat box is a sole with heel and tip, other
// shapes end where they reach furthest from the joint.
void add_end_sites(const CharacterJoint& joint, int index, std::vector<EndSite>& sites) {
  const Vec3 half = 0.5f * joint.size;
  const Vec3& centre = joint.body_attach;
  const float out = glm::length(centre);
  switch (joint.shape) {
    case Shape::sphere: {
      const Vec3 along = out > 1e-6f ? centre : joint.attach;
      const float length = glm::length(along);
      if (length > 1e-6f) sites.push_back({index, centre + along * (half.x / length)});
      break;
    }
    case Shape::capsule: {
      const Vec3 axis = attach_rotation(joint.body_theta) * Vec3(0, half.y + half.x, 0);
      sites.push_back({index, centre + (glm::dot(axis, centre) < 0.0f ? -axis : axis)});
      break;
    }
    case Shape::box: {
      const Quat turn = attach_rotation(joint.body_theta);
      if (half.y < half.x && half.y < half.z) {
        const Vec3 ahead = half.x >= half.z ? Vec3(half.x, 0, 0) : Vec3(0, 0, half.z);
        const Vec3 down(0, -half.y, 0);
        sites.push_back({index, centre + turn * (down + ahead)});
        sites.push_back({index, centre + turn * (down - ahead)});
      } else {
        int axis = 0;
        for (int a = 1; a < 3; ++a)
          if (std::abs(centre[a]) > std::abs(centre[axis])) axis = a;
        Vec3 reach(0.0f);
        reach[axis] = centre[axis] < 0.0f ? -half[axis] : half[axis];
        sites.push_back({index, centre + turn * reach});
      }
      break;
    }
  }
}

// The zero pose, standing on y = 0.
Result<Skeleton> to_skeleton(const Character& character) {
  SkeletonDesc desc;
  std::vector<char> has_child(character.size(), 0);
  for (const CharacterJoint& joint : character) {
    if (joint.parent >= 0) has_child[static_cast<std::size_t>(joint.parent)] = 1;
    Transform rest;
    // Where a file attaches the root to the world says nothing about the skeleton.
    if (joint.parent >= 0) rest.translation = joint.attach;
    rest.rotation = attach_rotation(joint.theta);
    desc.joints.push_back({joint.name, joint.parent, rest});
  }
  for (std::size_t j = 0; j < character.size(); ++j)
    if (has_child[j] == 0) add_end_sites(character[j], static_cast<int>(j), desc.end_sites);

  std::vector<Transform> models(character.size());
  float lowest = 0.0f;
  for (std::size_t j = 0; j < character.size(); ++j) {
    const int parent = character[j].parent;
    models[j] = parent < 0 ? desc.joints[j].rest
                           : models[static_cast<std::size_t>(parent)] * desc.joints[j].rest;
    lowest = std::min(lowest, models[j].translation.y);
  }
  for (const EndSite& site : desc.end_sites)
    lowest = std::min(lowest,
                      transform_point(models[static_cast<std::size_t>(site.joint)], site.offset).y);
  desc.joints[0].rest.translation.y = -lowest;
  return make_skeleton(desc);
}

// ---- JSON

Error at(std::string_view name, const std::string& what, ErrorCode code = ErrorCode::bad_format) {
  return {code, std::string(name) + ": " + what};
}

Result<Json> parse_json(std::string_view text, std::string_view name) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& e) {
    // "[json.exception…] parse error at line 3, column 7: syntax error …" → our form.
    const std::size_t byte = std::min<std::size_t>(e.byte, text.size());
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(byte), '\n');
    std::string what = e.what();
    if (const std::size_t p = what.find("column"); p != std::string::npos)
      if (const std::size_t q = what.find(": ", p); q != std::string::npos)
        what = what.substr(q + 2);
    return Error{byte >= text.size() ? ErrorCode::truncated : ErrorCode::bad_format,
                 std::string(name) + ":" + std::to_string(line) + ": " + what};
  } catch (const Json::exception& e) {
    return at(name, e.what(), ErrorCode::bad_value);
  }
}

// A finite number of an object, or `fallback` where it is absent.
Result<float> number_of(const Json& object, const char* key, float fallback, std::string_view name,
                        const std::string& where) {
  const auto it = object.find(key);
  if (it == object.end()) return fallback;
  const double value = it->is_number() ? it->get<double>() : std::nan("");
  if (!(std::abs(value) <= 1e6))
    return at(name, where + ": \"" + key + "\" is " + it->dump().substr(0, 40) +
                        "; expected a number within a million");
  return static_cast<float>(value);
}

Result<Vec3> vector_of(const Json& object, const char* prefix, std::string_view name,
                       const std::string& where) {
  Vec3 v(0.0f);
  for (int a = 0; a < 3; ++a) {
    const std::string key = std::string(prefix) + "XYZ"[a];
    const Result<float> value = number_of(object, key.c_str(), 0.0f, name, where);
    if (!value) return value.error();
    v[a] = *value;
  }
  return v;
}

Result<void> read_body(const Json& body, CharacterJoint& joint, std::string_view name) {
  const std::string where = "body of joint '" + joint.name + "'";
  if (!body.is_object()) return at(name, where + ": expected an object");
  const std::string shape = body.contains("Shape") && body["Shape"].is_string()
                                ? body["Shape"].get<std::string>()
                                : std::string();
  if (shape == "sphere")
    joint.shape = Shape::sphere;
  else if (shape == "capsule")
    joint.shape = Shape::capsule;
  else if (shape == "box")
    joint.shape = Shape::box;
  else
    return at(name, where + ": \"Shape\" is \"" + shape.substr(0, 40) +
                        "\"; expected \"sphere\", \"capsule\" or \"box\"");
  for (int a = 0; a < 3; ++a) {
    const std::string key = "Param" + std::to_string(a);
    const Result<float> value = number_of(body, key.c_str(), 0.0f, name, where);
    if (!value) return value.error();
    joint.size[a] = *value;
  }
  const Result<Vec3> attach = vector_of(body, "Attach", name, where);
  if (!attach) return attach.error();
  joint.body_attach = *attach;
  const Result<Vec3> theta = vector_of(body, "AttachTheta", name, where);
  if (!theta) return theta.error();
  joint.body_theta = *theta;
  return {};
}

Result<Character> read_character(const Json& root, std::string_view name) {
  const Json* joints = nullptr;
  if (const auto s = root.find("Skeleton"); s != root.end() && s->is_object())
    if (const auto j = s->find("Joints"); j != s->end() && j->is_array()) joints = &*j;
  if (joints == nullptr || joints->empty())
    return at(name, "expected \"Skeleton\": {\"Joints\": […]} with at least one joint");
  if (joints->size() > static_cast<std::size_t>(kMaxJoints))
    return at(name,
              "the character has " + std::to_string(joints->size()) + " joints; at most " +
                  std::to_string(kMaxJoints) + " are supported",
              ErrorCode::limit);
  const auto bodies = root.find("BodyDefs");
  Character character;
  for (std::size_t i = 0; i < joints->size(); ++i) {
    const Json& source = (*joints)[i];
    const std::string where = "joint " + std::to_string(i);
    if (!source.is_object()) return at(name, where + ": expected an object");
    CharacterJoint joint{};
    if (const auto n = source.find("Name"); n != source.end() && n->is_string())
      joint.name = n->get<std::string>();
    if (joint.name.empty()) return at(name, where + ": expected a \"Name\"");
    const std::string type = source.contains("Type") && source["Type"].is_string()
                                 ? source["Type"].get<std::string>()
                                 : std::string();
    if (type == "none" && i == 0)
      joint.type = JointType::root;
    else if (type == "spherical")
      joint.type = JointType::spherical;
    else if (type == "revolute")
      joint.type = JointType::revolute;
    else if (type == "fixed")
      joint.type = JointType::fixed;
    else
      return at(name,
                where + ": \"Type\" is \"" + type.substr(0, 40) +
                    "\"; expected \"none\" (the first joint), \"spherical\", \"revolute\" or "
                    "\"fixed\"",
                ErrorCode::unsupported);
    const Result<float> parent = number_of(source, "Parent", -1.0f, name, where);
    if (!parent) return parent.error();
    // Parents come before their children in these files; that also rules out cycles.
    if (*parent != std::floor(*parent) || *parent < (i == 0 ? -1.0f : 0.0f) ||
        *parent >= static_cast<float>(i))
      return at(name, where + ": \"Parent\" is " + std::to_string(*parent) +
                          "; expected the number of an earlier joint (-1 for the first)");
    joint.parent = static_cast<int>(*parent);
    const Result<Vec3> attach = vector_of(source, "Attach", name, where);
    if (!attach) return attach.error();
    joint.attach = *attach;
    const Result<Vec3> theta = vector_of(source, "AttachTheta", name, where);
    if (!theta) return theta.error();
    joint.theta = *theta;
    if (bodies != root.end() && bodies->is_array() && i < bodies->size())
      if (auto done = read_body((*bodies)[i], joint, name); !done) return done.error();
    character.push_back(std::move(joint));
  }
  return character;
}

struct Motion {
  std::vector<double> durations_s;  // [frames]; the last is not used
  std::vector<Transform> keys;      // [frames, joints]
  double worst_length = 1.0;        // of a quaternion, the furthest from 1
};

// The values of one frame after the duration, in the order of the joints.
Result<void> to_pose(const Character& character, const std::vector<float>& values,
                     const std::string& where, std::string_view name, Motion& motion) {
  std::size_t next = 1;
  const auto quaternion = [&](Quat& q) {
    const Quat read(values[next], values[next + 1], values[next + 2], values[next + 3]);
    next += 4;
    const float length = glm::length(read);
    if (!(length > 1e-3f && length < 1e3f)) return false;
    if (std::abs(static_cast<double>(length) - 1.0) > std::abs(motion.worst_length - 1.0))
      motion.worst_length = static_cast<double>(length);
    q = read / length;
    return true;
  };
  for (const CharacterJoint& joint : character) {
    Transform t;
    if (joint.parent >= 0) t.translation = joint.attach;
    bool ok = true;
    switch (joint.type) {
      case JointType::root:
        t.translation = Vec3(values[next], values[next + 1], values[next + 2]);
        next += 3;
        ok = quaternion(t.rotation);
        break;
      case JointType::spherical:
        ok = quaternion(t.rotation);
        break;
      case JointType::revolute: {
        const float half = 0.5f * values[next++];
        t.rotation = Quat(std::cos(half), 0.0f, 0.0f, std::sin(half));
        break;
      }
      case JointType::fixed:
        break;
    }
    if (!ok)
      return at(name, where + ", joint '" + joint.name + "': a quaternion of length zero or absurd",
                ErrorCode::bad_value);
    t.rotation = attach_rotation(joint.theta) * t.rotation;
    motion.keys.push_back(t);
  }
  return {};
}

Result<Motion> read_frames(const Json& frames, const Character& character, std::string_view name) {
  Motion motion;
  const auto width = static_cast<std::size_t>(values_per_frame(character));
  std::vector<float> values(width);
  for (std::size_t f = 0; f < frames.size(); ++f) {
    const Json& row = frames[f];
    const std::string where = "frame " + std::to_string(f);
    if (!row.is_array() || row.size() != width)
      return at(name, where + " has " + std::to_string(row.is_array() ? row.size() : 0) +
                          " values; expected " + std::to_string(width) + " as in the first");
    for (std::size_t v = 0; v < width; ++v) {
      const double value = row[v].is_number() ? row[v].get<double>() : std::nan("");
      if (!(std::abs(value) <= 1e6))
        return at(name,
                  where + ", value " + std::to_string(v) + " is " + row[v].dump().substr(0, 40) +
                      "; expected a number within a million",
                  ErrorCode::bad_value);
      values[v] = static_cast<float>(value);
      if (v == 0) motion.durations_s.push_back(value);
    }
    if (motion.durations_s.back() < 0.0)
      return at(
          name,
          where + " lasts " + std::to_string(motion.durations_s.back()) + " s; expected 0 or more",
          ErrorCode::bad_value);
    if (auto done = to_pose(character, values, where, name, motion); !done) return done.error();
  }
  return motion;
}

Transform interpolate(const Transform& a, const Transform& b, float alpha) {
  return {glm::slerp(a.rotation, b.rotation, alpha), glm::mix(a.translation, b.translation, alpha),
          Vec3(1.0f)};
}

// An even rate out of frames that each have their own duration: the usual one if nearly all are
// equal, else the motion is sampled anew.
Result<RawClip> to_clip(Motion& motion, std::size_t num_joints, std::string_view name, bool raw,
                        std::vector<Finding>& findings) {
  RawClip clip;
  clip.num_joints = static_cast<int>(num_joints);
  const std::size_t frames = motion.durations_s.size();
  if (frames == 1) {
    clip.keys = std::move(motion.keys);
    return clip;
  }
  std::vector<double> sorted(motion.durations_s.begin(), motion.durations_s.end() - 1);
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2),
                   sorted.end());
  const double median_s = sorted[sorted.size() / 2];
  if (median_s < 1e-5 || median_s > 100.0)
    return at(name, "frames last " + std::to_string(median_s) + " s; expected 0.00001 to 100",
              ErrorCode::bad_value);
  // The files cut their durations to about five digits.
  const double rate_hz = 1.0 / median_s;
  const double snapped_hz = snap_rate(rate_hz, 1e-4);
  clip.rate_hz = static_cast<float>(raw ? rate_hz : snapped_hz);
  if (std::abs(rate_hz - snapped_hz) > 1e-6 * snapped_hz)
    findings.push_back({"frame_rate_snapped", "the frame durations have the digits of a usual rate",
                        "a frame of " + format_number("%.8g", median_s) + " s is " +
                            format_number("%.8g", rate_hz) + " Hz",
                        "taken as " + format_number("%.6g", snapped_hz) + " Hz",
                        raw ? FixState::available : FixState::applied});

  double total_s = 0.0;
  std::size_t odd = 0;
  double longest_s = 0.0;
  std::vector<double> times_s;
  for (std::size_t f = 0; f < frames; ++f) {
    times_s.push_back(total_s);
    if (f + 1 == frames) break;
    total_s += motion.durations_s[f];
    longest_s = std::max(longest_s, motion.durations_s[f]);
    if (std::abs(motion.durations_s[f] - median_s) > 1e-3 * median_s) ++odd;
  }
  if (odd == 0) {
    clip.keys = std::move(motion.keys);
    return clip;
  }

  const double intervals = std::max(1.0, std::round(total_s * static_cast<double>(clip.rate_hz)));
  if (intervals > 16.0 * static_cast<double>(frames) + 1000.0 ||
      (intervals + 1.0) * static_cast<double>(num_joints) > static_cast<double>(kMaxKeys))
    return at(name,
              "frame durations differ too much: the longest is " + std::to_string(longest_s) +
                  " s, the usual one " + std::to_string(median_s) + " s",
              ErrorCode::limit);
  const auto count = static_cast<std::size_t>(intervals) + 1;
  clip.keys.reserve(count * num_joints);
  std::size_t i = 0;
  for (std::size_t f = 0; f < count; ++f) {
    const double time_s = total_s * static_cast<double>(f) / intervals;
    while (i + 2 < frames && times_s[i + 1] <= time_s) ++i;
    const double span_s = times_s[i + 1] - times_s[i];
    const double alpha = span_s > 0.0 ? std::clamp((time_s - times_s[i]) / span_s, 0.0, 1.0) : 1.0;
    for (std::size_t j = 0; j < num_joints; ++j)
      clip.keys.push_back(interpolate(motion.keys[i * num_joints + j],
                                      motion.keys[(i + 1) * num_joints + j],
                                      static_cast<float>(alpha)));
  }
  findings.push_back({"uneven_frames", "the frames do not last equally long",
                      std::to_string(odd) + " of " + std::to_string(frames - 1) +
                          " differ from the usual " + std::to_string(median_s) +
                          " s; the longest is " + std::to_string(longest_s) + " s",
                      "resampled to " + std::to_string(count) + " even frames", FixState::applied});
  return clip;
}

Result<Scene> read_motion(const Json& root, std::string_view name, const Options& options) {
  const auto frames = root.find("Frames");
  if (frames == root.end() || !frames->is_array() || frames->empty() || !frames->front().is_array())
    return at(name, "expected \"Frames\": [[…], …] with at least one frame");
  const auto width = frames->front().size();
  Character character = humanoid();
  if (width != static_cast<std::size_t>(values_per_frame(character))) character = dog();
  if (width != static_cast<std::size_t>(values_per_frame(character)))
    return at(name,
              "frame 0 has " + std::to_string(width) + " values; expected " +
                  std::to_string(values_per_frame(humanoid())) + " (humanoid3d) or " +
                  std::to_string(values_per_frame(dog())) + " (dog3d)",
              ErrorCode::unsupported);

  Result<Motion> motion = read_frames(*frames, character, name);
  if (!motion) return motion.error();
  Scene scene;
  scene.format = "deepmimic_motion";
  if (std::abs(motion->worst_length - 1.0) > 1e-3)
    scene.findings.push_back({"non_unit_quaternions", "some quaternions are not of unit length",
                              "the worst has length " + std::to_string(motion->worst_length),
                              "normalised", FixState::applied});
  Result<RawClip> clip = to_clip(*motion, character.size(), name, options.raw, scene.findings);
  if (!clip) return clip.error();
  clip->name = file_stem(name);
  const auto loop = root.find("Loop");
  clip->loop = loop != root.end() && loop->is_string() && loop->get<std::string>() == "wrap";
  scene.clips.push_back(std::move(*clip));
  Result<Skeleton> skeleton = to_skeleton(character);
  if (!skeleton) return at(name, skeleton.error().message, skeleton.error().code);
  scene.skeleton = std::move(*skeleton);
  return scene;
}

}  // namespace

Result<Scene> read_deepmimic(Bytes bytes, std::string_view name, const Options& options) {
  Result<Json> root = parse_json(without_byte_order_mark(as_text(bytes)), name);
  if (!root) return root.error();
  if (!root->is_object()) return at(name, "expected a JSON object");
  if (root->contains("Frames")) return read_motion(*root, name, options);

  const Result<Character> character = read_character(*root, name);
  if (!character) return character.error();
  Scene scene;
  scene.format = "deepmimic_character";
  Result<Skeleton> skeleton = to_skeleton(*character);
  if (!skeleton) return at(name, skeleton.error().message, skeleton.error().code);
  scene.skeleton = std::move(*skeleton);
  return scene;
}

}  // namespace canter::importer::detail
