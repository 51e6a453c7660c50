#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unordered_set>

#include "import/node_scene.h"

namespace canter::importer::detail {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", v);
  return text;
}

Error limit(std::string_view name, const std::string& what, std::size_t found, std::size_t most) {
  return {ErrorCode::limit, std::string(name) + ": " + what + ": found " + std::to_string(found) +
                                ", at most " + std::to_string(most) + " are supported"};
}

// Nodes in an order that puts parents first, or empty if the parents form a cycle.
std::vector<int> parents_first(const std::vector<Node>& nodes) {
  std::vector<std::vector<int>> children(nodes.size());
  std::vector<int> order;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].parent >= 0)
      children[at(nodes[i].parent)].push_back(static_cast<int>(i));
    else
      order.push_back(static_cast<int>(i));
  }
  // Depth first, so that a limb's joints lie together.
  std::vector<int> stack(order.rbegin(), order.rend());
  order.clear();
  while (!stack.empty()) {
    const int n = stack.back();
    stack.pop_back();
    order.push_back(n);
    stack.insert(stack.end(), children[at(n)].rbegin(), children[at(n)].rend());
  }
  return order.size() == nodes.size() ? order : std::vector<int>{};
}

// Whether a node's matrix is more than scale, rotation and translation.
bool is_sheared(const Node& node) {
  const Mat4 rebuilt = to_matrix(node.local);
  float worst = 0.0f;
  float size = 0.0f;
  for (int c = 0; c < 3; ++c) {
    for (int r = 0; r < 3; ++r) {
      worst = std::max(worst, std::abs(rebuilt[c][r] - node.matrix[c][r]));
      size = std::max(size, std::abs(node.matrix[c][r]));
    }
  }
  return worst > 1e-4f * size;
}

bool is_uniform(const Vec3& s) {
  const float slack = 1e-5f * std::abs(s.x);
  return s.x > 0.0f && std::abs(s.x - s.y) <= slack && std::abs(s.x - s.z) <= slack;
}

// Which nodes become joints, and what lies between a joint and its parent.
class Builder {
 public:
  Builder(NodeScene source, std::string_view name, const Options& options)
      : source_(std::move(source)), name_(name), options_(options) {}

  Result<Scene> build() {
    if (auto checked = check(); !checked) return checked.error();
    choose_joints();
    leave_out_helpers();
    link_joints();
    make_rest();
    add_end_sites();
    if (auto made = make_clips(); !made) return made.error();
    unify_mirrors();
    find_rest_models();
    fold_constant_scales();
    convert_units();
    return finish();
  }

 private:
  Result<void> check();
  void choose_joints();
  void leave_out_helpers();
  void link_joints();
  void make_rest();
  void add_end_sites();
  Result<void> make_clips();
  void make_clip(const Animation& animation, const ClipRate& rate, int frames);
  void report_rate(const Animation& animation, const ClipRate& rate, double first_s, bool step,
                   bool cubic);
  void unify_mirrors();
  void find_rest_models();
  void fold_constant_scales();
  void convert_units();
  void make_unique(std::string& name, int joint);
  void judge_size(const Scene& scene);
  Result<Scene> finish();

  void mark_owner(int node);
  // One finding per code: what several clips have in common is said once, with each as evidence.
  void note(std::string code, std::string message, std::string evidence, std::string fix,
            FixState state) {
    for (Finding& finding : source_.findings) {
      if (finding.code != code) continue;
      constexpr std::size_t kEnoughEvidence = 300;
      if (finding.evidence.size() < kEnoughEvidence) finding.evidence += "; " + evidence;
      return;
    }
    source_.findings.push_back(
        {std::move(code), std::move(message), std::move(evidence), std::move(fix), state});
  }
  Transform joint_transform(int joint, std::span<const Transform> locals);
  int num_joints() const { return static_cast<int>(joints_.size()); }

