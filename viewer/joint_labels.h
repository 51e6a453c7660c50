#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "viewer/camera.h"
#include "viewer/document.h"

namespace canter::viewer {

/// A joint's name beside the character, joined to its joint by a thin line.
struct JointLabel {
  std::string_view name;  ///< of the document's skeleton, without a "prefix:"
  int joint = 0;
  Vec2 joint_at{0.0f};  ///< where the joint is drawn, pixels from the window's top left
  Vec2 at{0.0f};        ///< where the text begins (or ends, if `ends`), its middle line
  bool ends = false;    ///< it stands left of the character
};

/// Where names may stand, in pixels of the window.
struct LabelFrame {
  Vec2 window{0.0f};  ///< its size
  Vec2 low{0.0f};     ///< top left of what no panel covers
  Vec2 high{0.0f};
  float line_px = 13.0f;  ///< height of a line of text
};

/// Names in two columns beside the character, one per side of the body, as near to the height of
/// their joints as they fit without overlap. They move with the joints: only where two joints pass
/// each other in height do their names change places, and sides change where the body turns
/// through its profile. Where there are more than lines, fingers and unknown joints go without.
std::vector<JointLabel> joint_labels(const Document& document, std::span<const Mat4> models,
                                     const Camera& camera, const LabelFrame& frame);

}  // namespace canter::viewer
