#include "viewer/script.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

namespace canter::viewer {
namespace {

constexpr ScriptVerb kVerbs[] = {
    {"open", "FILE", "opens a file and waits until it plays", 1, 1},
    {"drop", "FILE", "drops a file or folder on the window, as a hand does; does not wait", 1, 1},
    {"wait", "FRAMES | idle | learned",
     "lets 1/60 s pass per frame, or waits until nothing loads, or a newer policy performs", 1, 1},
    {"seek", "SECONDS", "moves the time cursor and pauses", 1, 1},
    {"play", "[CLIP]", "plays on; or this clip of the open file, by name or number", 0, 1},
    {"key", "KEY", "presses a key of the table above, by its label", 1, 1},
    {"click", "WIDGET [X Y]", "clicks a control; X, Y: where in it, 0 to 1", 1, 3},
    {"double_click", "WIDGET [X Y]", "the same twice", 1, 3},
    {"hover", "WIDGET [X Y]", "leaves the mouse over a control", 1, 3},
    {"drag", "WIDGET X Y TO_X TO_Y", "drags from one place of a control to another", 5, 5},
    {"hold", "WIDGET X Y TO_X TO_Y", "drags, and keeps the button down", 5, 5},
    {"release", "", "lets the button go", 0, 0},
    {"wheel", "WIDGET STEPS", "turns the wheel over a control", 2, 2},
    {"type", "TEXT", "types into the field that has the focus", 1, 1},
    {"pad", "CONTROL VALUE", "moves a control of a gamepad (button 0 or 1, axis -1 to 1)", 2, 2},
    {"resize", "WIDTHxHEIGHT", "resizes the window; 0x0 minimises it", 1, 1},
    {"lose_graphics", "", "behaves as if the graphics card had been reset", 0, 0},
    {"screenshot", "FILE [WIDGET]", "saves the window, or only what a panel covers", 1, 2},
    {"record", "FILE | off", "records a video or PNG sequence from here on, or stops", 1, 1},
    {"same", "A B [SHARE]", "fails if more than this share of the pixels differ (0.001)", 2, 3},
    {"differ", "A B [SHARE]", "fails if no more than this share of the pixels differ (0.001)", 2,
     3},
    {"expect", "NAME [= | != | < | > | contains] VALUE", "fails if what is shown is otherwise", 2,
     3},
    {"print", "NAME", "prints what is shown", 1, 1},
    {"mark", "NAME", "remembers a number; `expect` then also knows it as NAME.grown", 1, 1},
    {"report", "FILE", "writes the latency report so far", 1, 1},
    {"repeat", "TIMES", "repeats the lines down to `end`", 1, 1},
    {"end", "", "ends a repeat", 0, 0},
};

struct Fault {
  std::string text;
};

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// One word from `at` on, quotes and variables resolved.
std::optional<Fault> read_word(std::string_view line, std::size_t& at, std::string& word) {
  const bool quoted = line[at] == '"';
  if (quoted) ++at;
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (quoted ? c == '"' : c == ' ' || c == '\t' || c == '\r') break;
    if (c != '$') {
      word += c;
      continue;
    }
    std::string name;
    while (at + 1 < line.size() && is_name_char(line[at + 1])) name += line[++at];
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return Fault{"$" + name + " is not set"};
    word += value;
  }
  if (quoted && at == line.size()) return Fault{"a quote is not closed"};
  if (quoted) ++at;
  return std::nullopt;
}

std::optional<Fault> split(std::string_view line, std::vector<std::string>& words) {
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == '#') break;
    if (line[at] == ' ' || line[at] == '\t' || line[at] == '\r') {
      ++at;
      continue;
    }
    std::string word;
    if (std::optional<Fault> fault = read_word(line, at, word)) return fault;
    words.push_back(std::move(word));
  }
  return std::nullopt;
}

std::optional<Fault> check(const ScriptStep& step) {
  const auto verb = std::find_if(std::begin(kVerbs), std::end(kVerbs),
                                 [&](const ScriptVerb& v) { return step.verb == v.name; });
  if (verb == std::end(kVerbs)) {
    std::string known;
    for (const ScriptVerb& v : kVerbs) known += std::string(known.empty() ? "" : ", ") + v.name;
    return Fault{"'" + step.verb + "' is no command; known are " + known};
  }
  const int count = static_cast<int>(step.arguments.size());
  if (count < verb->min_arguments || count > verb->max_arguments) {
    return Fault{"found " + std::to_string(count) + " words after '" + step.verb +
                 "', expected: " + verb->name + " " + verb->arguments};
  }
  if (step.verb == "repeat" && std::atoi(step.arguments[0].c_str()) < 1)
    return Fault{"repeat " + step.arguments[0] + ": expected a count above 0"};
  return std::nullopt;
}

}  // namespace

std::span<const ScriptVerb> script_verbs() {
  return kVerbs;
}

Result<Script> parse_script(std::string_view text, const std::string& name) {
  Script script{name, {}};
  std::vector<ScriptStep> open;  // blocks whose end is still to come
  int number = 0;
  const auto fail = [&](int line, const std::string& what) {
    return Error{ErrorCode::bad_format, name + ":" + std::to_string(line) + ": " + what};
  };
  const auto add = [&](ScriptStep step) {
    (open.empty() ? script.steps : open.back().body).push_back(std::move(step));
  };
  while (!text.empty()) {
    ++number;
    const std::size_t length = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    std::vector<std::string> words;
    if (std::optional<Fault> fault = split(line, words)) return fail(number, fault->text);
    if (words.empty()) continue;
    ScriptStep step{number, words.front(), {words.begin() + 1, words.end()}, {}};
    if (std::optional<Fault> fault = check(step)) return fail(number, fault->text);
    if (step.verb == "repeat") {
      open.push_back(std::move(step));
    } else if (step.verb == "end") {
      if (open.empty()) return fail(number, "'end' without a 'repeat'");
      ScriptStep block = std::move(open.back());
      open.pop_back();
      add(std::move(block));
    } else {
      add(std::move(step));
    }
  }
  if (!open.empty()) return fail(open.back().line, "this 'repeat' has no 'end'");
  return script;
}

Result<Script> load_script(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad())
    return Error{ErrorCode::io, path + ": cannot read the script: " + std::strerror(errno)};
  return parse_script(text, path);
}

}  // namespace canter::viewer