  NodeScene source_;
  std::string name_;
  Options options_;
  std::vector<int> order_;
  std::vector<char> animated_;
  std::vector<char> needed_;  // by what the file does with the node
  std::vector<char> kept_;    // a joint
  std::vector<char> is_bone_;
  std::vector<char> has_mesh_;
  std::vector<char> sheared_;
  bool any_skin_ = false;

  std::vector<int> joints_;               // node of each joint
  std::vector<int> joint_of_node_;        // or -1
  std::vector<int> parents_;              // joint of each joint's parent, or -1
  std::vector<std::vector<int>> chains_;  // nodes from below the parent joint down to the joint
  std::vector<Transform> rest_;
  std::vector<float> folded_;
  std::vector<Mat4> rest_models_;
  std::vector<EndSite> end_sites_;
  std::vector<RawClip> clips_;
  std::vector<std::optional<bool>> loops_;  // what the file says of each clip
  std::size_t num_sheared_keys_ = 0;
  bool has_scale_ = false;
};

Result<void> Builder::check() {
  const std::size_t n = source_.nodes.size();
  if (n == 0)
    return Error{ErrorCode::bad_value, name_ + ": the file holds no nodes; expected at least one"};
  if (n > kMaxNodes) return limit(name_, "nodes", n, kMaxNodes);
  for (std::size_t i = 0; i < n; ++i) {
    if (source_.nodes[i].parent < -1 || source_.nodes[i].parent >= static_cast<int>(n))
      return Error{ErrorCode::bad_value,
                   name_ + ": node " + std::to_string(i) + " names a parent that does not exist"};
  }
  order_ = parents_first(source_.nodes);
  if (order_.empty())
    return Error{ErrorCode::bad_value, name_ + ": the nodes' parents form a cycle"};
  return {};
}

// A pivot is no joint: what it does shows in the joint below it.
void Builder::mark_owner(int node) {
  std::vector<char> below(source_.nodes.size(), 0);
  below[at(node)] = 1;
  for (const int n : order_) {
    const Node& candidate = source_.nodes[at(n)];
    if (candidate.parent < 0 || below[at(candidate.parent)] == 0) continue;
    if (candidate.pivot)
      below[at(n)] = 1;
    else
      needed_[at(n)] = candidate.left_out ? needed_[at(n)] : char{1};
  }
}

void Builder::choose_joints() {
  const std::size_t n = source_.nodes.size();
  animated_.assign(n, 0);
  needed_.assign(n, 0);
  is_bone_.assign(n, 0);
  has_mesh_.assign(n, 0);
  sheared_.assign(n, 0);
  for (std::size_t i = 0; i < n; ++i) sheared_[i] = is_sheared(source_.nodes[i]) ? 1 : 0;

  for (const MeshPart& part : source_.parts) {
    if (part.skin < 0) has_mesh_[at(part.node)] = 1;
  }
  any_skin_ = !source_.skins.empty();
  for (const Skin& skin : source_.skins)
    for (const int joint : skin.joints) is_bone_[at(joint)] = 1;
  for (const Animation& animation : source_.animations)
    for (const NodeTracks& tracks : animation.nodes)
      if (!source_.nodes[at(tracks.node)].left_out) animated_[at(tracks.node)] = 1;

  for (std::size_t i = 0; i < n; ++i) {
    if (has_mesh_[i] != 0 || is_bone_[i] != 0) needed_[i] = 1;
    if (animated_[i] == 0) continue;
    if (source_.nodes[i].pivot)
      mark_owner(static_cast<int>(i));
    else
      needed_[i] = 1;
  }
  // Without a skin nothing tells bones from other nodes, so whatever hangs on a moving node counts.
  if (!any_skin_) {
    for (const int i : order_) {
      const Node& node = source_.nodes[at(i)];
      if (!node.pivot && !node.left_out)
        for (int p = node.parent; p >= 0 && needed_[at(i)] == 0; p = source_.nodes[at(p)].parent)
          if (needed_[at(p)] != 0 && has_mesh_[at(p)] == 0) needed_[at(i)] = 1;
    }
  }
  if (std::find(needed_.begin(), needed_.end(), 1) == needed_.end())
    for (std::size_t i = 0; i < n; ++i)
      needed_[i] = !source_.nodes[i].pivot && !source_.nodes[i].synthetic ? 1 : 0;

  // A node between others is a joint too where branches meet; elsewhere it is passed through.
  kept_ = needed_;
  std::vector<int> branches(n, 0);
  for (auto it = order_.rbegin(); it != order_.rend(); ++it) {
    const Node& node = source_.nodes[at(*it)];
    const bool meets = branches[at(*it)] > 1 && !node.pivot && !node.synthetic &&
                       !(node.parent < 0 && node.matrix == Mat4(1.0f));
    if (meets) kept_[at(*it)] = 1;
    if (node.parent >= 0 && (kept_[at(*it)] != 0 || branches[at(*it)] > 0))
      branches[at(node.parent)] += kept_[at(*it)] != 0 ? 1 : branches[at(*it)];
  }
  if (std::find(kept_.begin(), kept_.end(), 1) == kept_.end()) kept_[at(order_.front())] = 1;
}

