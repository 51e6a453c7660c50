#include "mimic/policy_notes.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace canter::mimic::detail {
namespace {

using Json = nlohmann::ordered_json;
using physics::BodyDesc;
using physics::BodyJoint;
using physics::JointType;
using physics::Part;
using physics::Shape;

constexpr int kVersion = 1;

template <class Enum>
using Names = std::initializer_list<std::pair<Enum, const char*>>;

const Names<ObservationKind> kObservations = {{ObservationKind::deepmimic, "deepmimic"},
                                              {ObservationKind::tracking, "tracking"}};
const Names<ActionKind> kActions = {{ActionKind::deepmimic, "deepmimic"},
                                    {ActionKind::residual, "residual"}};
const Names<FallSet> kFallSets = {{FallSet::all_but_feet, "all_but_feet"},
                                  {FallSet::all_but_feet_and_hands, "all_but_feet_and_hands"},
                                  {FallSet::trunk, "trunk"},
                                  {FallSet::none, "none"}};
const Names<RewardKind> kRewards = {{RewardKind::paper, "paper"}, {RewardKind::code, "code"}};
const Names<JointType> kJointTypes = {{JointType::root, "root"},
                                      {JointType::ball, "ball"},
                                      {JointType::hinge, "hinge"},
                                      {JointType::fixed, "fixed"}};
const Names<Shape> kShapes = {
    {Shape::sphere, "sphere"}, {Shape::capsule, "capsule"}, {Shape::box, "box"}};
const Names<Part> kParts = {
    {Part::trunk, "trunk"}, {Part::limb, "limb"}, {Part::hand, "hand"}, {Part::foot, "foot"}};

template <class Enum>
const char* name_of(Enum value, const Names<Enum>& names) {
  for (const auto& [candidate, name] : names)
    if (candidate == value) return name;
  return "";
}

Json vector_json(const Vec3& v) {
  return Json::array({v.x, v.y, v.z});
}

Json joint_json(const BodyJoint& joint) {
  Json out;
  out["name"] = joint.name;
  out["type"] = name_of(joint.type, kJointTypes);
  out["parent"] = joint.parent;
  out["attach"] = vector_json(joint.attach);
  out["limit_low"] = vector_json(joint.limit_low);
  out["limit_high"] = vector_json(joint.limit_high);
  out["torque_limit_nm"] = joint.torque_limit_nm;
  out["kp_nm_per_rad"] = joint.kp_nm_per_rad;
  out["kd_nm_s_per_rad"] = joint.kd_nm_s_per_rad;
  out["shape"] = name_of(joint.shape, kShapes);
  out["half_size"] = vector_json(joint.half_size);
  out["centre"] = vector_json(joint.centre);
  const Quat& q = joint.shape_rotation;
  out["shape_rotation_xyzw"] = Json::array({q.x, q.y, q.z, q.w});
  out["mass_kg"] = joint.mass_kg;
  out["reward_weight"] = joint.reward_weight;
  out["end_effector"] = joint.end_effector;
  out["key"] = joint.key;
  out["part"] = name_of(joint.part, kParts);
  return out;
}

Json options_json(const TaskOptions& o) {
  Json out;
  out["interface"] = {{"observation", name_of(o.interface.observation, kObservations)},
                      {"action", name_of(o.interface.action, kActions)},
                      {"residual_rad", o.interface.residual_rad},
                      {"residual_by_torque", o.interface.residual_by_torque}};
  out["control_rate_hz"] = o.control_rate_hz;
  out["physics"] = {{"rate_hz", o.physics.rate_hz},
                    {"contact_time_s", o.physics.contact_time_s},
                    {"gravity_m_s2", o.physics.gravity_m_s2},
                    {"self_collision", o.physics.self_collision},
                    {"friction", o.physics.ground.friction}};
  out["reward"] = name_of(o.reward, kRewards);
  out["fall"] = name_of(o.fall, kFallSets);
  out["max_root_turn_rad"] = o.max_root_turn_rad;
  out["max_root_distance_m"] = o.max_root_distance_m;
  out["hold_s"] = o.hold_s;
  out["resync"] = o.resync;
  return out;
}

// Reads an object key by key; the first thing wrong is kept and ends it.
class Reader {
 public:
  Reader(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) fail("expected an object");
  }

