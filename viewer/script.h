#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/base/result.h"

namespace canter::viewer {

/// One line of a session script, or a block of lines that repeats.
struct ScriptStep {
  int line = 0;  ///< in the file, from 1
  std::string verb;
  std::vector<std::string> arguments;
  std::vector<ScriptStep> body;  ///< of "repeat"
};

/// A session without hands: what is opened, clicked and expected, in order (docs/viewer.md).
struct Script {
  std::string name;  ///< the file, for messages
  std::vector<ScriptStep> steps;
};

/// A command of the language.
struct ScriptVerb {
  const char* name;
  const char* arguments;  ///< as the manual writes them
  const char* effect;
  int min_arguments;
  int max_arguments;
};

/// Every verb; the parser, the runner and the manual share this table.
std::span<const ScriptVerb> script_verbs();

/// One command a line; words in double quotes may hold spaces; `#` begins a comment; `$NAME` in a
/// word is the environment's. Errors name file and line.
Result<Script> parse_script(std::string_view text, const std::string& name);
Result<Script> load_script(const std::string& path);

}  // namespace canter::viewer