// Targets of cameras, lights and other lone movers beside a character are no part of it.
void Builder::leave_out_helpers() {
  std::vector<int> root(source_.nodes.size(), -1);
  std::vector<int> size(source_.nodes.size(), 0);
  for (const int i : order_) {
    const int parent = source_.nodes[at(i)].parent;
    const int above = parent < 0 ? -1 : root[at(parent)];
    root[at(i)] = above >= 0 ? above : (kept_[at(i)] != 0 ? i : -1);
    if (kept_[at(i)] != 0) ++size[at(root[at(i)])];
  }
  if (*std::max_element(size.begin(), size.end()) < 2) return;
  std::string names;
  for (const int i : order_) {
    if (size[at(i)] != 1 || kept_[at(i)] == 0 || has_mesh_[at(i)] != 0 || is_bone_[at(i)] != 0)
      continue;
    kept_[at(i)] = 0;
    names += (names.empty() ? "" : ", ") + source_.nodes[at(i)].name;
  }
  if (!names.empty())
    note("helper_nodes_left_out", "Nodes that are no part of the character were left out.", names,
         "left out", FixState::applied);
}

void Builder::link_joints() {
  joint_of_node_.assign(source_.nodes.size(), -1);
  std::size_t num_pivots = 0;
  for (const int i : order_) {
    if (source_.nodes[at(i)].pivot) ++num_pivots;
    if (kept_[at(i)] == 0) continue;
    std::vector<int> chain = {i};
    int p = source_.nodes[at(i)].parent;
    for (; p >= 0 && kept_[at(p)] == 0; p = source_.nodes[at(p)].parent) chain.push_back(p);
    std::reverse(chain.begin(), chain.end());
    joint_of_node_[at(i)] = num_joints();
    joints_.push_back(i);
    parents_.push_back(p < 0 ? -1 : joint_of_node_[at(p)]);
    chains_.push_back(std::move(chain));
  }
  if (num_pivots > 0)
    note("pivots_collapsed", "Joints split at their pivots were put together again.",
         std::to_string(num_pivots) + " pivot nodes", "one transform per joint", FixState::applied);
}

// What a chain of nodes does together. Exact unless scale under rotation shears.
Transform Builder::joint_transform(int joint, std::span<const Transform> locals) {
  const std::vector<int>& chain = chains_[at(joint)];
  Transform product = locals[at(chain.front())];
  bool exact = sheared_[at(chain.front())] == 0 || chain.size() == 1;
  for (std::size_t i = 1; i < chain.size() && exact; ++i) {
    exact = is_uniform(product.scale) && sheared_[at(chain[i])] == 0;
    product = product * locals[at(chain[i])];
  }
  if (exact) return product;

  Mat4 m(1.0f);
  for (const int n : chain)
    m = m * (animated_[at(n)] != 0 ? to_matrix(locals[at(n)]) : source_.nodes[at(n)].matrix);
  Node whole;
  set_matrix(whole, m);
  if (is_sheared(whole)) ++num_sheared_keys_;
  return whole.local;
}

