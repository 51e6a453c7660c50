#pragma once

#include <optional>

#include "canter/mimic/episode.h"
#include "canter/world/body.h"
#include "viewer/camera.h"

/// The push tool: a link of a simulated body is taken with the mouse and pulled.
namespace canter::viewer {

/// A link in the hand, held by its centre of mass. Places and rays are where the simulation has
/// them (Stage::body_shift).
struct Hold {
  int joint = -1;
  float depth_m = 0.0f;  ///< of the plane across the view in which the hand moves
  Vec3 from{0.0f};       ///< the link
  Vec3 to{0.0f};         ///< the hand
  Vec3 force_n{0.0f};
};

/// The link that a ray meets first, or nothing where it passes all by more than a few centimetres.
std::optional<Hold> take_hold(const BodyView& body, const Camera& camera, const Ray& ray);

/// Moves the hand to where the ray meets its plane: the link follows as if by a spring, with at
/// most 600 N. `body` must be the one that was taken hold of.
void pull(const BodyView& body, const Camera& camera, const Ray& ray, Hold& hold);

}  // namespace canter::viewer
