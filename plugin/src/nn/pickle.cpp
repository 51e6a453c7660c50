#include "nn/pickle.h"

#include <bit>
#include <cstring>
#include <string>
#include <unordered_map>

#include "canter/base/bytes.h"
#include "nn/pickle_globals.h"
#include "nn/printable.h"

namespace canter::nn::detail {
namespace {

// Far above any checkpoint, and what bounds the memory of a hostile one.
constexpr std::size_t kMaxStack = std::size_t{1} << 20;
constexpr std::size_t kMaxContainers = std::size_t{1} << 20;
constexpr std::size_t kMaxTensors = std::size_t{1} << 18;
constexpr std::size_t kMaxMemo = std::size_t{1} << 20;
constexpr std::size_t kMaxMarks = 1 << 12;
constexpr std::size_t kMaxPickleBytes = std::size_t{1} << 28;
constexpr std::size_t kMaxNameBytes = 1024;

// The opcodes of Python's pickletools that only build data.
enum Opcode : std::uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kDup = '2',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kReduce = 'R',
  kBinBytes8 = 0x8e,
  kBinString = 'T',
  kShortBinString = 'U',
  kBinUnicode = 'X',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kDict = 'd',
  kEmptyDict = '}',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kList = 'l',
  kEmptyList = ']',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kEmptyTuple = ')',
  kSetItems = 'u',
  kBinPersId = 'Q',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kProto = 0x80,
  kNewObj = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kEmptySet = 0x8f,
  kAddItems = 0x90,
  kFrozenSet = 0x91,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
};

template <class T>
T swapped(T value) {
  auto raw = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
  for (std::size_t i = 0; i < sizeof(T) / 2; ++i) std::swap(raw[i], raw[sizeof(T) - 1 - i]);
  return std::bit_cast<T>(raw);
}

}  // namespace

/// The stack machine. Errors stick to the reader; every step is harmless after one.
class PickleMachine {
 public:
  PickleMachine(std::span<const std::byte> bytes, const PickleOptions& options)
      : in_(bytes, "pickle"), options_(options) {
    out_.bytes_ = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    if (bytes.size() > kMaxPickleBytes) fail(ErrorCode::limit, "more than 256 MB");
  }

  Result<PickleDocument> run() {
    while (in_.ok() && !stopped_) step(in_.get<std::uint8_t>("opcode"));
    if (!in_.ok()) return in_.error();
    return std::move(out_);
  }

 private:
  using Kind = PickleKind;

  void step(std::uint8_t opcode) {
    if (!in_.ok()) return;
    if (!step_scalar(opcode) && !step_container(opcode) && !step_memo(opcode) &&
        !step_object(opcode))
      fail(ErrorCode::unsupported,
           "opcode " + std::to_string(opcode) + " is not among those torch.save writes");
  }

  // ---- numbers and text

  bool step_scalar(std::uint8_t opcode) {
    switch (opcode) {
      case kNone:
        push({});
        return true;
      case kNewTrue:
        push({Kind::boolean, 0, 1});
        return true;
      case kNewFalse:
        push({Kind::boolean, 0, 0});
        return true;
      case kBinInt:
        push_integer(in_.get<std::int32_t>("integer"));
        return true;
      case kBinInt1:
        push_integer(in_.get<std::uint8_t>("integer"));
        return true;
      case kBinInt2:
        push_integer(in_.get<std::uint16_t>("integer"));
        return true;
      case kLong1:
        push_long(in_.get<std::uint8_t>("size of an integer"));
        return true;
      case kBinFloat:
        push({Kind::real, 0, swapped(in_.get<std::int64_t>("number"))});  // big-endian
        return true;
      case kShortBinString:
      case kShortBinBytes:
      case kShortBinUnicode:
        push_text(in_.get<std::uint8_t>("length of a text"));
        return true;
      case kBinString:
      case kBinBytes:
      case kBinUnicode:
        push_text(in_.get<std::uint32_t>("length of a text"));
        return true;
      case kBinUnicode8:
      case kBinBytes8:
        push_text(in_.get<std::uint64_t>("length of a text"));
        return true;
      default:
        return false;
    }
  }

  void push_integer(std::int64_t value) { push({Kind::integer, 0, value}); }