void Builder::make_rest() {
  std::vector<Transform> locals;
  for (const Node& node : source_.nodes) locals.push_back(node.local);
  for (int j = 0; j < num_joints(); ++j) {
    Transform rest = joint_transform(j, locals);
    // A rest pose must be invertible; a hidden node (scale 0) becomes a very small one.
    for (int k = 0; k < 3; ++k)
      if (rest.scale[k] == 0.0f) rest.scale[k] = 1e-6f;
    rest_.push_back(rest);
  }
}

// Unanimated leaves below the last joint of a limb tell where the limb ends.
void Builder::add_end_sites() {
  std::vector<char> has_child(source_.nodes.size(), 0);
  std::vector<char> ends_limb(joints_.size(), 1);
  for (const Node& node : source_.nodes)
    if (node.parent >= 0) has_child[at(node.parent)] = 1;
  for (const int parent : parents_)
    if (parent >= 0) ends_limb[at(parent)] = 0;
  for (const int i : order_) {
    if (has_child[at(i)] != 0 || kept_[at(i)] != 0 || source_.nodes[at(i)].left_out) continue;
    Mat4 m(1.0f);
    int n = i;
    for (; n >= 0 && kept_[at(n)] == 0; n = source_.nodes[at(n)].parent)
      m = source_.nodes[at(n)].matrix * m;
    if (n < 0 || ends_limb[at(joint_of_node_[at(n)])] == 0) continue;
    if (glm::length(Vec3(m[3])) < 1e-6f) continue;
    end_sites_.push_back({joint_of_node_[at(n)], Vec3(m[3])});
    ends_limb[at(joint_of_node_[at(n)])] = 0;
  }
}

Result<void> Builder::make_clips() {
  std::vector<char> matters(source_.nodes.size(), 0);
  for (const std::vector<int>& chain : chains_)
    for (const int n : chain) matters[at(n)] = 1;

  // Two keys hours apart must not turn a file of 3 kB into gigabytes: what is resampled stays in
  // proportion to what the file holds.
  constexpr std::size_t kFreeKeys = std::size_t{1} << 20;
  constexpr std::size_t kKeysPerSourceKey = 256;
  std::size_t num_source_keys = 0;
  for (const Animation& animation : source_.animations)
    for (const NodeTracks& tracks : animation.nodes)
      num_source_keys += tracks.translation.times_s.size() + tracks.rotation.times_s.size() +
                         tracks.scale.times_s.size();
  const std::size_t most = std::min(kMaxClipKeys, kFreeKeys + kKeysPerSourceKey * num_source_keys);

  std::size_t total = 0;
  for (Animation& animation : source_.animations) {
    std::erase_if(animation.nodes,
                  [&](const NodeTracks& tracks) { return matters[at(tracks.node)] == 0; });
    std::vector<double> times;
    bool step = false;
    bool cubic = false;
    double first = kMaxClipSeconds;
    double last = 0.0;
    for (const NodeTracks& tracks : animation.nodes) {
      for (const Track* track : {&tracks.translation, &tracks.rotation, &tracks.scale}) {
        if (track->times_s.empty()) continue;
        times.insert(times.end(), track->times_s.begin(), track->times_s.end());
        first = std::min(first, track->times_s.front());
        last = std::max(last, track->times_s.back());
        if (track->times_s.size() < 2) continue;
        step = step || track->interpolation == Interpolation::step;
        cubic = cubic || track->interpolation == Interpolation::cubic_spline;
      }
    }
    if (times.empty()) {
      note("clip_without_motion", "An animation moves nothing of the character; it was left out.",
           animation.name, "left out", FixState::applied);
      continue;
    }
    if (!(last <= kMaxClipSeconds))
      return Error{ErrorCode::limit, name_ + ": animation '" + animation.name + "' lasts " +
                                         number(last) + " s; at most " + number(kMaxClipSeconds) +
                                         " s are supported"};
    const ClipRate rate = choose_rate(
        std::move(times), animation.rate_hint > 0.0 ? animation.rate_hint : source_.rate_hint,
        step || cubic);
    // A last key between two frames gets the frame after it.
    const double exact = last * rate.hz;
    const double whole =
        std::abs(exact - std::round(exact)) < 0.02 ? std::round(exact) : std::ceil(exact);
    const auto frames = static_cast<std::size_t>(whole) + 1;
    total += frames * joints_.size();
    if (total > most)
      return limit(name_,
                   "frames times joints of all clips, up to animation '" + animation.name + "'",
                   total, most);
    for (NodeTracks& tracks : animation.nodes)
      for (Track* track : {&tracks.translation, &tracks.rotation, &tracks.scale})
        snap_to_frames(*track, rate.hz);
    make_clip(animation, rate, static_cast<int>(frames));
    loops_.push_back(animation.loop);
    report_rate(animation, rate, first, step, cubic);
  }
  return {};
}

