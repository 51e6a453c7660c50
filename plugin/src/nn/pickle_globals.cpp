#include "nn/pickle_globals.h"

#include "nn/printable.h"

namespace canter::nn::detail {
namespace {

struct Allowed {
  std::string_view module, name;
  PickleGlobal global;
};

constexpr Allowed kAllowed[] = {
    {"collections", "OrderedDict", PickleGlobal::ordered_dict},
    {"torch._utils", "_rebuild_tensor_v2", PickleGlobal::rebuild_tensor},
    {"torch._utils", "_rebuild_tensor", PickleGlobal::rebuild_tensor},
    {"torch._utils", "_rebuild_parameter", PickleGlobal::rebuild_parameter},
    {"torch", "Size", PickleGlobal::first_argument},
    {"torch", "device", PickleGlobal::first_argument},
    {"_codecs", "encode", PickleGlobal::first_argument},
    {"builtins", "set", PickleGlobal::first_argument},
    {"__builtin__", "set", PickleGlobal::first_argument},
    {"torch.jit._pickle", "build_intlist", PickleGlobal::first_argument},
    {"torch.jit._pickle", "build_doublelist", PickleGlobal::first_argument},
    {"torch.jit._pickle", "build_boollist", PickleGlobal::first_argument},
    {"torch.jit._pickle", "build_tensorlist", PickleGlobal::first_argument},
    {"torch.jit._pickle", "restore_type_tag", PickleGlobal::first_argument},
};

constexpr std::string_view kStorages[] = {
    "DoubleStorage", "FloatStorage", "HalfStorage", "BFloat16Storage", "LongStorage",
    "IntStorage",    "ShortStorage", "CharStorage", "ByteStorage",     "BoolStorage",
};

constexpr std::string_view kDtypes[] = {
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
};

template <std::size_t kCount>
bool contains(const std::string_view (&names)[kCount], std::string_view name) {
  for (const std::string_view n : names)
    if (n == name) return true;
  return false;
}

}  // namespace

PickleGlobal find_pickle_global(std::string_view module, std::string_view name, bool torchscript) {
  for (const Allowed& allowed : kAllowed)
    if (allowed.module == module && allowed.name == name) return allowed.global;
  if (module == "torch" && contains(kStorages, name)) return PickleGlobal::storage_type;
  if (module == "torch" && contains(kDtypes, name)) return PickleGlobal::dtype;
  if (torchscript && (module == "__torch__" || module.starts_with("__torch__.")))
    return PickleGlobal::script_class;
  return PickleGlobal::refused;
}

std::string refused_global(std::string_view module, std::string_view name) {
  std::string full(module);
  full.append(".").append(name);
  return "the global " + printable(full) +
         " is not among those that are read, and nothing is executed; save the weights alone: "
         "torch.save(model.state_dict(), path)";
}

}  // namespace canter::nn::detail