  template <class Number>
  void number(const char* key, Number& out, double most = 1e9) {
    const Json* value = find(key);
    if (value == nullptr) return;
    const double x = value->is_number() ? value->get<double>() : std::nan("");
    if (!(std::abs(x) <= most))
      return fail("\"" + std::string(key) + "\" is " + shown(*value) + "; expected a number");
    out = static_cast<Number>(x);
  }
  void flag(const char* key, bool& out) {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_boolean())
      return fail("\"" + std::string(key) + "\" is " + shown(*value) + "; expected true or false");
    out = value->get<bool>();
  }
  void text(const char* key, std::string& out) {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_string() || value->get_ref<const std::string&>().size() > 255)
      return fail("\"" + std::string(key) + "\" is " + shown(*value) + "; expected a short text");
    out = value->get<std::string>();
  }
  template <class Enum>
  void choice(const char* key, Enum& out, const Names<Enum>& names) {
    std::string word;
    text(key, word);
    if (error_) return;
    std::string expected;
    for (const auto& [candidate, name] : names) {
      if (word == name) {
        out = candidate;
        return;
      }
      expected += (expected.empty() ? "" : ", ") + std::string(name);
    }
    fail("\"" + std::string(key) + "\" is \"" + word + "\"; expected one of " + expected);
  }
  // `count` numbers into consecutive floats.
  void numbers(const char* key, float* out, std::size_t count) {
    const Json* value = find(key);
    if (value == nullptr) return;
    bool good = value->is_array() && value->size() == count;
    for (std::size_t i = 0; good && i < count; ++i) {
      good = (*value)[i].is_number() && std::abs((*value)[i].get<double>()) <= 1e9;
      if (good) out[i] = (*value)[i].get<float>();
    }
    if (!good)
      fail("\"" + std::string(key) + "\" is " + shown(*value) + "; expected " +
           std::to_string(count) + " numbers");
  }
  const Json* find(const char* key) {
    if (error_) return nullptr;
    const auto it = object_.find(key);
    if (it == object_.end()) {
      fail("lacks \"" + std::string(key) + "\"");
      return nullptr;
    }
    return &*it;
  }
  void fail(const std::string& what) {
    if (!error_) error_ = Error{ErrorCode::bad_value, place_ + ": " + what};
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  static std::string shown(const Json& value) {
    return value.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 40);
  }

  const Json& object_;
  std::string place_;
  std::optional<Error> error_;
};

Result<BodyJoint> read_joint(const Json& object, std::size_t index) {
  BodyJoint joint;
  Reader in(object, "policy notes, joint " + std::to_string(index));
  in.text("name", joint.name);
  in.choice("type", joint.type, kJointTypes);
  in.number("parent", joint.parent, 1000);
  in.numbers("attach", &joint.attach.x, 3);
  in.numbers("limit_low", &joint.limit_low.x, 3);
  in.numbers("limit_high", &joint.limit_high.x, 3);
  in.number("torque_limit_nm", joint.torque_limit_nm);
  in.number("kp_nm_per_rad", joint.kp_nm_per_rad);
  in.number("kd_nm_s_per_rad", joint.kd_nm_s_per_rad);
  in.choice("shape", joint.shape, kShapes);
  in.numbers("half_size", &joint.half_size.x, 3);
  in.numbers("centre", &joint.centre.x, 3);
  float xyzw[4] = {0, 0, 0, 1};
  in.numbers("shape_rotation_xyzw", xyzw, 4);
  joint.shape_rotation = Quat(xyzw[3], xyzw[0], xyzw[1], xyzw[2]);
  in.number("mass_kg", joint.mass_kg);
  in.number("reward_weight", joint.reward_weight);
  in.flag("end_effector", joint.end_effector);
  in.flag("key", joint.key);
  in.choice("part", joint.part, kParts);
  if (in.error()) return *in.error();
  return joint;
}

