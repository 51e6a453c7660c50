#pragma once

// Units, axes and frame rates of formats that do not state them.

#include <initializer_list>
#include <string>
#include <string_view>

#include "canter/import/import.h"

namespace canter::importer::detail {

/// The parts one after another.
inline std::string concat(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}

/// printf of one number.
std::string format_number(const char* pattern, double value);

/// Joints that tell a body's build. Empty where there are none.
struct Landmarks {
  std::vector<std::size_t> feet, toes, hands, head;
};
/// @param by_name_only  leave out what only the rest pose tells: it may lie on its side
Landmarks find_landmarks(const Skeleton& skeleton, bool by_name_only);

/// A frame time as text, read with the care its few digits need.
struct FrameRate {
  float written_hz = 30.0f;  ///< one over the time as written
  float snapped_hz = 30.0f;  ///< the usual rate its digits stand for, else written_hz
  std::string text;          ///< as in the file
  bool usable = true;        ///< false: zero, negative or absurd; both rates are then 30 Hz
};

/// "0.008333" is 120 Hz, because 1/120 has these digits; "0.0417083750417" stays 23.976 Hz.
FrameRate interpret_frame_time(std::string_view text);

/// The usual rate within this relative distance of `hz`, else `hz`.
double snap_rate(double hz, double tolerance);

void report_frame_rate(const FrameRate& rate, bool raw, std::vector<Finding>& findings);

/// Guesses unit and up axis of a skeleton with axis-aligned rest rotations, reports both, and
/// unless options.raw brings skeleton, clips and end sites to metres and Y up. Rest rotations stay
/// identity: every joint's frame is turned with the world.
Result<void> correct_units_and_axes(Scene& scene, const Options& options);

/// Scales all lengths and turns `up` ("x", "y", "z") to Y, in every joint's frame alike. A mesh is
/// not touched. Errors: values that overflow.
Result<void> rebase(Scene& scene, float scale, std::string_view up);

}  // namespace canter::importer::detail
