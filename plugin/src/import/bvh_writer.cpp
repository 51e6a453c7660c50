#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "canter/import/write.h"

namespace canter::importer {
namespace {

// A joint counts as moving within its parent above this many metres.
constexpr float kMoving_m = 1e-6f;

using DQuat = glm::dquat;
using DVec3 = glm::dvec3;

// Rotation and position of every joint in model space; scales end in the positions.
struct Model {
  DQuat rotation;
  DVec3 position, scale;
};

void to_models(const Skeleton& skeleton, std::span<const Transform> locals,
               std::vector<Model>& models) {
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    const auto i = static_cast<std::size_t>(j);
    const Transform& t = locals[i];
    const DQuat rotation = glm::normalize(DQuat(t.rotation));
    if (skeleton.parent(j) < 0) {
      models[i] = {rotation, DVec3(t.translation), DVec3(t.scale)};
    } else {
      const Model& p = models[static_cast<std::size_t>(skeleton.parent(j))];
      models[i] = {p.rotation * rotation,
                   p.position + p.rotation * (p.scale * DVec3(t.translation)),
                   p.scale * DVec3(t.scale)};
    }
  }
}

// What is written of a joint in one pose, relative to the parent's written frame.
struct Local {
  DQuat rotation;
  DVec3 translation;
};

// Written frames are model frames turned by `align`, the inverse of the rest pose's model rotation.
void to_written(const Skeleton& skeleton, const std::vector<Model>& models,
                const std::vector<DQuat>& align, std::vector<Local>& out) {
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    const auto i = static_cast<std::size_t>(j);
    const DQuat rotation = models[i].rotation * align[i];
    const int parent = skeleton.parent(j);
    if (parent < 0) {
      out[i] = {rotation, models[i].position};
    } else {
      const auto p = static_cast<std::size_t>(parent);
      const DQuat to_parent = glm::conjugate(models[p].rotation * align[p]);
      out[i] = {to_parent * rotation, to_parent * (models[i].position - models[p].position)};
    }
  }
}

// Angles in degrees of R = Rz Rx Ry.
DVec3 zxy_degrees(const DQuat& q) {
  const glm::dmat3 m = glm::mat3_cast(q);  // m[column][row]
  const double sx = std::clamp(m[1][2], -1.0, 1.0);
  DVec3 angles;
  angles.y = std::asin(sx);
  if (std::abs(sx) < 1.0 - 1e-12) {
    angles.x = std::atan2(-m[1][0], m[1][1]);
    angles.z = std::atan2(-m[0][2], m[2][2]);
  } else {
    // X points straight up or down: Z and Y turn about the same line, so Z does all of it.
    angles.x = std::atan2(m[0][1], m[0][0]);
    angles.z = 0.0;
  }
  return angles * (180.0 / 3.14159265358979323846);
}

class Writer {
 public:
  void text(std::string_view s) { out_ += s; }
  void indent(int depth) { out_.append(static_cast<std::size_t>(depth), '\t'); }
  // The shortest digits that say `value` to `places`: 1.5, not 1.500000.
  void number(double value, int places) {
    char buffer[400];
    const auto [end, error] =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, places);
    std::string_view digits(buffer, static_cast<std::size_t>(end - buffer));
    while (digits.back() == '0') digits.remove_suffix(1);
    if (digits.back() == '.') digits.remove_suffix(1);
    out_ += digits == "-0" ? "0" : digits;
  }
  void vector(const DVec3& v, int places) {
    for (int a = 0; a < 3; ++a) {
      out_ += ' ';
      number(v[a], places);
    }
  }
  std::vector<std::byte> bytes() const {
    const auto* data = reinterpret_cast<const std::byte*>(out_.data());
    return {data, data + out_.size()};
  }

 private:
  std::string out_;
};

std::string written_name(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (static_cast<unsigned char>(c) <= ' ' || c == '{' || c == '}') c = '_';
  return out;
}

constexpr int kLengthPlaces = 6;
constexpr int kAnglePlaces = 6;

