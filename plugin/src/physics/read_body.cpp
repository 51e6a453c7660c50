#include "physics/read_body.h"

#include <algorithm>
#include <cmath>

namespace canter::physics {
namespace detail {
namespace {

/// Ends within this of the lowest point of the zero pose are feet, m.
constexpr float kFoot_m = 0.06f;

// How far below its joint the link's lowest point is in the zero pose.
float reach_down(const BodyJoint& joint) {
  const Vec3 up = glm::conjugate(joint.shape_rotation) * Vec3(0, 1, 0);
  const Vec3& half = joint.half_size;
  switch (joint.shape) {
    case Shape::sphere:
      return half.x - joint.centre.y;
    case Shape::capsule:
      return half.x + std::abs(up.y) * half.y - joint.centre.y;
    case Shape::box:
      break;
  }
  return glm::dot(glm::abs(up), half) - joint.centre.y;
}

}  // namespace

void give_parts(BodyDesc& body) {
  std::vector<float> height, lowest;
  for (const BodyJoint& joint : body.joints) {
    const bool root = joint.parent < 0;
    height.push_back(root ? 0.0f : height[static_cast<std::size_t>(joint.parent)] + joint.attach.y);
    lowest.push_back(height.back() - reach_down(joint));
  }
  const float ground = std::ranges::min(lowest);
  for (std::size_t j = 0; j < body.joints.size(); ++j) {
    BodyJoint& joint = body.joints[j];
    if (joint.end_effector) joint.part = lowest[j] < ground + kFoot_m ? Part::foot : Part::hand;
    const bool tells = joint.end_effector || joint.type == JointType::hinge;
    joint.key = j != 0 && (tells || joint.part == Part::trunk);
  }
}

}  // namespace detail

Result<ReadBody> read_body(std::string_view text, std::string_view source,
                           const ReadBodyOptions& options) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  const char begins = first == std::string_view::npos ? '\0' : text[first];
  Result<ReadBody> read =
      begins == '<' ? detail::read_mjcf_body(text.substr(first), options.z_up)
      : begins == '{'
          ? detail::read_deepmimic_body(text.substr(first), options.controller)
          : Result<ReadBody>(Error{ErrorCode::bad_format,
                                   "neither MJCF (XML) nor a character file of DeepMimic (JSON)"});
  if (read)
    if (const Result<void> valid = validate(read->body); !valid) read = valid.error();
  if (!read) return Error{read.error().code, std::string(source) + ": " + read.error().message};
  return read;
}

}  // namespace canter::physics