void Builder::make_clip(const Animation& animation, const ClipRate& rate, int frames) {
  RawClip clip;
  clip.name = animation.name;
  clip.rate_hz = static_cast<float>(rate.hz);
  clip.num_joints = num_joints();
  clip.keys.resize(at(frames) * joints_.size());
  std::vector<Transform> locals;
  for (const Node& node : source_.nodes) locals.push_back(node.local);
  for (int f = 0; f < frames; ++f) {
    const double time_s = f / rate.hz;
    for (const NodeTracks& tracks : animation.nodes) {
      Transform& local = locals[at(tracks.node)];
      if (!tracks.translation.times_s.empty())
        local.translation = Vec3(sample_vector(tracks.translation, time_s));
      if (!tracks.rotation.times_s.empty())
        local.rotation = sample_rotation(tracks.rotation, time_s);
      if (!tracks.scale.times_s.empty()) local.scale = Vec3(sample_vector(tracks.scale, time_s));
    }
    for (int j = 0; j < num_joints(); ++j) {
      Transform& key = clip.frame(f)[at(j)];
      key = joint_transform(j, locals);
      // One hemisphere throughout, so that editing tools see continuous curves.
      if (f > 0 && glm::dot(clip.frame(f - 1)[at(j)].rotation, key.rotation) < 0.0f)
        key.rotation = -key.rotation;
    }
  }
  clips_.push_back(std::move(clip));
}

void Builder::report_rate(const Animation& animation, const ClipRate& rate, double first_s,
                          bool step, bool cubic) {
  if (rate.worst_s > 1e-3)
    note("keys_between_frames", "Keys at uneven times were resampled to an even rate.",
         "clip '" + animation.name + "': " + number(rate.hz) + " Hz, a key lies up to " +
             number(rate.worst_s * 1e3) + " ms from a frame",
         "resampled", FixState::applied);
  if (first_s > 1e-3)
    note("late_first_key", "The first key comes after time 0; its pose is held until then.",
         "clip '" + animation.name + "': first key at " + number(first_s) + " s",
         "trim the clip to its first key", FixState::available);
  if (step || cubic)
    note("curves_resampled", "Stepped or cubic keys were resampled; a step takes one frame.",
         "clip '" + animation.name +
             "': " + (step ? cubic ? "stepped and cubic" : "stepped" : "cubic") + " keys at " +
             number(rate.hz) + " Hz",
         "resampled", FixState::applied);
}

// Of the ways to write a mirrored scale, the one with a negative x: readers of FBX and Collada
// differ, and the rest pose must agree with the clips.
bool has_signs(const Transform& t, const glm::bvec3& negative) {
  return (t.scale.x < 0.0f) == negative.x && (t.scale.y < 0.0f) == negative.y &&
         (t.scale.z < 0.0f) == negative.z;
}

