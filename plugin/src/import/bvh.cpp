// Biovision hierarchy (BVH): the text format of most free motion capture. Its only specification is
// what exporters write, so the reader takes everything that has one clear meaning.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <set>

#include "import/correct.h"
#include "import/number.h"
#include "import/readers.h"

namespace canter::importer::detail {
namespace {

constexpr std::size_t kMaxEndSites = 4 * kMaxJoints;
constexpr int kMaxChannelsPerJoint = 9;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}
bool is_space(char c) {
  return is_blank(c) || c == '\n';
}
char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return to_lower(x) == to_lower(y);
         });
}

struct Channel {
  enum class Kind : std::uint8_t { position, rotation, ignored };
  Kind kind = Kind::ignored;
  std::uint8_t axis = 0;
};

struct BvhJoint {
  int first_channel = 0;
  int num_channels = 0;
  bool has_position = false;
};

// A position in the text with the means to say what is wrong there.
class Scanner {
 public:
  Scanner(std::string_view text, std::string_view file)
      : begin_(text.data()), end_(begin_ + text.size()), p_(begin_), file_(file) {}

  const char* p() const { return p_; }
  const char* end() const { return end_; }
  void seek(const char* p) { p_ = p; }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - p_); }

  void skip_space() {
    while (p_ != end_ && is_space(*p_)) ++p_;
  }
  void skip_blanks() {
    while (p_ != end_ && is_blank(*p_)) ++p_;
  }
  bool at_end() {
    skip_space();
    return p_ == end_;
  }
  // The next run of non-space characters; a brace is a word of its own.
  std::string_view peek_word() {
    skip_space();
    const char* q = p_;
    if (q != end_ && (*q == '{' || *q == '}')) return {q, 1};
    while (q != end_ && !is_space(*q) && *q != '{' && *q != '}') ++q;
    return {p_, static_cast<std::size_t>(q - p_)};
  }
  bool accept(std::string_view word) {
    const std::string_view found = peek_word();
    if (!same_word(found, word)) return false;
    p_ += found.size();
    return true;
  }
  // What is left of this line, trimmed; an opening brace at its end is left for the next word.
  std::string_view rest_of_line() {
    skip_blanks();
    const char* const first = p_;
    while (p_ != end_ && *p_ != '\n' && *p_ != '{') ++p_;
    const char* last = p_;
    while (last != first && is_blank(last[-1])) --last;
    return {first, static_cast<std::size_t>(last - first)};
  }
  bool number(float& value) {
    skip_space();
    const char* after = parse_float(p_, end_, value);
    if (after == nullptr || !std::isfinite(value)) return false;
    if (after != end_ && !is_space(*after) && *after != '{' && *after != '}') return false;
    p_ = after;
    return true;
  }
  // A whole number from 0 to `max`, in digits only.
  bool count(int& value, int max) {
    const std::string_view word = peek_word();
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || stop != word.data() + word.size() || value < 0 || value > max)
      return false;
    p_ += word.size();
    return true;
  }

  Error expected(std::string_view what) {
    const std::string_view found = peek_word();
    if (found.empty())
      return {ErrorCode::truncated,
              place(p_) + ": expected " + std::string(what) + ", found the end of the file"};
    std::string shown = to_utf8(found.substr(0, 40));
    for (char& c : shown)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return {ErrorCode::bad_format,
            place(p_) + ": expected " + std::string(what) + ", found \"" + shown + "\""};
  }
  Error limit(std::string_view what) const {
    return {ErrorCode::limit, place(p_) + ": " + std::string(what)};
  }
  std::string place(const char* at) const {
    return std::string(file_) + ":" + std::to_string(1 + std::count(begin_, at, '\n'));
  }

 private:
  const char* begin_;
  const char* end_;
  const char* p_;
  std::string_view file_;
};

// Everything before the numbers.
struct Hierarchy {
  SkeletonDesc desc;
  std::vector<BvhJoint> joints;
  std::vector<Channel> channels;
  std::vector<std::string> renamed;
};

bool parse_channel(std::string_view word, Channel& channel) {
  if (word.size() < 2) return false;
  const char axis = to_lower(word[0]);
  if (axis < 'x' || axis > 'z') return false;
  channel.axis = static_cast<std::uint8_t>(axis - 'x');
  const std::string_view kind = word.substr(1);
  if (same_word(kind, "position") || same_word(kind, "translation"))
    channel.kind = Channel::Kind::position;
  else if (same_word(kind, "rotation"))
    channel.kind = Channel::Kind::rotation;
  else if (same_word(kind, "scale"))
    channel.kind = Channel::Kind::ignored;
  else
    return false;
  return true;
}