  void push_long(std::size_t size) {
    const std::span<const std::byte> raw = in_.get_bytes(size, "integer");
    if (size > sizeof(std::int64_t))
      return fail(ErrorCode::unsupported, "an integer of " + std::to_string(size) + " bytes");
    if (raw.empty()) return push_integer(0);
    const bool negative = (std::to_integer<unsigned>(raw.back()) & 0x80u) != 0;
    std::int64_t value = negative ? -1 : 0;
    std::memcpy(&value, raw.data(), raw.size());
    push_integer(value);
  }

  void push_text(std::uint64_t size) {
    const std::size_t at = in_.position();
    in_.get_bytes(size, "text");
    if (in_.ok())
      push({Kind::text, static_cast<std::uint32_t>(at), static_cast<std::int64_t>(size)});
  }

  // ---- containers

  bool step_container(std::uint8_t opcode) {
    switch (opcode) {
      case kMark:
        push_mark();
        return true;
      case kEmptyTuple:
        push_container(Kind::tuple, 0);
        return true;
      case kEmptyList:
      case kEmptySet:
        push_container(Kind::list, 0);
        return true;
      case kEmptyDict:
        push_container(Kind::dict, 0);
        return true;
      case kTuple:
        push_container(Kind::tuple, pop_mark());
        return true;
      case kList:
      case kFrozenSet:
        push_container(Kind::list, pop_mark());
        return true;
      case kDict:
        push_container(Kind::dict, pop_mark());
        return true;
      case kTuple1:
        push_container(Kind::tuple, 1);
        return true;
      case kTuple2:
        push_container(Kind::tuple, 2);
        return true;
      case kTuple3:
        push_container(Kind::tuple, 3);
        return true;
      case kAppend:
        add_items(Kind::list, 1);
        return true;
      case kAppends:
      case kAddItems:
        add_items(Kind::list, pop_mark());
        return true;
      case kSetItem:
        add_items(Kind::dict, 2);
        return true;
      case kSetItems:
        add_items(Kind::dict, pop_mark());
        return true;
      default:
        return false;
    }
  }

  void push_mark() {
    if (marks_.size() == kMaxMarks) return fail(ErrorCode::limit, "nested too deeply");
    marks_.push_back(stack_.size());
  }

  // Number of values above the last mark, which is removed.
  std::size_t pop_mark() {
    if (marks_.empty()) {
      fail(ErrorCode::bad_format, "no mark on the stack");
      return 0;
    }
    const std::size_t at = marks_.back();
    marks_.pop_back();
    return stack_.size() - at;
  }

  // A new container of the topmost `count` values.
  void push_container(Kind kind, std::size_t count) {
    if (!holds(count)) return;
    if (kind == Kind::dict && count % 2 != 0)
      return fail(ErrorCode::bad_format, "a key without a value");
    if (out_.containers_.size() == kMaxContainers)
      return fail(ErrorCode::limit, "more than a million lists and dicts");
    const auto index = static_cast<std::uint32_t>(out_.containers_.size());
    const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
    out_.containers_.emplace_back(first, stack_.end());
    stack_.erase(first, stack_.end());
    push({kind, index, 0});
  }

  // The topmost `count` values go into the container below them.
  void add_items(Kind kind, std::size_t count) {
    if (!holds(count + 1)) return;
    if (kind == Kind::dict && count % 2 != 0)
      return fail(ErrorCode::bad_format, "a key without a value");
    const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
    const PickleValue target = *(first - 1);
    if (target.kind != kind) return fail(ErrorCode::bad_format, "items are added to no container");
    auto& items = out_.containers_[target.index];
    items.insert(items.end(), first, stack_.end());
    stack_.erase(first, stack_.end());
  }

  // ---- the memo and the stack itself

  bool step_memo(std::uint8_t opcode) {
    switch (opcode) {
      case kBinPut:
        remember(in_.get<std::uint8_t>("memo index"));
        return true;
      case kLongBinPut:
        remember(in_.get<std::uint32_t>("memo index"));
        return true;
      case kMemoize:
        remember(static_cast<std::uint32_t>(memo_.size()));
        return true;
      case kBinGet:
        recall(in_.get<std::uint8_t>("memo index"));
        return true;
      case kLongBinGet:
        recall(in_.get<std::uint32_t>("memo index"));
        return true;
      case kPop:
        pop();
        return true;
      case kDup:
        if (holds(1)) push(stack_.back());
        return true;
      case kPopMark:
        stack_.resize(stack_.size() - pop_mark());
        return true;
      case kProto: {
        const auto protocol = in_.get<std::uint8_t>("protocol");
        if (protocol < 2 || protocol > 5)
          fail(ErrorCode::unsupported, "protocol " + std::to_string(protocol));
        return true;
      }
      case kFrame:
        in_.get<std::uint64_t>("size of a frame");
        return true;
      case kStop:
        stop();
        return true;
      default:
        return false;
    }
  }