void move_signs_to_x(Transform& t) {
  // R * diag(signs) = R' * diag(+-1, 1, 1), where R' differs from R by half a turn about an axis.
  const bool x = t.scale.x < 0.0f;
  const bool y = t.scale.y < 0.0f;
  const bool z = t.scale.z < 0.0f;
  if (!y && !z) return;
  const bool mirrored = (x != y) != z;
  t.scale = glm::abs(t.scale);
  if (mirrored) t.scale.x = -t.scale.x;
  if (y && z)
    t.rotation = t.rotation * Quat(0, 1, 0, 0);
  else if (y)
    t.rotation = t.rotation * Quat(0, 0, 0, 1);
  else
    t.rotation = t.rotation * Quat(0, 0, 1, 0);
}

// Only where the signs never change: through a change the curves must stay as they are.
void Builder::unify_mirrors() {
  for (int j = 0; j < num_joints(); ++j) {
    move_signs_to_x(rest_[at(j)]);
    for (RawClip& clip : clips_) {
      const glm::bvec3 negative = glm::lessThan(clip.frame(0)[at(j)].scale, Vec3(0.0f));
      bool steady = true;
      for (int f = 0; f < clip.num_frames(); ++f)
        steady = steady && has_signs(clip.frame(f)[at(j)], negative);
      if (!steady) continue;
      for (int f = 0; f < clip.num_frames(); ++f) move_signs_to_x(clip.frame(f)[at(j)]);
    }
  }
}

void Builder::find_rest_models() {
  for (int j = 0; j < num_joints(); ++j) {
    const Mat4 local = to_matrix(rest_[at(j)]);
    rest_models_.push_back(parents_[at(j)] < 0 ? local : rest_models_[at(parents_[at(j)])] * local);
  }
}

// A uniform scale that never changes moves into the translations below and the inverse binds:
// scale commutes with rotation, so nothing is lost, and the runtime need not carry scales.
void Builder::fold_constant_scales() {
  constexpr float kSame = 3e-5f;
  folded_.assign(joints_.size(), 1.0f);
  std::string moving;
  std::size_t num_folded = 0;
  std::vector<char> is_leaf(joints_.size(), 1);
  for (const int parent : parents_)
    if (parent >= 0) is_leaf[at(parent)] = 0;
  for (const EndSite& site : end_sites_) is_leaf[at(site.joint)] = 0;
  for (int j = 0; j < num_joints(); ++j) {
    const float above = parents_[at(j)] < 0 ? 1.0f : folded_[at(parents_[at(j)])];
    Vec3 low = rest_[at(j)].scale;
    Vec3 high = low;
    for (RawClip& clip : clips_) {
      for (int f = 0; f < clip.num_frames(); ++f) {
        low = glm::min(low, clip.frame(f)[at(j)].scale);
        high = glm::max(high, clip.frame(f)[at(j)].scale);
      }
    }
    const float least = std::min({low.x, low.y, low.z});
    const float most = std::max({high.x, high.y, high.z});
    const Vec3 spread = high - low;
    const bool still = std::max({spread.x, spread.y, spread.z}) <= kSame;
    const bool uniform = least > 0.0f && most - least <= kSame * most;
    // Nobody sees the scale (often a mirror) of a joint at the end of a limb that carries no mesh.
    const bool unseen = still && is_leaf[at(j)] != 0 && is_bone_[at(joints_[at(j)])] == 0 &&
                        has_mesh_[at(joints_[at(j)])] == 0;
    const bool constant = uniform || unseen;
    const float scale = uniform ? rest_[at(j)].scale.x : 1.0f;
    folded_[at(j)] = above * scale;
    if (constant && std::abs(scale - 1.0f) > kSame) ++num_folded;
    if (!constant) {
      has_scale_ = true;
      if (!still && moving.size() < 200)
        moving += (moving.empty() ? "" : ", ") + source_.nodes[at(joints_[at(j)])].name + " (" +
                  number(least) + " to " + number(most) + ")";
    }
    const auto fold = [&](Transform& t) {
      t.translation *= above;
      if (constant) t.scale = Vec3(1.0f);
    };
    fold(rest_[at(j)]);
    for (RawClip& clip : clips_)
      for (int f = 0; f < clip.num_frames(); ++f) fold(clip.frame(f)[at(j)]);
  }
  for (EndSite& site : end_sites_) site.offset *= folded_[at(site.joint)];
  if (num_folded > 0)
    note("constant_scale_folded", "Scales that never change were moved into the joint offsets.",
         std::to_string(num_folded) + " joints", "every joint now has scale 1", FixState::applied);
  if (!moving.empty())
    note("scale_animated", "Joints change their scale; the runtime carries scales for this one.",
         moving, "", FixState::none);
}

