#include "canter/mimic/policy.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <nlohmann/json.hpp>

#include "canter/nn/model_file.h"
#include "canter/physics/pose.h"
#include "mimic/policy_notes.h"
#include "mimic/task_data.h"

namespace canter::mimic {

struct Policy::Data {
  Task task;
  nn::Model network;
  detail::PolicyNotes notes;
  std::shared_ptr<const Skeleton> skeleton;
  RawClip clip;
};

struct PolicyAccess {
  static Policy make(std::shared_ptr<const Policy::Data> data) {
    Policy policy;
    policy.data_ = std::move(data);
    return policy;
  }
};

namespace {

using Json = nlohmann::ordered_json;
using nn::Shape;
using nn::Tensor;

Error named(std::string_view source, const Error& error) {
  return {error.code, std::string(source) + ": " + error.message};
}

Error refuse(const std::string& what) {
  return {ErrorCode::bad_value, what};
}

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

Tensor reference_tensor(const ReferenceMotion& motion) {
  const ReferenceMotion::Data& data = motion.data();
  std::vector<float> narrow(data.positions.begin(), data.positions.end());
  return Tensor::of<float>({data.num_frames, data.num_positions}, narrow);
}

detail::PolicyNotes notes_of(const Task& task, std::string_view training) {
  detail::PolicyNotes notes;
  notes.body = task.model().body();
  notes.options = task.options();
  notes.clip_name = task.motion().name();
  notes.clip_loop = task.motion().loop();
  notes.clip_rate_hz = task.motion().rate_hz();
  if (!training.empty()) notes.training = training;
  return notes;
}

// The reference as a clip on the body's skeleton.
Result<RawClip> clip_of(const detail::PolicyNotes& notes, const physics::Model& model,
                        const nn::TensorMap& tensors) {
  const auto found = tensors.find(detail::kReferenceTensor);
  const auto width = static_cast<std::int64_t>(model.num_body_positions());
  if (found == tensors.end())
    return refuse("tensor '" + std::string(detail::kReferenceTensor) + "' is absent");
  const Tensor& tensor = found->second;
  if (tensor.dtype() != nn::DType::f32 || tensor.shape().rank() != 2 ||
      tensor.shape()[1] != width || tensor.shape()[0] > 1000000)
    return refuse("tensor '" + std::string(detail::kReferenceTensor) + "' is " +
                  tensor.shape().text() + "; expected f32 [frames, " + std::to_string(width) + "]");
  RawClip clip;
  clip.name = notes.clip_name;
  clip.rate_hz = static_cast<float>(notes.clip_rate_hz);
  clip.loop = notes.clip_loop;
  clip.num_joints = model.num_joints();
  const auto joints = static_cast<std::size_t>(model.num_joints());
  const auto frames = static_cast<std::size_t>(tensor.shape()[0]);
  clip.keys.resize(frames * joints);
  std::vector<double> positions(static_cast<std::size_t>(width));
  for (std::size_t f = 0; f < frames; ++f) {
    const auto row = tensor.as<float>().subspan(f * positions.size(), positions.size());
    std::ranges::copy(row, positions.begin());
    physics::write_pose(model, positions, std::span(clip.keys).subspan(f * joints, joints));
  }
  return clip;
}

Result<void> check_network(const nn::Model& network, const Task& task) {
  const auto describe_io = [](std::span<const nn::ValueInfo> values) {
    return std::to_string(values.size());
  };
  if (network.inputs().size() != 1 || network.outputs().size() != 1)
    return refuse("the network has " + describe_io(network.inputs()) + " inputs and " +
                  describe_io(network.outputs()) + " outputs; a policy has one of each");
  Result<nn::Workspace> planned = [&]() -> Result<nn::Workspace> {
    nn::Workspace workspace(network);
    if (auto ready = workspace.prepare({Shape{1, task.observation_size()}}); !ready)
      return ready.error();
    return workspace;
  }();
  if (!planned)
    return refuse("the network does not take this body's observation of " +
                  std::to_string(task.observation_size()) + " numbers: " + planned.error().message);
  const Shape shape = planned->output(0).shape;
  if (shape != Shape{1, task.action_size()})
    return refuse("the network makes " + shape.text() + "; this body's action is [1, " +
                  std::to_string(task.action_size()) + "]");
  return {};
}

Result<void> check_weights(const nn::TensorMap& tensors) {
  for (const auto& [name, tensor] : tensors) {
    const Tensor wide = nn::convert(tensor.view(), nn::DType::f32);
    if (!all_finite(wide.as<float>()))
      return refuse("tensor '" + name + "' holds NaN or infinite values");
  }
  return {};
}

Result<std::shared_ptr<Policy::Data>> build_task(detail::PolicyNotes notes,
                                                 const nn::TensorMap& tensors) {
  auto data = std::make_shared<Policy::Data>();
  const Result<physics::Model> model = physics::make_model(notes.body, notes.options.physics);
  if (!model) return model.error();
  Result<RawClip> clip = clip_of(notes, *model, tensors);
  if (!clip) return clip.error();
  Result<Skeleton> skeleton = physics::body_skeleton(notes.body);
  if (!skeleton) return skeleton.error();
  Result<Task> task = make_task(notes.body, *skeleton, *clip, notes.options);
  if (!task) return task.error();
  data->task = std::move(*task);
  data->skeleton = std::make_shared<const Skeleton>(std::move(*skeleton));
  data->clip = std::move(*clip);
  data->notes = std::move(notes);
  return data;
}

Result<Policy> build(nn::ModelFile file, std::string_view source) {
  const auto text = file.provenance.find(detail::kNotesKey);
  if (text == file.provenance.end())
    return Error{ErrorCode::bad_format,
                 "a network, but not a policy: the metadata lack 'canter.provenance.mimic'"};
  Result<detail::PolicyNotes> notes = detail::read_notes(text->second);
  if (!notes) return notes.error();
  if (const Result<void> finite = check_weights(file.tensors); !finite) return finite.error();
  Result<std::shared_ptr<Policy::Data>> data = build_task(std::move(*notes), file.tensors);
  if (!data) return data.error();
  Result<nn::Architecture> architecture = nn::build_graph(file, source);
  if (!architecture) return architecture.error();
  nn::CompileOptions options;
  options.precision = file.precision;
  Result<nn::Model> network = nn::compile(std::move(architecture->graph), options);
  if (!network) return network.error();
  if (const Result<void> fits = check_network(*network, (*data)->task); !fits) return fits.error();
  (*data)->network = std::move(*network);
  return PolicyAccess::make(std::move(*data));
}

}  // namespace

const Task& Policy::task() const {
  return data_->task;
}
const nn::Model& Policy::network() const {
  return data_->network;
}
const std::string& Policy::clip_name() const {
  return data_->notes.clip_name;
}
const std::string& Policy::training() const {
  return data_->notes.training;
}
const std::shared_ptr<const Skeleton>& Policy::skeleton() const {
  return data_->skeleton;
}
const RawClip& Policy::clip() const {
  return data_->clip;
}

Result<std::vector<std::byte>> write_policy(const Task& task, const ActorWeights& actor,
                                            std::string_view training, nn::Precision precision) {
  if (const Result<void> fits = check_actor(task, actor); !fits) return fits.error();
  if (!training.empty() && !Json::parse(training, nullptr, false).is_object())
    return refuse("the training record is not a JSON object");
  nn::ConvertOptions options;
  options.precision = precision;
  options.architecture_source = "policy of " + task.motion().name();
  options.provenance = {
      {"made_by", "canter mimic train"},
      {std::string(detail::kNotesKey), detail::write_notes(notes_of(task, training))}};
  Result<nn::ModelFile> file =
      nn::make_model_file(architecture_of(actor), tensors_of(actor), options);
  if (!file) return file.error();
  file->tensors.emplace(detail::kReferenceTensor, reference_tensor(task.motion()));
  return nn::write_model_file(*file);
}

Result<Policy> load_policy(std::span<const std::byte> bytes, std::string_view source) {
  Result<nn::ModelFile> file = nn::read_model_file(bytes, source);
  if (!file) return file.error();
  Result<Policy> policy = build(std::move(*file), source);
  if (!policy) return named(source, policy.error());
  return policy;
}

Result<Policy> with_options(const Policy& policy, const TaskOptions& options) {
  if (options.interface != policy.task().options().interface)
    return refuse("a policy keeps the interface it was trained with");
  Result<Task> task =
      make_task(policy.data().notes.body, *policy.skeleton(), policy.clip(), options);
  if (!task) return task.error();
  auto data = std::make_shared<Policy::Data>(policy.data());
  data->task = std::move(*task);
  data->notes.options = options;
  return PolicyAccess::make(std::move(data));
}

Result<PolicyWorkspace> PolicyWorkspace::make(const Policy& policy, int max_batch) {
  nn::Workspace workspace(policy.network());
  if (auto ready = workspace.prepare({Shape{max_batch, policy.task().observation_size()}}); !ready)
    return ready.error();
  return PolicyWorkspace(std::move(workspace), max_batch);
}

void infer(PolicyWorkspace& workspace, std::span<const float> observations,
           std::span<float> actions, int count) {
  assert(count >= 0 && count <= workspace.max_batch());
  nn::Workspace& network = workspace.network();
  const std::span<float> input = network.input(0).as<float>();
  const std::size_t wide = input.size() / static_cast<std::size_t>(workspace.max_batch());
  const std::size_t used = wide * static_cast<std::size_t>(count);
  assert(observations.size() >= used);
  // The places of a batch that is not full hold zeros: nothing of an earlier call remains.
  std::copy_n(observations.begin(), used, input.begin());
  std::fill(input.begin() + static_cast<std::ptrdiff_t>(used), input.end(), 0.0f);
  const Result<void> ran = nn::run(network);
  const auto output = nn::ConstTensorView(network.output(0)).as<float>();
  const std::size_t said = output.size() / static_cast<std::size_t>(workspace.max_batch());
  if (ran.ok())
    std::copy_n(output.begin(), said * static_cast<std::size_t>(count), actions.begin());
  else  // a network of linear layers has nothing to refuse; still nothing undefined leaves here
    std::fill_n(actions.begin(), said * static_cast<std::size_t>(count), 0.0f);
}

}  // namespace canter::mimic