Result<BodyDesc> read_body(const Json& object) {
  BodyDesc body;
  Reader in(object, "policy notes, body");
  in.text("name", body.name);
  const Json* joints = in.find("joints");
  if (joints != nullptr && (!joints->is_array() || joints->size() > 1000))
    in.fail("\"joints\" is not a list");
  if (in.error()) return *in.error();
  for (std::size_t i = 0; i < joints->size(); ++i) {
    Result<BodyJoint> joint = read_joint((*joints)[i], i);
    if (!joint) return joint.error();
    body.joints.push_back(std::move(*joint));
  }
  return body;
}

Result<TaskOptions> read_options(const Json& object) {
  TaskOptions o;
  Reader in(object, "policy notes, task");
  const Json* interface = in.find("interface");
  const Json* physics = in.find("physics");
  in.number("control_rate_hz", o.control_rate_hz);
  in.choice("reward", o.reward, kRewards);
  in.choice("fall", o.fall, kFallSets);
  in.number("max_root_turn_rad", o.max_root_turn_rad);
  in.number("max_root_distance_m", o.max_root_distance_m);
  in.number("hold_s", o.hold_s);
  in.flag("resync", o.resync);
  if (in.error()) return *in.error();

  Reader wiring(*interface, "policy notes, interface");
  wiring.choice("observation", o.interface.observation, kObservations);
  wiring.choice("action", o.interface.action, kActions);
  wiring.number("residual_rad", o.interface.residual_rad);
  wiring.flag("residual_by_torque", o.interface.residual_by_torque);
  if (wiring.error()) return *wiring.error();

  Reader world(*physics, "policy notes, physics");
  world.number("rate_hz", o.physics.rate_hz);
  world.number("contact_time_s", o.physics.contact_time_s);
  world.number("gravity_m_s2", o.physics.gravity_m_s2);
  world.flag("self_collision", o.physics.self_collision);
  world.number("friction", o.physics.ground.friction);
  if (world.error()) return *world.error();
  return o;
}

}  // namespace

std::string write_notes(const PolicyNotes& notes) {
  Json out;
  out["version"] = kVersion;
  out["clip"] = {{"name", notes.clip_name},
                 {"loop", notes.clip_loop},
                 {"rate_hz", notes.clip_rate_hz},
                 {"means", notes.clip_means}};
  out["task"] = options_json(notes.options);
  Json joints = Json::array();
  for (const BodyJoint& joint : notes.body.joints) joints.push_back(joint_json(joint));
  out["body"] = {{"name", notes.body.name}, {"joints", std::move(joints)}};
  out["training"] = Json::parse(notes.training, nullptr, false);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<PolicyNotes> read_notes(std::string_view text) {
  const Json root = Json::parse(text, nullptr, false);
  if (root.is_discarded() || !root.is_object())
    return Error{ErrorCode::bad_format, "policy notes: not a JSON object"};
  Reader in(root, "policy notes");
  int version = 0;
  in.number("version", version, 1e6);
  if (!in.error() && version != kVersion)
    return Error{ErrorCode::unsupported, "policy notes of version " + std::to_string(version) +
                                             "; this build reads version 1"};
  const Json* clip = in.find("clip");
  const Json* task = in.find("task");
  const Json* body = in.find("body");
  const Json* training = in.find("training");
  if (in.error()) return *in.error();

  PolicyNotes notes;
  Reader what(*clip, "policy notes, clip");
  what.text("name", notes.clip_name);
  what.flag("loop", notes.clip_loop);
  what.number("rate_hz", notes.clip_rate_hz, 10000);
  if (!what.error() && clip->contains("means")) {
    notes.clip_means.resize(std::min<std::size_t>((*clip)["means"].size(), 4096));
    what.numbers("means", notes.clip_means.data(), notes.clip_means.size());
  }
  if (what.error()) return *what.error();
  Result<TaskOptions> options = read_options(*task);
  if (!options) return options.error();
  notes.options = std::move(*options);
  Result<BodyDesc> read = read_body(*body);
  if (!read) return read.error();
  notes.body = std::move(*read);
  notes.training = training->dump(-1, ' ', false, Json::error_handler_t::replace);
  return notes;
}

}  // namespace canter::mimic::detail