void Builder::convert_units() {
  const float unit = options_.raw ? 1.0f : source_.unit_m;
  const Quat turn = options_.raw ? kIdentityRotation : glm::quat_cast(source_.to_y_up);
  const auto convert = [&](Transform& t, bool root) {
    t.translation *= unit;
    if (!root || turn == kIdentityRotation) return;
    t.translation = turn * t.translation;
    t.rotation = turn * t.rotation;
  };
  for (int j = 0; j < num_joints(); ++j) {
    const bool root = parents_[at(j)] < 0;
    convert(rest_[at(j)], root);
    for (RawClip& clip : clips_)
      for (int f = 0; f < clip.num_frames(); ++f) convert(clip.frame(f)[at(j)], root);
  }
  for (EndSite& site : end_sites_) site.offset *= unit;

  const FixState state = options_.raw ? FixState::none : FixState::applied;
  if (source_.unit_m != 1.0f)
    note("unit_scale_applied", "The file's unit is not the metre.",
         "1 unit = " + number(static_cast<double>(source_.unit_m)) + " m" +
             (options_.unit_m ? " (given)" : " (written in the file)"),
         options_.raw ? "load without Options::raw" : "scaled to metres", state);
  if (source_.up_axis != "y")
    note("axes_converted", "The file's up axis is not Y.", "up axis: " + source_.up_axis,
         options_.raw ? "load without Options::raw" : "turned so that Y is up", state);
}

// Names are how clips, retargeting and masks find joints.
void Builder::make_unique(std::string& name, int joint) {
  if (name.empty()) name = "node_" + std::to_string(joint);
  if (name.size() > kMaxJointNameBytes - 8) name.resize(kMaxJointNameBytes - 8);
}

bool closes(const RawClip& clip, float size) {
  const int last = clip.num_frames() - 1;
  if (last < 2) return false;
  float closing = 0.0f;
  float moved = 0.0f;
  const auto distance = [&](int f, int j) {
    const Transform& a = clip.frame(0)[at(j)];
    const Transform& b = clip.frame(f)[at(j)];
    const float angle = 1.0f - std::abs(glm::dot(a.rotation, b.rotation));
    return std::max(std::sqrt(std::max(2.0f * angle, 0.0f)),
                    glm::length(a.translation - b.translation) / size);
  };
  for (int j = 0; j < clip.num_joints; ++j) {
    closing = std::max(closing, distance(last, j));
    for (int f = 1; f < last; ++f) moved = std::max(moved, distance(f, j));
  }
  constexpr float kClosed = 5e-3f;
  return closing < kClosed && moved > 10.0f * kClosed;
}

