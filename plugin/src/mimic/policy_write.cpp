#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "mimic/policy_clip.h"

// Policy files written: a trained actor's, and one that is there already, written anew.

namespace canter::mimic {
namespace {

using detail::refuse;
using Json = nlohmann::ordered_json;
using nn::Tensor;

bool all_finite(std::span<const float> numbers) {
  return std::ranges::all_of(numbers, [](float x) { return std::isfinite(x); });
}

// The network in the terms of docs/architecture_file.md.
std::string architecture_of(const ActorWeights& actor) {
  Json layers = Json::array();
  layers.push_back(
      {{"type", "normalise"}, {"mean", "observation.mean"}, {"std", "observation.std"}});
  layers.push_back(
      {{"type", "clip"}, {"min", -actor.observation_clip}, {"max", actor.observation_clip}});
  for (std::size_t i = 0; i < actor.layers.size(); ++i) {
    Json layer = {{"type", "linear"}, {"tensors", "actor." + std::to_string(i)}};
    const bool last = i + 1 == actor.layers.size();
    if (last) layer["output"] = "action";
    layers.push_back(std::move(layer));
    if (!last) layers.push_back({{"type", "relu"}});
  }
  Json out;
  out["canter_architecture"] = 1;
  out["inputs"] = Json::array(
      {{{"name", "observation"}, {"shape", Json::array({"batch", actor.mean.size()})}}});
  out["layers"] = std::move(layers);
  out["outputs"] = Json::array({"action"});
  return out.dump();
}

Result<void> check_actor(const Task& task, const ActorWeights& actor) {
  const auto seen = static_cast<std::size_t>(task.observation_size());
  if (actor.mean.size() != seen || actor.std.size() != seen)
    return refuse("the normaliser is for " + std::to_string(actor.mean.size()) +
                  " numbers; the task's observation has " + std::to_string(seen));
  if (actor.layers.empty()) return refuse("an actor without layers");
  auto width = static_cast<int>(seen);
  for (std::size_t i = 0; i < actor.layers.size(); ++i) {
    const ActorWeights::Layer& layer = actor.layers[i];
    const std::string name = "layer " + std::to_string(i);
    if (layer.inputs != width)
      return refuse(name + " takes " + std::to_string(layer.inputs) + " numbers; expected " +
                    std::to_string(width));
    if (layer.outputs <= 0 ||
        layer.weights.size() !=
            static_cast<std::size_t>(layer.inputs) * static_cast<std::size_t>(layer.outputs) ||
        layer.bias.size() != static_cast<std::size_t>(layer.outputs))
      return refuse(name + ": weights and bias do not have the sizes it says");
    if (!all_finite(layer.weights) || !all_finite(layer.bias))
      return refuse(name + " holds NaN or infinite weights");
    width = layer.outputs;
  }
  if (width != task.action_size())
    return refuse("the actor makes " + std::to_string(width) + " numbers; the task's action has " +
                  std::to_string(task.action_size()));
  if (!all_finite(actor.mean) || !all_finite(actor.std) || !(actor.observation_clip > 0.0f))
    return refuse("the normaliser holds NaN or infinite numbers");
  return {};
}

// [inputs, outputs] as PyTorch's [outputs, inputs].
Tensor transposed(const ActorWeights::Layer& layer) {
  std::vector<float> out(layer.weights.size());
  const auto rows = static_cast<std::size_t>(layer.inputs);
  const auto columns = static_cast<std::size_t>(layer.outputs);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) out[c * rows + r] = layer.weights[r * columns + c];
  return Tensor::of<float>({layer.outputs, layer.inputs}, out);
}

nn::TensorMap tensors_of(const ActorWeights& actor) {
  nn::TensorMap tensors;
  const auto seen = static_cast<std::int64_t>(actor.mean.size());
  tensors.emplace("observation.mean", Tensor::of<float>({seen}, actor.mean));
  tensors.emplace("observation.std", Tensor::of<float>({seen}, actor.std));
  for (std::size_t i = 0; i < actor.layers.size(); ++i) {
    const std::string name = "actor." + std::to_string(i);
    tensors.emplace(name + ".weight", transposed(actor.layers[i]));
    tensors.emplace(name + ".bias",
                    Tensor::of<float>({actor.layers[i].outputs}, actor.layers[i].bias));
  }
  return tensors;
}

detail::PolicyNotes notes_of(const Task& task, std::string_view training) {
  detail::PolicyNotes notes;
  notes.body = task.model().body();
  notes.options = task.options();
  notes.clip_name = task.motion().name();
  notes.clip_loop = task.motion().loop();
  notes.clip_rate_hz = task.motion().rate_hz();
  notes.clip_means = detail::means_of(task.motion());
  if (!training.empty()) notes.training = training;
  return notes;
}

// Network, notes, passport and, unless the caller brings it, the clip.
Result<std::vector<std::byte>> write_file(const Task& task, std::string architecture,
                                          nn::TensorMap tensors, std::string_view training,
                                          nn::TextMap provenance,
                                          const PolicyFileOptions& options) {
  nn::ConvertOptions convert;
  convert.precision = options.precision;
  convert.architecture_source = "policy of " + task.motion().name();
  provenance[std::string(detail::kNotesKey)] = detail::write_notes(notes_of(task, training));
  convert.provenance = std::move(provenance);
  Result<nn::ModelFile> file =
      nn::make_model_file(std::move(architecture), std::move(tensors), convert);
  if (!file) return file.error();
  if (options.reference == ReferenceIn::file)
    file->tensors.emplace(detail::kReferenceTensor, detail::reference_tensor(task.motion()));
  return nn::write_model_file(*file);
}

// Weights as wide as they can be: what is narrow in the file may become wide again.
void widen(nn::TensorMap& tensors) {
  for (auto& [name, tensor] : tensors)
    if (tensor.dtype() == nn::DType::f16 || tensor.dtype() == nn::DType::bf16)
      tensor = nn::convert(tensor.view(), nn::DType::f32);
}

Result<std::vector<std::byte>> convert(std::span<const std::byte> bytes, std::string_view source,
                                       const BroughtClip* brought,
                                       const PolicyFileOptions& options) {
  Result<nn::ModelFile> file = nn::read_model_file(bytes, source);
  if (!file) return file.error();
  if (file->precision == nn::Precision::i8)
    return Error{ErrorCode::unsupported,
                 std::string(source) + ": its weights are i8, which no other precision is made of"};
  const Result<Policy> policy = detail::build_policy(*file, source, brought);
  if (!policy) return policy.error();
  file->tensors.erase(std::string(detail::kReferenceTensor));
  widen(file->tensors);
  return write_file(policy->task(), std::move(file->architecture), std::move(file->tensors),
                    policy->training(), std::move(file->provenance), options);
}

}  // namespace

Result<std::vector<std::byte>> write_policy(const Task& task, const ActorWeights& actor,
                                            std::string_view training,
                                            const PolicyFileOptions& options) {
  if (const Result<void> fits = check_actor(task, actor); !fits) return fits.error();
  if (!training.empty() && !Json::parse(training, nullptr, false).is_object())
    return refuse("the training record is not a JSON object");
  return write_file(task, architecture_of(actor), tensors_of(actor), training,
                    {{"made_by", "canter mimic train"}}, options);
}

Result<std::vector<std::byte>> convert_policy(std::span<const std::byte> bytes,
                                              std::string_view source,
                                              const PolicyFileOptions& options) {
  return convert(bytes, source, nullptr, options);
}

Result<std::vector<std::byte>> convert_policy(std::span<const std::byte> bytes,
                                              std::string_view source, const BroughtClip& clip,
                                              const PolicyFileOptions& options) {
  return convert(bytes, source, &clip, options);
}

}  // namespace canter::mimic
