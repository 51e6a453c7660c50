#include <cassert>

#include "canter/physics/quat_order.h"
#include "mimic/episode_data.h"
#include "mimic/heading.h"
#include "mimic/task_data.h"

namespace canter::mimic {
namespace {

using physics::LinkState;

// Writes an observation number by number.
class Writer {
 public:
  explicit Writer(std::span<float> out) : next_(out.data()) {}
  void put(double x) { *next_++ = static_cast<float>(x); }
  void put(const glm::dvec3& v) {
    for (int a = 0; a < 3; ++a) put(v[a]);
  }
  // w x y z with w >= 0: both signs are the same rotation.
  void put_quaternion(const glm::dquat& q) {
    const double sign = q.w < 0.0 ? -1.0 : 1.0;
    for (const double x : {q.w, q.x, q.y, q.z}) put(sign * x);
  }
  // Two of its axes: no sign to flip, no wrap to jump over.
  void put_axes(const glm::dquat& q) {
    put(q * glm::dvec3(0.0, 1.0, 0.0));
    put(q * glm::dvec3(1.0, 0.0, 0.0));
  }
  const float* end() const { return next_; }

 private:
  float* next_;
};

struct Eye {
  glm::dvec3 root;
  glm::dquat heading;  ///< world axes to those of the heading
};

// The original's link features; the root's rotation and velocities stay in world axes.
void put_original_links(Writer& out, const Eye& eye, std::span<const LinkState> links) {
  for (std::size_t k = 0; k < links.size(); ++k) {
    out.put(eye.heading * (links[k].centre - eye.root));
    out.put_quaternion(k == 0 ? links[k].rotation : eye.heading * links[k].rotation);
  }
  for (std::size_t k = 0; k < links.size(); ++k) {
    out.put(k == 0 ? links[k].linear_velocity : eye.heading * links[k].linear_velocity);
    out.put(k == 0 ? links[k].angular_velocity : eye.heading * links[k].angular_velocity);
  }
}

void put_links(Writer& out, const Eye& eye, std::span<const LinkState> links) {
  for (const LinkState& link : links) {
    out.put(eye.heading * (link.centre - eye.root));
    out.put_axes(eye.heading * link.rotation);
    out.put(eye.heading * link.linear_velocity);
    out.put(eye.heading * link.angular_velocity);
  }
}

void put_reference(Writer& out, const Eye& eye, const std::vector<int>& keys,
                   std::span<const LinkState> links, std::span<const double> velocities) {
  out.put(eye.heading * (links[0].joint - eye.root));
  out.put_axes(eye.heading * links[0].rotation);
  for (const int key : keys)
    out.put(eye.heading * (links[static_cast<std::size_t>(key)].centre - links[0].joint));
  out.put(eye.heading * physics::load3(velocities.data()));
  out.put(eye.heading * links[0].angular_velocity);
}

}  // namespace

void observe(const Task& task, const EpisodeView& episode, Scratch& scratch, std::span<float> out) {
  const Task::Data& data = task.data();
  Scratch::Buffers& buffers = scratch.buffers();
  assert(out.size() >= static_cast<std::size_t>(data.observation_size));
  const physics::StateView state = physics::state_over(data.model, episode.state);
  physics::forward_kinematics(data.model, state.positions, state.velocities, buffers.links);
  const LinkState& root = buffers.links[0];
  const Eye eye{root.joint, detail::to_heading(detail::heading_of(root.rotation))};
  const double height = root.joint.y - data.model.ground_height(root.joint.x, root.joint.z);

  Writer writer(out);
  if (data.options.interface.observation == ObservationKind::deepmimic) {
    writer.put(phase_at(data.motion, episode.head->time_s));
    writer.put(height);
    put_original_links(writer, eye, buffers.links);
  } else {
    writer.put(height);
    put_links(writer, eye, buffers.links);
    for (const double ahead_s : kLookAhead_s) {
      detail::sample_reference(task, *episode.head, ahead_s, buffers.positions, buffers.velocities);
      physics::forward_kinematics(data.model, buffers.positions, buffers.velocities,
                                  buffers.reference_links);
      put_reference(writer, eye, data.keys, buffers.reference_links, buffers.velocities);
    }
  }
  assert(writer.end() == out.data() + data.observation_size);
}

}  // namespace canter::mimic
