#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "viewer/state.h"

namespace canter::viewer {

/// What scripts ask of the state: a number, or words. Truth is "yes" or "no".
using Answer = std::variant<double, std::string>;

/// A question by name: "time", "clip", "playing" … The manual lists them from this table.
struct Query {
  const char* name;
  const char* meaning;  ///< with its unit
  Answer (*answer)(const State& state);
};
std::span<const Query> queries();

/// Nothing if there is no such question.
std::optional<Answer> ask(const State& state, std::string_view name);
std::string to_text(const Answer& answer);

}  // namespace canter::viewer
