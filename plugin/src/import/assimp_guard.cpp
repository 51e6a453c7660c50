#include "import/assimp_guard.h"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string_view>
#include <vector>

#include "import/node_scene.h"

namespace canter::importer::detail {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::string_view kFbxMagic("Kaydara FBX Binary  \0", 21);
constexpr std::size_t kFbxHeaderBytes = 27;
constexpr int kMaxDepth = 128;
constexpr std::size_t kMaxInflatedBytes = std::size_t{1} << 30;
// Deflate cannot do better than this.
constexpr std::size_t kMaxDeflateRatio = 1032;

// assimp puts a key of its own wherever a rotation curve turns half a turn further, so that a curve
// from 0 to a billion degrees becomes gigabytes of keys. The way all curves of a file go together:
constexpr double kMaxCurveTravel = 3.6e8;

class CurveTravel {
 public:
  /// False once the curves of the file go too far (or a value is not finite).
  bool add(float value) {
    if (!first_) travel_ += std::abs(static_cast<double>(value) - static_cast<double>(last_));
    first_ = false;
    last_ = value;
    return travel_ <= kMaxCurveTravel;
  }
  void start_curve() { first_ = true; }

 private:
  double travel_ = 0.0;
  float last_ = 0.0f;
  bool first_ = true;
};

std::string travel_error() {
  return "animation curves whose values change by more than 360 million in all";
}

std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Error at_byte(std::size_t offset, const std::string& what, ErrorCode code = ErrorCode::bad_value) {
  return {code, "byte " + std::to_string(offset) + ": " + what};
}

class FbxChecker {
 public:
  explicit FbxChecker(Bytes bytes) : bytes_(bytes) {}

  Result<void> check() {
    if (bytes_.size() < kFbxHeaderBytes)
      return at_byte(bytes_.size(), "the FBX header is cut off", ErrorCode::truncated);
    const std::uint32_t version = load<std::uint32_t>(23);
    if (version < 6000 || version > 8000)
      return at_byte(23, "FBX version " + std::to_string(version) + "; expected 6000 to 8000",
                     ErrorCode::unsupported);
    wide_ = version >= 7500;
    return records();
  }

 private:
  template <class T>
  T load(std::size_t offset) const {
    T v;
    std::memcpy(&v, bytes_.data() + offset, sizeof v);
    return v;
  }
  Result<void> records();
  Result<std::size_t> property(std::size_t offset, std::size_t end);
  Result<std::size_t> array(std::size_t offset, std::size_t end, std::size_t element);
  Result<void> inflate_array(std::size_t offset, std::size_t stored, std::size_t size);
  Result<void> curve(std::size_t offset, Bytes values);