Result<Vec3> parse_offset(Scanner& in) {
  Vec3 offset(0.0f);
  for (int i = 0; i < 3; ++i)
    if (!in.number(offset[i])) return in.expected("a finite number (OFFSET x y z)");
  return offset;
}

Result<void> parse_channels(Scanner& in, Hierarchy& h, BvhJoint& joint) {
  int count = 0;
  if (!in.count(count, kMaxChannelsPerJoint))
    return in.expected("a number of channels from 0 to " + std::to_string(kMaxChannelsPerJoint));
  joint.first_channel = static_cast<int>(h.channels.size());
  joint.num_channels = count;
  for (int i = 0; i < count; ++i) {
    const std::string_view word = in.peek_word();
    Channel channel;
    if (!parse_channel(word, channel)) return in.expected("a channel such as \"Xrotation\"");
    in.seek(in.p() + word.size());
    joint.has_position = joint.has_position || channel.kind == Channel::Kind::position;
    h.channels.push_back(channel);
  }
  return {};
}

// An End Site's braces and offset; End Sites may be empty, and some exporters give them channels.
Result<void> parse_end_site(Scanner& in, Hierarchy& h, int joint) {
  if (h.desc.end_sites.size() >= kMaxEndSites)
    return in.limit("more than " + std::to_string(kMaxEndSites) + " end sites");
  in.rest_of_line();
  if (!in.accept("{")) return in.expected("\"{\"");
  EndSite site{joint, Vec3(0.0f)};
  if (in.accept("OFFSET")) {
    const Result<Vec3> offset = parse_offset(in);
    if (!offset) return offset.error();
    site.offset = *offset;
  } else if (in.peek_word() != "}") {
    return in.expected("\"OFFSET\"");
  }
  if (in.accept("CHANNELS") && !in.accept("0")) return in.expected("0 channels on an End Site");
  if (!in.accept("}")) return in.expected("\"}\"");
  h.desc.end_sites.push_back(site);
  return {};
}

// The joints, without recursion: a file may nest deeper than the stack is.
Result<Hierarchy> parse_hierarchy(Scanner& in) {
  struct Open {
    int joint;
    bool has_offset = false, has_channels = false;
  };
  Hierarchy h;
  std::vector<Open> open;
  if (!in.accept("HIERARCHY")) return in.expected("\"HIERARCHY\"");
  while (true) {
    // Outside of all joints: another root, or the motion.
    if (open.empty() && !h.joints.empty() && in.accept("MOTION")) return h;
    const bool begins_joint = open.empty() ? in.accept("ROOT") : in.accept("JOINT");
    if (begins_joint) {
      if (h.joints.size() >= static_cast<std::size_t>(kMaxJoints))
        return in.limit("more than " + std::to_string(kMaxJoints) + " joints");
      SkeletonDesc::Joint joint;
      joint.name = to_utf8(in.rest_of_line());
      if (joint.name.empty()) joint.name = "joint" + std::to_string(h.joints.size());
      if (joint.name.size() > kMaxJointNameBytes)
        return in.limit("a joint's name of " + std::to_string(joint.name.size()) +
                        " bytes; at most " + std::to_string(kMaxJointNameBytes) + " are supported");
      joint.parent = open.empty() ? -1 : open.back().joint;
      if (!in.accept("{")) return in.expected("\"{\"");
      open.push_back({static_cast<int>(h.joints.size())});
      h.desc.joints.push_back(std::move(joint));
      h.joints.emplace_back();
      continue;
    }
    if (open.empty()) return in.expected(h.joints.empty() ? "\"ROOT\"" : "\"ROOT\" or \"MOTION\"");

    // Inside a joint.
    Open& top = open.back();
    const auto index = static_cast<std::size_t>(top.joint);
    if (!top.has_offset && in.accept("OFFSET")) {
      const Result<Vec3> offset = parse_offset(in);
      if (!offset) return offset.error();
      h.desc.joints[index].rest.translation = *offset;
      top.has_offset = true;
    } else if (!top.has_channels && in.accept("CHANNELS")) {
      if (auto done = parse_channels(in, h, h.joints[index]); !done) return done.error();
      top.has_channels = true;
    } else if (in.accept("End") || in.accept("EndSite")) {
      if (auto done = parse_end_site(in, h, top.joint); !done) return done.error();
    } else if (in.accept("}")) {
      open.pop_back();
    } else {
      return in.expected(!top.has_offset     ? "\"OFFSET\""
                         : !top.has_channels ? "\"CHANNELS\""
                                             : "\"JOINT\", \"End Site\" or \"}\"");
    }
  }
}