// The HIERARCHY section. Depth first, as the format nests; `order` receives the joints so ordered.
void write_hierarchy(Writer& w, const Skeleton& skeleton, const std::vector<DVec3>& offsets,
                     const std::vector<DVec3>& end_offsets, const std::vector<char>& moving,
                     std::vector<int>& order) {
  const int n = skeleton.num_joints();
  std::vector<std::vector<int>> children(static_cast<std::size_t>(n) + 1);
  for (int j = 0; j < n; ++j)
    children[static_cast<std::size_t>(skeleton.parent(j) + 1)].push_back(j);

  struct Visit {
    int joint;
    int depth;
    bool leave;
  };
  std::vector<Visit> stack;
  const auto push_children = [&](int joint, int depth) {
    const auto& list = children[static_cast<std::size_t>(joint + 1)];
    for (auto it = list.rbegin(); it != list.rend(); ++it) stack.push_back({*it, depth, false});
  };
  w.text("HIERARCHY\n");
  push_children(-1, 0);
  while (!stack.empty()) {
    const Visit visit = stack.back();
    stack.pop_back();
    const auto i = static_cast<std::size_t>(visit.joint);
    if (visit.leave) {
      w.indent(visit.depth);
      w.text("}\n");
      continue;
    }
    order.push_back(visit.joint);
    w.indent(visit.depth);
    w.text(visit.depth == 0 ? "ROOT " : "JOINT ");
    w.text(written_name(skeleton.name(visit.joint)));
    w.text("\n");
    w.indent(visit.depth);
    w.text("{\n");
    w.indent(visit.depth + 1);
    w.text("OFFSET");
    w.vector(offsets[i], kLengthPlaces);
    w.text("\n");
    w.indent(visit.depth + 1);
    w.text(moving[i] != 0
               ? "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation\n"
               : "CHANNELS 3 Zrotation Xrotation Yrotation\n");
    for (std::size_t e = 0; e < end_offsets.size(); ++e) {
      if (skeleton.end_sites()[e].joint != visit.joint) continue;
      w.indent(visit.depth + 1);
      w.text("End Site\n");
      w.indent(visit.depth + 1);
      w.text("{\n");
      w.indent(visit.depth + 2);
      w.text("OFFSET");
      w.vector(end_offsets[e], kLengthPlaces);
      w.text("\n");
      w.indent(visit.depth + 1);
      w.text("}\n");
    }
    stack.push_back({visit.joint, visit.depth, true});
    push_children(visit.joint, visit.depth + 1);
  }
}

}  // namespace

Result<std::vector<std::byte>> write_bvh(const Skeleton& skeleton, const RawClip& clip,
                                         const BvhOptions& options) {
  if (auto valid = validate(clip, skeleton); !valid) return valid.error();
  if (!(options.unit_m > 0.0f) || !std::isfinite(options.unit_m))
    return Error{ErrorCode::bad_value,
                 "the unit is " + std::to_string(options.unit_m) + " m; expected above 0"};
  const auto n = static_cast<std::size_t>(skeleton.num_joints());
  const double scale = 1.0 / static_cast<double>(options.unit_m);

  // The rest pose gives the offsets and, if it is to be shown, the turn of every joint's frame.
  std::vector<Model> models(n);
  std::vector<Local> locals(n);
  std::vector<DQuat> align(n, DQuat(1, 0, 0, 0));
  to_models(skeleton, skeleton.rest_pose(), models);
  if (options.show_rest_pose)
    for (std::size_t j = 0; j < n; ++j) align[j] = glm::conjugate(models[j].rotation);
  to_written(skeleton, models, align, locals);
  std::vector<DVec3> offsets(n);
  for (std::size_t j = 0; j < n; ++j) offsets[j] = locals[j].translation * scale;
  std::vector<DVec3> end_offsets;
  for (const EndSite& site : skeleton.end_sites()) {
    const auto j = static_cast<std::size_t>(site.joint);
    end_offsets.push_back(glm::conjugate(align[j]) * (models[j].scale * DVec3(site.offset)) *
                          scale);
  }

  // Which joints need position channels.
  std::vector<char> moving(n, 0);
  std::vector<std::vector<Local>> frames;
  frames.reserve(static_cast<std::size_t>(clip.num_frames()));
  for (int f = 0; f < clip.num_frames(); ++f) {
    to_models(skeleton, clip.frame(f), models);
    to_written(skeleton, models, align, locals);
    for (std::size_t j = 0; j < n; ++j)
      if (skeleton.parent(static_cast<int>(j)) < 0 ||
          glm::distance(locals[j].translation * scale, offsets[j]) >
              static_cast<double>(kMoving_m) * scale)
        moving[j] = 1;
    frames.push_back(locals);
  }

  Writer w;
  std::vector<int> order;
  write_hierarchy(w, skeleton, offsets, end_offsets, moving, order);
  w.text("MOTION\nFrames: " + std::to_string(clip.num_frames()) + "\nFrame Time: ");
  w.number(1.0 / static_cast<double>(clip.rate_hz), 10);
  w.text("\n");
  for (const auto& frame : frames) {
    bool first = true;
    const auto value = [&](double v, int places) {
      if (!first) w.text(" ");
      first = false;
      w.number(v, places);
    };
    for (const int joint : order) {
      const auto j = static_cast<std::size_t>(joint);
      if (moving[j] != 0)
        for (int a = 0; a < 3; ++a) value(frame[j].translation[a] * scale, kLengthPlaces);
      const DVec3 angles = zxy_degrees(frame[j].rotation);
      for (int a = 0; a < 3; ++a) value(angles[a], kAnglePlaces);
    }
    w.text("\n");
  }
  return w.bytes();
}

}  // namespace canter::importer