  Bytes bytes_;
  bool wide_ = false;
  bool in_curve_ = false;  // inside a record of curve values
  std::size_t inflated_ = 0;
  std::vector<std::byte> scratch_;
  CurveTravel travel_;
};

// Records nest; a record of zeros ends a list. The footer after the last one is not read.
Result<void> FbxChecker::records() {
  const std::size_t header = wide_ ? 25 : 13;
  std::vector<std::size_t> ends = {bytes_.size()};
  std::size_t offset = kFbxHeaderBytes;
  for (;;) {
    while (ends.size() > 1 && offset == ends.back()) ends.pop_back();
    const std::size_t end_of_parent = ends.back();
    if (end_of_parent - offset < header)
      return at_byte(offset, "a record's header is cut off", ErrorCode::truncated);
    const std::uint64_t end = wide_ ? load<std::uint64_t>(offset) : load<std::uint32_t>(offset);
    const std::uint64_t num_properties =
        wide_ ? load<std::uint64_t>(offset + 8) : load<std::uint32_t>(offset + 4);
    const std::uint64_t property_bytes =
        wide_ ? load<std::uint64_t>(offset + 16) : load<std::uint32_t>(offset + 8);
    const auto name_bytes = load<std::uint8_t>(offset + header - 1);
    if (end == 0) {
      if (ends.size() == 1) return {};
      if (offset + header != end_of_parent)
        return at_byte(offset, "a list of records ends before its parent does");
      offset = end_of_parent;
      continue;
    }
    const std::size_t start = offset + header + name_bytes;
    if (end > end_of_parent || end < start || property_bytes > end - start)
      return at_byte(offset, "a record ends at byte " + std::to_string(end) +
                                 " with properties of " + std::to_string(property_bytes) +
                                 " bytes; its parent ends at " + std::to_string(end_of_parent));
    const std::size_t properties_end = start + property_bytes;
    in_curve_ = as_text(bytes_).substr(offset + header, name_bytes) == "KeyValueFloat";
    std::size_t p = start;
    for (std::uint64_t i = 0; i < num_properties; ++i) {
      const Result<std::size_t> next = property(p, properties_end);
      if (!next) return next.error();
      p = *next;
    }
    if (p != properties_end)
      return at_byte(p, "properties end " + std::to_string(properties_end - p) +
                            " bytes before their list does");
    offset = properties_end;
    if (offset < end) {
      if (end - offset < header)
        return at_byte(offset, "a nested record's header is cut off", ErrorCode::truncated);
      ends.push_back(end);
      if (ends.size() > kMaxDepth)
        return at_byte(offset, "records nest deeper than " + std::to_string(kMaxDepth),
                       ErrorCode::limit);
    }
  }
}

Result<std::size_t> FbxChecker::property(std::size_t offset, std::size_t end) {
  if (offset >= end) return at_byte(offset, "a property lies outside its list");
  const auto type = static_cast<char>(bytes_[offset]);
  const std::size_t start = offset + 1;
  const auto sized = [&](std::size_t size) -> Result<std::size_t> {
    if (size > end - start)
      return at_byte(offset, std::string("a property of type '") + type + "' needs " +
                                 std::to_string(size) + " bytes, but " +
                                 std::to_string(end - start) + " remain");
    return start + size;
  };
  switch (type) {
    case 'C':
    case 'B':
      return sized(1);
    case 'Y':
      return sized(2);
    case 'I':
    case 'F':
      return sized(4);
    case 'D':
    case 'L':
      return sized(8);
    case 'S':
    case 'R': {
      if (end - start < 4) return sized(4);
      return sized(std::size_t{4} + load<std::uint32_t>(start));
    }
    case 'b':
    case 'c':
      return array(start, end, 1);
    case 'i':
    case 'f':
      return array(start, end, 4);
    case 'd':
    case 'l':
      return array(start, end, 8);
    default:
      return at_byte(
          offset,
          "property type " + std::to_string(static_cast<unsigned char>(type)) + " does not exist",
          ErrorCode::bad_format);
  }
}

Result<std::size_t> FbxChecker::array(std::size_t offset, std::size_t end, std::size_t element) {
  if (end - offset < 12) return at_byte(offset, "an array's header is cut off");
  const std::size_t size = std::size_t{load<std::uint32_t>(offset)} * element;
  const std::uint32_t encoding = load<std::uint32_t>(offset + 4);
  const std::size_t stored = load<std::uint32_t>(offset + 8);
  if (encoding > 1)
    return at_byte(offset, "array encoding " + std::to_string(encoding) + "; expected 0 or 1");
  const std::size_t occupied = encoding == 0 ? size : stored;
  if (occupied > end - offset - 12)
    return at_byte(offset, "an array of " + std::to_string(occupied) + " bytes, but " +
                               std::to_string(end - offset - 12) + " remain");
  // assimp advances by the stored size in both encodings.
  if (encoding == 0 && stored != size)
    return at_byte(offset, "a plain array of " + std::to_string(size) + " bytes stored in " +
                               std::to_string(stored));
  inflated_ += size;
  if (encoding == 1 && size / kMaxDeflateRatio > stored)
    return at_byte(
        offset, std::to_string(stored) + " compressed bytes cannot hold " + std::to_string(size));
  if (inflated_ > kMaxInflatedBytes)
    return at_byte(offset,
                   "arrays of more than " + std::to_string(kMaxInflatedBytes) + " bytes in all",
                   ErrorCode::limit);
  if (encoding == 1) {
    if (auto whole = inflate_array(offset, stored, size); !whole) return whole.error();
  }
  if (in_curve_ && element == 4) {
    const Bytes values = encoding == 1 ? Bytes(scratch_) : bytes_.subspan(offset + 12, size);
    if (auto sane = curve(offset, values.first(size)); !sane) return sane.error();
  }
  return offset + 12 + occupied;
}

Result<void> FbxChecker::inflate_array(std::size_t offset, std::size_t stored, std::size_t size) {
  scratch_.resize(std::max<std::size_t>(size, 1));
  auto inflated = static_cast<uLongf>(scratch_.size());
  const int status = uncompress(reinterpret_cast<Bytef*>(scratch_.data()), &inflated,
                                reinterpret_cast<const Bytef*>(bytes_.data() + offset + 12),
                                static_cast<uLong>(stored));
  if (status != Z_OK || inflated != size)
    return at_byte(offset, "compressed data that does not inflate to the " + std::to_string(size) +
                               " bytes it announces");
  return {};
}

Result<void> FbxChecker::curve(std::size_t offset, Bytes values) {
  travel_.start_curve();
  for (std::size_t i = 0; i + 4 <= values.size(); i += 4) {
    float v = 0.0f;
    std::memcpy(&v, values.data() + i, sizeof v);
    if (!travel_.add(v)) return at_byte(offset, travel_error(), ErrorCode::limit);
  }
  return {};
}

}  // namespace