// Poses and maps are keyed by name, so the second "Bone" becomes "Bone_2".
void make_names_unique(Hierarchy& h) {
  std::set<std::string> used;
  for (const auto& joint : h.desc.joints) used.insert(joint.name);
  std::set<std::string> seen;
  for (auto& joint : h.desc.joints) {
    if (seen.insert(joint.name).second) continue;
    const std::string original = joint.name.substr(0, kMaxJointNameBytes - 6);
    for (int n = 2; used.count(joint.name) != 0; ++n)
      joint.name = original + "_" + std::to_string(n);
    used.insert(joint.name);
    seen.insert(joint.name);
    h.renamed.push_back(joint.name);
  }
}

struct MotionHeader {
  int frames = 0;
  FrameRate rate;
};

Result<MotionHeader> parse_motion_header(Scanner& in) {
  MotionHeader header;
  if (!in.accept("Frames:") && !(in.accept("Frames") && in.accept(":")))
    return in.expected("\"Frames:\"");
  if (!in.count(header.frames, 2'000'000'000)) return in.expected("a number of frames");
  const bool has_time =
      (in.accept("Frame") && (in.accept("Time:") || (in.accept("Time") && in.accept(":")))) ||
      in.accept("FrameTime:");
  if (!has_time) return in.expected("\"Frame Time:\"");
  const std::string_view written = in.peek_word();
  float frame_time_s = 0.0f;
  if (!in.number(frame_time_s)) return in.expected("a frame time in seconds");
  header.rate = interpret_frame_time(written);
  return header;
}

// Half the angle's sine and cosine from degrees. The angle is reduced in degrees, where a turn is a
// whole number, so that large angles lose nothing.
struct HalfAngle {
  float sine, cosine;
};

HalfAngle half_angle(float degrees) {
  // Beyond a million turns the digits say nothing about the angle any more, but must stay defined.
  constexpr float kLargest = 3.6e8f;
  if (!(std::abs(degrees) < kLargest)) degrees = std::fmod(degrees, 720.0f);
  // Adding and taking away 1.5 * 2^23 rounds to a whole number, without a call.
  constexpr float kRounder = 12582912.0f;
  const float turn = (degrees * (1.0f / 180.0f) + kRounder) - kRounder;
  const float half_rad = (degrees - turn * 180.0f) * (kPi / 360.0f);
  // Taylor series on [-pi/4, pi/4]; the first terms left out are below 2e-9.
  const float x2 = half_rad * half_rad;
  const float s =
      half_rad * (1.0f + x2 * (-1.0f / 6 + x2 * (1.0f / 120 + x2 * (-1.0f / 5040 + x2 / 362880))));
  const float c =
      1.0f +
      x2 * (-0.5f + x2 * (1.0f / 24 + x2 * (-1.0f / 720 + x2 * (1.0f / 40320 - x2 / 3628800))));
  // Half of `turn` * 180 degrees is `turn` quarter turns.
  switch (static_cast<int>(turn) & 3) {
    case 0:
      return {s, c};
    case 1:
      return {c, -s};
    case 2:
      return {-s, -c};
    default:
      return {-c, s};
  }
}

// q * (rotation about one axis): the product with two zero components written out.
Quat turned(const Quat& q, int axis, const HalfAngle& h) {
  const float s = h.sine;
  const float c = h.cosine;
  switch (axis) {
    case 0:
      return Quat(q.w * c - q.x * s, q.x * c + q.w * s, q.y * c + q.z * s, q.z * c - q.y * s);
    case 1:
      return Quat(q.w * c - q.y * s, q.x * c - q.z * s, q.y * c + q.w * s, q.z * c + q.x * s);
    default:
      return Quat(q.w * c - q.z * s, q.x * c + q.y * s, q.y * c - q.x * s, q.z * c + q.w * s);
  }
}

// One frame of channel values to local transforms. Position channels replace OFFSET, as exporters
// that write them mean it; rotation channels multiply in the order of the file.
void to_pose(const Hierarchy& h, const float* values, Transform* out) {
  for (std::size_t j = 0; j < h.joints.size(); ++j) {
    const BvhJoint& joint = h.joints[j];
    Transform& t = out[j];
    t.translation = h.desc.joints[j].rest.translation;
    Quat q = kIdentityRotation;
    const Channel* channel = h.channels.data() + joint.first_channel;
    const float* value = values + joint.first_channel;
    for (int c = 0; c < joint.num_channels; ++c) {
      if (channel[c].kind == Channel::Kind::rotation)
        q = turned(q, channel[c].axis, half_angle(value[c]));
      else if (channel[c].kind == Channel::Kind::position)
        t.translation[channel[c].axis] = value[c];
    }
    t.rotation = q;
  }
}

struct Motion {
  std::vector<Transform> keys;
  bool cut_short = false;      ///< the last frame was incomplete and is left out
  bool trailing_text = false;  ///< something that is no number follows the last frame
};

Result<Motion> parse_motion(Scanner& in, const Hierarchy& h, int announced_frames) {
  Motion motion;
  const std::size_t num_joints = h.joints.size();
  const std::size_t num_channels = h.channels.size();
  // Without channels there is nothing to count frames by: one frame, the rest pose.
  if (num_channels == 0) {
    motion.keys.resize(announced_frames > 0 ? num_joints : 0);
    if (announced_frames > 0) to_pose(h, nullptr, motion.keys.data());
    return motion;
  }

  // A value takes two bytes at least, so the header's count is believed only as far as that.
  const std::size_t possible_frames = (in.remaining() / 2 + 1) / num_channels + 1;
  const std::size_t likely_frames =
      std::min(static_cast<std::size_t>(announced_frames), possible_frames);
  motion.keys.reserve(std::min(likely_frames * num_joints, kMaxKeys));

  std::vector<float> values(num_channels);
  for (std::size_t frame = 0;; ++frame) {
    for (std::size_t c = 0; c < num_channels; ++c) {
      if (in.number(values[c])) continue;
      if (in.at_end()) {
        motion.cut_short = c != 0;
        return motion;
      }
      // After the announced frames whatever follows may be ignored.
      if (c == 0 && frame >= static_cast<std::size_t>(announced_frames)) {
        motion.trailing_text = true;
        return motion;
      }
      return in.expected("a finite number (frame " + std::to_string(frame) + ", value " +
                         std::to_string(c + 1) + " of " + std::to_string(num_channels) + ")");
    }
    const std::size_t first = motion.keys.size();
    if (first + num_joints > kMaxKeys)
      return in.limit("more than " + std::to_string(kMaxKeys) + " keys (frames x joints)");
    motion.keys.resize(first + num_joints);
    to_pose(h, values.data(), motion.keys.data() + first);
  }
}

std::string count_of(std::size_t n, const char* what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

void report(const Hierarchy& h, const MotionHeader& header, const Motion& motion,
            std::vector<Finding>& findings) {
  const std::size_t frames = motion.keys.size() / h.joints.size();
  if (frames != static_cast<std::size_t>(header.frames) || motion.cut_short)
    findings.push_back(
        {"frame_count_mismatch", "the file holds another number of frames than its header says",
         "header: " + count_of(static_cast<std::size_t>(header.frames), "frame") + ", data: " +
             count_of(frames, "complete frame") + (motion.cut_short ? " and a part of one" : ""),
         "all complete frames were read", FixState::applied});
  if (motion.trailing_text)
    findings.push_back(
        {"trailing_text", "text follows the last frame", "", "it was ignored", FixState::applied});
  if (!h.renamed.empty())
    findings.push_back(
        {"duplicate_names", "several joints have the same name",
         count_of(h.renamed.size(), "joint") + ", the first now '" + h.renamed.front() + "'",
         "a number was added to the later ones", FixState::applied});
  const auto ignored = std::count_if(h.channels.begin(), h.channels.end(), [](const Channel& c) {
    return c.kind == Channel::Kind::ignored;
  });
  if (ignored > 0)
    findings.push_back({"scale_channels", "the file animates scale, which was left out",
                        count_of(static_cast<std::size_t>(ignored), "channel"), "",
                        FixState::none});
}

}  // namespace

Result<Scene> read_bvh(Bytes bytes, std::string_view name, const Options& options) {
  Scanner in(without_byte_order_mark(as_text(bytes)), name);

  Result<Hierarchy> hierarchy = parse_hierarchy(in);
  if (!hierarchy) return hierarchy.error();
  make_names_unique(*hierarchy);
  const Result<MotionHeader> header = parse_motion_header(in);
  if (!header) return header.error();
  Result<Motion> motion = parse_motion(in, *hierarchy, header->frames);
  if (!motion) return motion.error();

  Scene scene;
  scene.format = "bvh";
  report(*hierarchy, *header, *motion, scene.findings);

  // Joints come parents-first already, so the skeleton keeps their order.
  Result<Skeleton> skeleton = make_skeleton(hierarchy->desc);
  if (!skeleton)
    return Error{skeleton.error().code, std::string(name) + ": " + skeleton.error().message};
  scene.skeleton = std::move(skeleton).value();
  if (!motion->keys.empty()) {
    RawClip clip;
    clip.name = file_stem(name);
    clip.num_joints = scene.skeleton.num_joints();
    clip.keys = std::move(motion->keys);
    clip.rate_hz = options.raw ? header->rate.written_hz : header->rate.snapped_hz;
    scene.clips.push_back(std::move(clip));
  } else {
    scene.findings.push_back(
        {"no_frames", "the file has a skeleton but no motion", "", "", FixState::none});
  }
  report_frame_rate(header->rate, options.raw, scene.findings);
  if (auto done = correct_units_and_axes(scene, options); !done) return done.error();
  return scene;
}

}  // namespace canter::importer::detail