// A file may state its unit and be wrong: glTF is in metres by definition, yet often is not.
void Builder::judge_size(const Scene& scene) {
  Vec3 low(1e30f);
  Vec3 high(-1e30f);
  const auto grow = [&](const Vec3& p) {
    low = glm::min(low, p);
    high = glm::max(high, p);
  };
  std::vector<Mat4> models;
  for (int j = 0; j < num_joints(); ++j) {
    const Mat4 local = to_matrix(rest_[at(j)]);
    models.push_back(parents_[at(j)] < 0 ? local : models[at(parents_[at(j)])] * local);
    grow(Vec3(models.back()[3]));
  }
  if (scene.mesh)
    for (const SkinnedMesh::Vertex& v : scene.mesh->vertices) grow(v.position);
  const Vec3 size = high - low;
  const float longest = std::max({size.x, size.y, size.z});
  constexpr float kLargest_m = 20.0f;
  constexpr float kSmallest_m = 0.05f;
  if (longest <= kLargest_m && (longest >= kSmallest_m || longest == 0.0f)) return;
  note("unit_suspect", "The character is of an unlikely size; the file's unit may be wrong.",
       number(static_cast<double>(longest)) + " m across",
       longest > kLargest_m ? "choose a smaller unit, such as centimetres"
                            : "choose a larger unit, such as metres",
       FixState::none);
}

Result<Scene> Builder::finish() {
  Scene scene;
  scene.format = source_.format;
  scene.unit_m = source_.unit_m;
  scene.up_axis = source_.up_axis;

  SkeletonDesc desc;
  desc.has_scale = has_scale_;
  desc.end_sites = end_sites_;
  std::unordered_set<std::string> used;
  std::size_t num_renamed = 0;
  for (int j = 0; j < num_joints(); ++j) {
    std::string joint_name = source_.nodes[at(joints_[at(j)])].name;
    make_unique(joint_name, j);
    if (!used.insert(joint_name).second) {
      ++num_renamed;
      for (int k = 2;; ++k) {
        std::string candidate = joint_name + "_" + std::to_string(k);
        if (used.insert(candidate).second) {
          joint_name = std::move(candidate);
          break;
        }
      }
    }
    desc.joints.push_back({std::move(joint_name), parents_[at(j)], rest_[at(j)]});
  }
  if (num_renamed > 0)
    note("names_made_unique", "Several joints had the same name.",
         std::to_string(num_renamed) + " joints", "numbered", FixState::applied);
  if (num_sheared_keys_ > 0)
    note("shear_dropped", "Uneven scale above a rotated node shears, which joints cannot.",
         std::to_string(num_sheared_keys_) + " joint transforms", "", FixState::none);

  Result<Skeleton> skeleton = make_skeleton(desc);
  if (!skeleton) {
    Error error = skeleton.error();
    error.message = name_ + ": " + error.message;
    return error;
  }
  scene.skeleton = std::move(*skeleton);

  float size = 1e-6f;
  for (const Mat4& m : rest_models_) size = std::max(size, glm::length(Vec3(m[3])));
  size *= options_.raw ? 1.0f : source_.unit_m;
  for (std::size_t c = 0; c < clips_.size(); ++c) {
    RawClip& clip = clips_[c];
    clip.loop = loops_[c].value_or(closes(clip, size));
    if (const auto valid = validate(clip, scene.skeleton); !valid)
      return Error{valid.error().code,
                   name_ + ": clip '" + clip.name + "': " + valid.error().message};
  }
  scene.clips = std::move(clips_);

  if (!source_.parts.empty()) {
    Result<SkinnedMesh> mesh = build_mesh(
        source_, joint_of_node_, rest_models_, folded_, options_.raw ? 1.0f : source_.unit_m,
        options_.raw ? Mat3(1.0f) : source_.to_y_up, source_.findings);
    if (!mesh) return Error{mesh.error().code, name_ + ": " + mesh.error().message};
    if (const auto valid = validate(*mesh, scene.skeleton); !valid)
      return Error{valid.error().code, name_ + ": mesh: " + valid.error().message};
    if (!mesh->vertices.empty()) scene.mesh = std::move(*mesh);
  }
  if (!options_.raw && !options_.unit_m) judge_size(scene);
  scene.findings = std::move(source_.findings);
  return scene;
}

}  // namespace

Result<Scene> build_scene(NodeScene source, std::string_view name, const Options& options) {
  if (options.unit_m) source.unit_m = *options.unit_m;
  return Builder(std::move(source), name, options).build();
}

}  // namespace canter::importer::detail