bool is_binary_fbx(Bytes bytes) {
  return as_text(bytes).substr(0, kFbxMagic.size()) == kFbxMagic;
}

bool looks_like_ascii_fbx(Bytes bytes) {
  const std::string_view head = as_text(bytes).substr(0, 4096);
  return head.substr(0, 5) == "; FBX" || head.find("FBXHeaderExtension") != std::string_view::npos;
}

bool looks_like_collada(Bytes bytes) {
  return as_text(bytes).substr(0, 4096).find("<COLLADA") != std::string_view::npos;
}

Result<void> check_binary_fbx(Bytes bytes) {
  return FbxChecker(bytes).check();
}

Result<void> check_ascii_fbx(Bytes bytes) {
  const std::string_view text = as_text(bytes);
  int depth = 0;
  std::size_t line = 1;
  bool quoted = false;
  bool comment = false;
  bool in_curve = false;
  CurveTravel travel;
  const auto at_line = [&](const std::string& what, ErrorCode code) {
    return Error{code, "line " + std::to_string(line) + ": " + what};
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      ++line;
      comment = false;
    }
    if (c == '\0') return at_line("a zero byte; expected text", ErrorCode::bad_format);
    if (comment) continue;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == ';') comment = true;
    if (c == '{' && ++depth > kMaxDepth)
      return at_line("braces nest deeper than " + std::to_string(kMaxDepth), ErrorCode::limit);
    if (c == '}' && --depth < 0)
      return at_line("a closing brace without its opening one", ErrorCode::bad_format);
    // "KeyValueFloat: *N { a: v,v,v }"
    if (c == 'K' && text.substr(i, 14) == "KeyValueFloat:") {
      in_curve = true;
      travel.start_curve();
    }
    if (c == '}') in_curve = false;
    const char before = i > 0 ? text[i - 1] : ' ';
    if (in_curve && (c == '-' || (c >= '0' && c <= '9')) &&
        (before == ',' || before == ':' || before == ' ' || before == '\n' || before == '\t')) {
      float v = 0.0f;
      const auto parsed = std::from_chars(text.data() + i, text.data() + text.size(), v);
      if (parsed.ec == std::errc::result_out_of_range) v = std::numeric_limits<float>::infinity();
      if (parsed.ec != std::errc::invalid_argument) {
        if (!travel.add(v)) return at_line(travel_error(), ErrorCode::limit);
        i = static_cast<std::size_t>(parsed.ptr - text.data()) - 1;
        continue;
      }
    }
    if (c == '*') {
      // "*1234": an array of so many numbers follows, each at least one character and a comma.
      std::size_t count = 0;
      const auto parsed = std::from_chars(text.data() + i + 1, text.data() + text.size(), count);
      if (parsed.ec == std::errc::result_out_of_range || count > text.size() - i)
        return at_line("an array announces " + std::string(text.substr(i + 1, 20)) +
                           " numbers, but only " + std::to_string(text.size() - i) +
                           " bytes remain",
                       ErrorCode::bad_value);
    }
  }
  if (quoted || depth != 0)
    return at_line(
        quoted ? "a string without its end" : std::to_string(depth) + " braces are not closed",
        ErrorCode::truncated);
  return {};
}

namespace {

// One pass over the tags of an XML file.
class ColladaScanner {
 public:
  explicit ColladaScanner(std::string_view text) : text_(text) {}
  Result<ColladaAsset> scan();

 private:
  struct Element {
    std::string_view name;
    int node = -1;  // the <node> it is, or is inside of
  };