  void remember(std::uint32_t index) {
    if (!holds(1)) return;
    if (memo_.size() == kMaxMemo) return fail(ErrorCode::limit, "more than a million memo entries");
    memo_[index] = stack_.back();
  }

  void recall(std::uint32_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end())
      return fail(ErrorCode::bad_format, "memo entry " + std::to_string(index) + " was not set");
    push(found->second);
  }

  void stop() {
    if (stack_.size() != 1 || !marks_.empty())
      return fail(ErrorCode::bad_format, "it ends with " + std::to_string(stack_.size()) +
                                             " values on the stack instead of 1");
    out_.root_ = stack_.back();
    stopped_ = true;
  }

  // ---- globals, calls, objects

  bool step_object(std::uint8_t opcode) {
    switch (opcode) {
      case kGlobal: {
        const std::string_view module = line();
        push_global(module, line());
        return true;
      }
      case kStackGlobal: {
        const PickleValue name = pop();
        const PickleValue module = pop();
        if (name.kind != Kind::text || module.kind != Kind::text)
          fail(ErrorCode::bad_format, "a global whose name is not text");
        else
          push_global(out_.text(module), out_.text(name));
        return true;
      }
      case kReduce:
        reduce();
        return true;
      case kNewObj:
        new_object();
        return true;
      case kBuild:
        build();
        return true;
      case kBinPersId:
        push_storage(pop());
        return true;
      default:
        return false;
    }
  }

  std::string_view line() {
    const std::size_t at = in_.position();
    const std::size_t end = out_.bytes_.find('\n', at);
    if (end == std::string_view::npos || end - at > kMaxNameBytes) {
      fail(ErrorCode::bad_format, "the name of a global does not end");
      return {};
    }
    in_.get_bytes(end - at + 1, "name of a global");
    return out_.bytes_.substr(at, end - at);
  }

  void push_global(std::string_view module, std::string_view name) {
    if (!in_.ok()) return;
    const PickleGlobal global = find_pickle_global(module, name, options_.torchscript);
    if (global == PickleGlobal::refused)
      return fail(ErrorCode::unsupported, refused_global(module, name));
    // A storage or dtype is told by its name, which is where the pickle has it.
    const auto at = static_cast<std::uint32_t>(name.data() - out_.bytes_.data());
    push({Kind::global, at,
          static_cast<std::int64_t>(name.size() << 8) | static_cast<std::int64_t>(global)});
  }

  static PickleGlobal global_of(const PickleValue& value) {
    return value.kind == Kind::global ? static_cast<PickleGlobal>(value.integer & 0xff)
                                      : PickleGlobal::refused;
  }
  std::string_view global_name(const PickleValue& value) const {
    return out_.bytes_.substr(value.index, static_cast<std::size_t>(value.integer >> 8));
  }

  void reduce() {
    const PickleValue arguments = pop();
    const PickleValue function = pop();
    if (!in_.ok()) return;
    if (arguments.kind != Kind::tuple)
      return fail(ErrorCode::bad_format, "a call whose arguments are not a tuple");
    const std::span<const PickleValue> items = out_.items(arguments);
    switch (global_of(function)) {
      case PickleGlobal::ordered_dict:
        if (!items.empty()) return fail(ErrorCode::unsupported, "an OrderedDict with arguments");
        return push_container(Kind::dict, 0);
      case PickleGlobal::rebuild_tensor:
        return push_tensor(items);
      case PickleGlobal::rebuild_parameter:
      case PickleGlobal::first_argument:
        if (items.empty()) return push_container(Kind::tuple, 0);
        return push(items.front());
      default:
        return fail(ErrorCode::bad_format, "a call of something that is not a function");
    }
  }

  void new_object() {
    const PickleValue arguments = pop();
    const PickleValue type = pop();
    if (!in_.ok()) return;
    const PickleGlobal global = global_of(type);
    if (arguments.kind != Kind::tuple ||
        (global != PickleGlobal::script_class && global != PickleGlobal::ordered_dict))
      return fail(ErrorCode::bad_format, "a new object of something that is not a class");
    push_container(Kind::dict, 0);
  }

  // State of a TorchScript object: its attributes. That of an OrderedDict: torch's _metadata, which
  // says nothing about the weights.
  void build() {
    const PickleValue state = pop();
    if (!holds(1)) return;
    const PickleValue object = stack_.back();
    if (object.kind != Kind::dict) return;
    auto& items = out_.containers_[object.index];
    if (!options_.torchscript || !items.empty() || state.kind != Kind::dict) return;
    if (state.index != object.index) items.swap(out_.containers_[state.index]);
  }

  // ('storage', type, key, location, number of elements)
  void push_storage(const PickleValue& id) {
    if (!in_.ok()) return;
    const std::span<const PickleValue> items =
        id.kind == Kind::tuple ? out_.items(id) : std::span<const PickleValue>{};
    if (items.size() < 5 || items[0].kind != Kind::text || out_.text(items[0]) != "storage" ||
        global_of(items[1]) != PickleGlobal::storage_type || items[2].kind != Kind::text ||
        items[4].kind != Kind::integer || items[4].integer < 0)
      return fail(ErrorCode::bad_format, "a persistent id that is not torch's of a storage");
    if (out_.storages_.size() == kMaxTensors)
      return fail(ErrorCode::limit, "more than " + std::to_string(kMaxTensors) + " storages");
    const auto index = static_cast<std::uint32_t>(out_.storages_.size());
    out_.storages_.push_back({global_name(items[1]), out_.text(items[2]), items[4].integer});
    push({Kind::storage, index, 0});
  }

  // (storage, offset, size, stride, …)
  void push_tensor(std::span<const PickleValue> items) {
    if (items.size() < 4 || items[0].kind != Kind::storage || items[1].kind != Kind::integer ||
        items[2].kind != Kind::tuple || items[3].kind != Kind::tuple)
      return fail(ErrorCode::bad_format, "a tensor without storage, offset, size and stride");
    const std::span<const PickleValue> shape = out_.items(items[2]);
    const std::span<const PickleValue> strides = out_.items(items[3]);
    if (out_.tensors_.size() == kMaxTensors)
      return fail(ErrorCode::limit, "more than " + std::to_string(kMaxTensors) + " tensors");
    if (shape.size() != strides.size() || shape.size() > kMaxPickleRank)
      return fail(ErrorCode::bad_value, "a tensor of " + std::to_string(shape.size()) +
                                            " dimensions and " + std::to_string(strides.size()) +
                                            " strides; at most 8 of each are read");
    PickleTensor tensor;
    tensor.storage = items[0].index;
    tensor.offset = items[1].integer;
    tensor.rank = shape.size();
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (shape[i].kind != Kind::integer || strides[i].kind != Kind::integer)
        return fail(ErrorCode::bad_format, "a tensor whose size or stride is not a number");
      tensor.shape[i] = shape[i].integer;
      tensor.strides[i] = strides[i].integer;
    }
    const auto index = static_cast<std::uint32_t>(out_.tensors_.size());
    out_.tensors_.push_back(tensor);
    push({Kind::tensor, index, 0});
  }

  // ---- the stack

  void push(const PickleValue& value) {
    if (!in_.ok()) return;
    if (stack_.size() == kMaxStack)
      return fail(ErrorCode::limit, "more than a million values on the stack");
    stack_.push_back(value);
  }

  PickleValue pop() {
    if (!holds(1)) return {};
    const PickleValue value = stack_.back();
    stack_.pop_back();
    return value;
  }

  // Whether `count` values lie above the last mark.
  bool holds(std::size_t count) {
    const std::size_t floor = marks_.empty() ? 0 : marks_.back();
    if (in_.ok() && stack_.size() - floor >= count) return true;
    fail(ErrorCode::bad_format, "the stack is empty");
    return false;
  }

  void fail(ErrorCode code, const std::string& message) { in_.fail(code, message); }

  ByteReader in_;
  PickleOptions options_;
  PickleDocument out_;
  std::vector<PickleValue> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleValue> memo_;
  bool stopped_ = false;
};

Result<PickleDocument> read_pickle(std::span<const std::byte> bytes, const PickleOptions& options) {
  return PickleMachine(bytes, options).run();
}

}  // namespace canter::nn::detail
