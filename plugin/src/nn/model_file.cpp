#include "canter/nn/model_file.h"

#include <cmath>

#include "nn/file_notes.h"
#include "nn/operator_json.h"
#include "nn/passport_json.h"
#include "nn/printable.h"
#include "nn/quantised_file.h"

namespace canter::nn {
namespace {

constexpr std::string_view kVersionKey = "canter.model";
constexpr std::string_view kVersion = "1";
// Files with integers and scales: a reader of version 1 would take the integers for the weights.
constexpr std::string_view kQuantisedVersion = "2";
constexpr std::string_view kArchitectureKey = "canter.architecture";
constexpr std::string_view kPrecisionKey = "canter.precision";
constexpr std::string_view kPassportKey = "canter.passport";
constexpr std::string_view kProvenancePrefix = "canter.provenance.";

// Takes a text out of the metadata.
std::string take(TextMap& metadata, std::string_view key) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return {};
  std::string text = std::move(found->second);
  metadata.erase(found);
  return text;
}

DType stored_type(Precision precision) {
  switch (precision) {
    case Precision::f16:
    case Precision::i8:
      return DType::f16;
    case Precision::bf16:
      return DType::bf16;
    case Precision::f32:
      break;
  }
  return DType::f32;
}

bool all_finite(const Tensor& tensor) {
  const Tensor wide = convert(tensor.view(), DType::f32);
  for (const float x : wide.as<float>())
    if (!std::isfinite(x)) return false;
  return true;
}

// What a layer of precision i8 multiplies as integers is stored so. The weights of layers that the
// reader rearranges have other names in the graph; they are rows of outputs.
void quantise_layers(TensorMap& tensors, const Graph& graph) {
  const auto channels = detail::channels_of_weights(graph);
  std::vector<std::pair<std::string, detail::Channels>> chosen;
  for (const auto& [name, tensor] : tensors) {
    const auto found = channels.find(name);
    const bool rearranged = found == channels.end() && tensor.shape().rank() == 2;
    const detail::Channels own = found != channels.end() ? found->second
                                 : rearranged            ? detail::Channels::rows
                                                         : detail::Channels::none;
    const bool floats = tensor.dtype() == DType::f32 || tensor.dtype() == DType::f64 ||
                        tensor.dtype() == DType::f16 || tensor.dtype() == DType::bf16;
    if (own != detail::Channels::none && floats && tensor.shape().rank() >= 2 &&
        !name.starts_with(detail::kConstantPrefix))
      chosen.emplace_back(name, own);
  }
  for (const auto& [name, own] : chosen) detail::quantise(tensors, name, own);
}

// Matrices and filters narrow; vectors (biases, norms, normalisers) are small and stay, and so do
// tables, such as those of a Fourier transform.
Result<void> narrow(TensorMap& tensors, Precision precision) {
  const DType type = stored_type(precision);
  for (auto& [name, tensor] : tensors) {
    if (tensor.dtype() == DType::f64) tensor = convert(tensor.view(), DType::f32);
    const bool wide =
        tensor.dtype() == DType::f32 ||
        ((tensor.dtype() == DType::f16 || tensor.dtype() == DType::bf16) && type != DType::f32);
    if (!wide || tensor.shape().rank() < 2 || tensor.dtype() == type ||
        name.starts_with(detail::kConstantPrefix) || name.starts_with(detail::kScalePrefix))
      continue;
    Tensor narrowed = convert(tensor.view(), type);
    if (!all_finite(narrowed) && all_finite(tensor))
      return Error{ErrorCode::bad_value, "tensor " + detail::printable(name) +
                                             " holds values beyond the range of " +
                                             std::string(dtype_name(type)) + "; use bf16 or f32"};
    tensor = std::move(narrowed);
  }
  return {};
}

}  // namespace

bool is_model_file(const WeightFile& file) {
  return file.metadata.contains(kVersionKey);
}

Result<ModelFile> read_model_file(WeightFile weights, std::string_view source) {
  const std::string version = take(weights.metadata, kVersionKey);
  if (version != kVersion && version != kQuantisedVersion)
    return detail::named(
        source, {ErrorCode::unsupported,
                 version.empty() ? "not a model file of Canter: the metadata lack 'canter.model'"
                                 : "model file version " + detail::printable(version) +
                                       "; this build reads versions 1 and 2"});
  ModelFile file;
  file.architecture = take(weights.metadata, kArchitectureKey);
  const Result<Precision> precision = precision_from(take(weights.metadata, kPrecisionKey));
  if (!precision) return detail::named(source, precision.error());
  file.precision = *precision;
  const std::string passport = take(weights.metadata, kPassportKey);
  if (!passport.empty()) {
    Result<Passport> read = detail::read_passport(passport, weights.tensors);
    if (!read) return detail::named(source, read.error());
    file.passport = std::move(*read);
  }
  for (const auto& [key, text] : weights.metadata)
    if (key.starts_with(kProvenancePrefix))
      file.provenance.emplace(key.substr(kProvenancePrefix.size()), text);
  std::erase_if(weights.tensors,
                [](const auto& item) { return item.first.starts_with(detail::kPassportPrefix); });
  file.tensors = std::move(weights.tensors);
  return file;
}

Result<ModelFile> read_model_file(std::span<const std::byte> bytes, std::string_view source) {
  Result<WeightFile> file = read_safetensors(bytes, source);
  if (!file) return file.error();
  return read_model_file(std::move(*file), source);
}

std::vector<std::byte> write_model_file(const ModelFile& file) {
  TensorMap tensors = file.tensors;
  TextMap metadata;
  const auto scales = tensors.lower_bound(detail::kScalePrefix);
  const bool quantised = scales != tensors.end() && scales->first.starts_with(detail::kScalePrefix);
  metadata.emplace(kVersionKey, quantised ? kQuantisedVersion : kVersion);
  metadata.emplace(kArchitectureKey, file.architecture);
  metadata.emplace(kPrecisionKey, precision_name(file.precision));
  if (file.passport)
    metadata.emplace(kPassportKey, detail::write_passport(*file.passport, tensors));
  for (const auto& [key, text] : file.provenance)
    metadata.emplace(std::string(kProvenancePrefix) + key, text);
  return write_safetensors(tensors, metadata);
}

Result<Architecture> build_graph(const ModelFile& file, std::string_view source) {
  TensorMap tensors = file.tensors;
  if (const Result<void> widened = detail::dequantise(tensors); !widened)
    return detail::named(source, widened.error());
  return read_architecture(file.architecture, std::move(tensors), source);
}

Result<ModelFile> make_model_file(std::string architecture, TensorMap tensors,
                                  const ConvertOptions& options) {
  const Result<Architecture> exact =
      read_architecture(architecture, tensors, options.architecture_source);
  if (!exact) return exact.error();
  const auto fail = [&](const Error& error) {
    return detail::named(options.architecture_source, error);
  };
  for (const std::string& name : exact->unused) tensors.erase(name);
  std::erase_if(tensors,
                [](const auto& item) { return item.first.ends_with("num_batches_tracked"); });
  if (options.precision == Precision::i8) quantise_layers(tensors, exact->graph);
  if (const Result<void> narrowed = narrow(tensors, options.precision); !narrowed)
    return fail(narrowed.error());
  ModelFile file;
  file.architecture = std::move(architecture);
  file.tensors = std::move(tensors);
  file.precision = options.precision;
  file.provenance = options.provenance;
  Result<Passport> passport = make_passport(exact->graph, file, options.passport);
  if (!passport) return fail(passport.error());
  file.passport = std::move(*passport);
  return file;
}

}  // namespace canter::nn