  Error at_line(std::size_t offset, const std::string& what, ErrorCode code) const {
    const auto line =
        1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
    return {code, "line " + std::to_string(line) + ": " + what};
  }
  static std::string_view attribute(std::string_view tag, std::string_view name);
  Result<void> open(std::string_view tag, std::size_t offset, bool empty);
  Result<void> close(std::string_view name, std::size_t offset);
  Result<void> check_instances();

  std::string_view text_;
  ColladaAsset asset_;
  std::vector<Element> stack_;
  std::size_t num_elements_ = 0;
  struct SceneNode {
    int parent = -1;
    std::vector<std::string_view> instances;
  };
  std::vector<SceneNode> nodes_;
  std::map<std::string_view, std::vector<int>> by_id_;
};

std::string_view ColladaScanner::attribute(std::string_view tag, std::string_view name) {
  for (std::size_t i = tag.find(name); i != std::string_view::npos; i = tag.find(name, i + 1)) {
    std::size_t p = i + name.size();
    const bool starts = i > 0 && (tag[i - 1] == ' ' || tag[i - 1] == '\t' || tag[i - 1] == '\n' ||
                                  tag[i - 1] == '\r');
    while (p < tag.size() && (tag[p] == ' ' || tag[p] == '\t')) ++p;
    if (!starts || p >= tag.size() || tag[p] != '=') continue;
    ++p;
    while (p < tag.size() && (tag[p] == ' ' || tag[p] == '\t')) ++p;
    if (p >= tag.size() || (tag[p] != '"' && tag[p] != '\'')) continue;
    const std::size_t end = tag.find(tag[p], p + 1);
    if (end != std::string_view::npos) return tag.substr(p + 1, end - p - 1);
  }
  return {};
}

Result<void> ColladaScanner::open(std::string_view tag, std::size_t offset, bool empty) {
  const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/"));
  const int parent = stack_.empty() ? -1 : stack_.back().node;
  Element element{name, parent};
  constexpr std::size_t kMaxElements = std::size_t{1} << 24;
  if (++num_elements_ > kMaxElements)
    return at_line(offset, "more than " + std::to_string(kMaxElements) + " elements",
                   ErrorCode::limit);

  if (const std::string_view count = attribute(tag, "count"); !count.empty()) {
    std::size_t value = 0;
    const auto parsed = std::from_chars(count.data(), count.data() + count.size(), value);
    if (parsed.ec != std::errc() || value > text_.size() - offset)
      return at_line(offset,
                     "count=\"" + std::string(count.substr(0, 30)) + "\" in a file with " +
                         std::to_string(text_.size() - offset) + " bytes left",
                     ErrorCode::bad_value);
  }
  if (name == "unit") {
    float meter = 0.0f;
    const std::string_view v = attribute(tag, "meter");
    std::from_chars(v.data(), v.data() + v.size(), meter);
    if (meter > 0.0f && std::isfinite(meter)) asset_.unit_m = meter;
  } else if (name == "up_axis") {
    const std::string_view axis = text_.substr(std::min(offset + tag.size() + 2, text_.size()), 32);
    if (axis.substr(0, axis.find('<')).find("Z_UP") != std::string_view::npos) asset_.up_axis = "z";
    if (axis.substr(0, axis.find('<')).find("X_UP") != std::string_view::npos) asset_.up_axis = "x";
  } else if (name == "node" || name == "visual_scene") {
    element.node = static_cast<int>(nodes_.size());
    nodes_.push_back({parent, {}});
    for (const char* key : {"id", "name", "sid"})
      if (const std::string_view id = attribute(tag, key); !id.empty())
        by_id_[id].push_back(element.node);
  } else if (name == "instance_node" && parent >= 0) {
    std::string_view url = attribute(tag, "url");
    if (!url.empty() && url.front() == '#') url.remove_prefix(1);
    nodes_[static_cast<std::size_t>(parent)].instances.push_back(url);
  }
  if (empty) return {};
  stack_.push_back(element);
  if (stack_.size() > kMaxDepth)
    return at_line(offset, "elements nest deeper than " + std::to_string(kMaxDepth),
                   ErrorCode::limit);
  return {};
}

Result<void> ColladaScanner::close(std::string_view name, std::size_t offset) {
  name = name.substr(0, name.find_first_of(" \t\r\n"));
  if (stack_.empty() || stack_.back().name != name) {
    std::string what = "the end of '";
    what.append(name.substr(0, 60)).append("' closes ");
    if (stack_.empty())
      what += "nothing";
    else
      what.append("'").append(stack_.back().name.substr(0, 60)).append("'");
    return at_line(offset, what, ErrorCode::bad_format);
  }
  stack_.pop_back();
  return {};
}

// Nodes may stand for other nodes; what that unfolds to must be finite and small.
Result<void> ColladaScanner::check_instances() {
  std::vector<std::vector<int>> below(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].parent >= 0)
      below[static_cast<std::size_t>(nodes_[i].parent)].push_back(static_cast<int>(i));
    for (const std::string_view url : nodes_[i].instances)
      if (const auto named = by_id_.find(url); named != by_id_.end())
        below[i].insert(below[i].end(), named->second.begin(), named->second.end());
  }
  // Depth first without recursion; size 0 is unknown, kOpen is on the path.
  constexpr double kOpen = -1.0;
  std::vector<double> size(nodes_.size(), 0.0);
  std::vector<std::pair<std::size_t, std::size_t>> path;
  for (std::size_t root = 0; root < nodes_.size(); ++root) {
    if (size[root] != 0.0) continue;
    path.assign(1, {root, 0});
    size[root] = kOpen;
    while (!path.empty()) {
      auto& [n, next] = path.back();
      if (next < below[n].size()) {
        const auto child = static_cast<std::size_t>(below[n][next++]);
        if (size[child] == kOpen)
          return Error{ErrorCode::bad_value, "a node contains itself through instance_node"};
        if (size[child] == 0.0) {
          size[child] = kOpen;
          path.emplace_back(child, 0);
        }
        continue;
      }
      double total = 1.0;
      for (const int child : below[n]) total += size[static_cast<std::size_t>(child)];
      if (total > static_cast<double>(kMaxNodes))
        return Error{ErrorCode::limit,
                     "the nodes unfold to more than " + std::to_string(kMaxNodes)};
      size[n] = total;
      path.pop_back();
    }
  }
  return {};
}

