#include "canter/mimic/interface.h"

#include <algorithm>

namespace canter::mimic {
namespace {

using physics::BodyDesc;
using physics::BodyJoint;
using physics::JointType;

/// How far ahead the reference is shown, and what the rows are called.
constexpr const char* kReferenceNames[] = {"reference", "reference+33ms", "reference+100ms"};

class Table {
 public:
  TableRow& add(std::string name, int width, const char* unit, const char* frame) {
    TableRow row;
    row.name = std::move(name);
    row.offset = size_;
    row.width = width;
    row.unit = unit;
    row.frame = frame;
    size_ += width;
    rows_.push_back(std::move(row));
    return rows_.back();
  }
  std::vector<TableRow> take() { return std::move(rows_); }

 private:
  std::vector<TableRow> rows_;
  int size_ = 0;
};

// Links of one kind of number after the other, as the original lays them out.
void add_original_links(Table& table, const BodyDesc& body) {
  const auto frame = [](const BodyJoint& joint) {
    return joint.type == JointType::root ? "world" : "heading";
  };
  for (const BodyJoint& joint : body.joints) {
    table.add(joint.name + ".position", 3, "m", "heading");
    table.add(joint.name + ".rotation", 4, "", frame(joint));
  }
  for (const BodyJoint& joint : body.joints) {
    table.add(joint.name + ".velocity", 3, "m/s", frame(joint));
    table.add(joint.name + ".angular_velocity", 3, "rad/s", frame(joint));
  }
}

std::vector<TableRow> original_table(const BodyDesc& body) {
  Table table;
  TableRow& phase = table.add("phase", 1, "cycles", "");
  phase.fixed = true;  // p -> (p - 0.5) * 2
  phase.mean = phase.std = 0.5f;
  table.add("root.height", 1, "m", "world");
  add_original_links(table, body);
  return table.take();
}

std::vector<TableRow> tracking_table(const BodyDesc& body) {
  Table table;
  table.add("root.height", 1, "m", "world");
  for (const BodyJoint& joint : body.joints) {
    table.add(joint.name + ".position", 3, "m", "heading");
    table.add(joint.name + ".rotation", 6, "", "heading");
    table.add(joint.name + ".velocity", 3, "m/s", "heading");
    table.add(joint.name + ".angular_velocity", 3, "rad/s", "heading");
  }
  for (const char* when : kReferenceNames) {
    const std::string reference(when);
    table.add(reference + ".root_offset", 3, "m", "heading");
    table.add(reference + ".root_rotation", 6, "", "heading");
    for (const BodyJoint& joint : body.joints)
      if (joint.key) table.add(reference + "." + joint.name, 3, "m", "heading");
    table.add(reference + ".root_velocity", 3, "m/s", "heading");
    table.add(reference + ".root_angular_velocity", 3, "rad/s", "heading");
  }
  return table.take();
}

float smallest_limit(const BodyJoint& joint) {
  const Vec3& low = joint.limit_low;
  return joint.type == JointType::hinge ? low.z : std::min({low.x, low.y, low.z});
}

float largest_limit(const BodyJoint& joint) {
  const Vec3& high = joint.limit_high;
  return joint.type == JointType::hinge ? high.z : std::max({high.x, high.y, high.z});
}

// The rule of the original: with lo and hi over the joint's limits, std 2 (hi - lo), hinges about
// the middle, bounds the middle ± 2 (hi - lo); axes about +Z with bounds ± 1.
void add_original_ranges(const BodyJoint& joint, std::vector<ActionRange>& ranges) {
  const float low = smallest_limit(joint);
  const float high = largest_limit(joint);
  const float middle = 0.5f * (low + high);
  const float reach = 2.0f * (high - low);
  const bool hinge = joint.type == JointType::hinge;
  ranges.push_back({hinge ? middle : 0.0f, reach, middle - reach, middle + reach});
  if (hinge) return;
  for (const float mean : {0.0f, 0.0f, 0.2f}) ranges.push_back({mean, 1.0f, -1.0f, 1.0f});
}

/// Furthest a residual is meant to reach, rad.
constexpr float kResidualBound_rad = 1.5f;

void add_residual_ranges(const BodyJoint& joint, const Interface& interface,
                         std::vector<ActionRange>& ranges) {
  const float share =
      interface.residual_by_torque ? joint.torque_limit_nm / joint.kp_nm_per_rad : 1.0f;
  const ActionRange range{0.0f, interface.residual_rad * share, -kResidualBound_rad,
                          kResidualBound_rad};
  ranges.insert(ranges.end(), joint.type == JointType::hinge ? 1 : 3, range);
}

bool is_driven(const BodyJoint& joint) {
  return joint.type == JointType::ball || joint.type == JointType::hinge;
}

}  // namespace

Result<Interface> interface_from(std::string_view name) {
  if (name == "tracking") return Interface{};
  if (name == "deepmimic") {
    Interface original;
    original.observation = ObservationKind::deepmimic;
    original.action = ActionKind::deepmimic;
    return original;
  }
  return Error{ErrorCode::bad_value,
               "interface '" + std::string(name) + "'; expected 'tracking' or 'deepmimic'"};
}

std::string_view interface_name(const Interface& interface) {
  const bool sees_original = interface.observation == ObservationKind::deepmimic;
  const bool says_original = interface.action == ActionKind::deepmimic;
  if (sees_original != says_original) return "mixed";
  return sees_original ? "deepmimic" : "tracking";
}

std::vector<TableRow> observation_table(const BodyDesc& body, const Interface& interface) {
  return interface.observation == ObservationKind::deepmimic ? original_table(body)
                                                             : tracking_table(body);
}

std::vector<TableRow> action_table(const BodyDesc& body, const Interface& interface) {
  Table table;
  const bool original = interface.action == ActionKind::deepmimic;
  for (const BodyJoint& joint : body.joints) {
    if (!is_driven(joint)) continue;
    const bool hinge = joint.type == JointType::hinge;
    if (original && !hinge) {
      table.add(joint.name + ".angle", 1, "rad", "joint");
      table.add(joint.name + ".axis", 3, "", "joint");
    } else {
      table.add(joint.name + (original ? ".angle" : ".residual"), hinge ? 1 : 3, "rad", "joint");
    }
  }
  return table.take();
}

std::vector<ActionRange> action_ranges(const BodyDesc& body, const Interface& interface) {
  std::vector<ActionRange> ranges;
  for (const BodyJoint& joint : body.joints) {
    if (!is_driven(joint)) continue;
    if (interface.action == ActionKind::deepmimic)
      add_original_ranges(joint, ranges);
    else
      add_residual_ranges(joint, interface, ranges);
  }
  return ranges;
}

int table_size(std::span<const TableRow> table) {
  return table.empty() ? 0 : table.back().offset + table.back().width;
}

}  // namespace canter::mimic