Result<ColladaAsset> ColladaScanner::scan() {
  std::size_t i = 0;
  while ((i = text_.find('<', i)) != std::string_view::npos) {
    const auto skip_to = [&](std::string_view end) -> Result<void> {
      const std::size_t found = text_.find(end, i);
      if (found == std::string_view::npos)
        return at_line(i, "expected " + std::string(end), ErrorCode::truncated);
      i = found + end.size();
      return {};
    };
    const std::string_view rest = text_.substr(i);
    Result<void> step;
    if (rest.substr(0, 4) == "<!--") {
      step = skip_to("-->");
    } else if (rest.substr(0, 9) == "<![CDATA[") {
      step = skip_to("]]>");
    } else if (rest.substr(0, 2) == "<?") {
      step = skip_to("?>");
    } else if (rest.substr(0, 2) == "<!") {
      return at_line(i, "a document type declaration, which is not read", ErrorCode::unsupported);
    } else {
      const std::size_t start = i;
      // A '>' inside quotes does not end the tag.
      std::size_t end = i + 1;
      for (char quote = 0; end < text_.size() && (quote != 0 || text_[end] != '>'); ++end) {
        if (quote == 0 && (text_[end] == '"' || text_[end] == '\''))
          quote = text_[end];
        else if (text_[end] == quote)
          quote = 0;
      }
      if (end >= text_.size()) return at_line(i, "a tag without its end", ErrorCode::truncated);
      const std::string_view tag = text_.substr(start + 1, end - start - 1);
      if (!tag.empty() && tag.front() == '/')
        step = close(tag.substr(1), start);
      else
        step = open(tag, start, !tag.empty() && tag.back() == '/');
      i = end + 1;
    }
    if (!step) return step.error();
  }
  if (num_elements_ == 0)
    return Error{ErrorCode::bad_format, "no XML elements; expected UTF-8 text"};
  if (!stack_.empty())
    return at_line(text_.size(), "the file ends inside <" + std::string(stack_.back().name) + ">",
                   ErrorCode::truncated);
  if (auto checked = check_instances(); !checked) return checked.error();
  return asset_;
}

}  // namespace

Result<ColladaAsset> check_collada(Bytes bytes) {
  return ColladaScanner(as_text(bytes)).scan();
}

}  // namespace canter::importer::detail
