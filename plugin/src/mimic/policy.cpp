#include "canter/mimic/policy.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "canter/physics/pose.h"
#include "mimic/policy_clip.h"

namespace canter::mimic {

struct PolicyAccess {
  static Policy make(std::shared_ptr<const Policy::Data> data) {
    Policy policy;
    policy.data_ = std::move(data);
    return policy;
  }
};

namespace {

using detail::refuse;
using nn::Shape;
using nn::Tensor;

Error named(std::string_view source, const Error& error) {
  return {error.code, std::string(source) + ": " + error.message};
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
    if (!std::ranges::all_of(wide.as<float>(), [](float x) { return std::isfinite(x); }))
      return refuse("tensor '" + name + "' holds NaN or infinite values");
  }
  return {};
}

Result<std::shared_ptr<Policy::Data>> build_task(detail::PolicyNotes notes,
                                                 const nn::TensorMap& tensors,
                                                 const BroughtClip* brought) {
  auto data = std::make_shared<Policy::Data>();
  const Result<physics::Model> model = physics::make_model(notes.body, notes.options.physics);
  if (!model) return model.error();
  Result<RawClip> clip = detail::reference_clip(notes, *model, tensors, brought);
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

Result<Policy> build(const nn::ModelFile& file, std::string_view source,
                     const BroughtClip* brought) {
  Result<detail::PolicyNotes> notes = detail::notes_in(file);
  if (!notes) return notes.error();
  if (const Result<void> finite = check_weights(file.tensors); !finite) return finite.error();
  Result<std::shared_ptr<Policy::Data>> data = build_task(std::move(*notes), file.tensors, brought);
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

Result<Policy> load(std::span<const std::byte> bytes, std::string_view source,
                    const BroughtClip* brought) {
  const Result<nn::ModelFile> file = nn::read_model_file(bytes, source);
  if (!file) return file.error();
  return detail::build_policy(*file, source, brought);
}

}  // namespace

namespace detail {

Result<PolicyNotes> notes_in(const nn::ModelFile& file) {
  const auto text = file.provenance.find(kNotesKey);
  if (text == file.provenance.end())
    return Error{ErrorCode::bad_format,
                 "a network, but not a policy: the metadata lack 'canter.provenance.mimic'"};
  return read_notes(text->second);
}

Result<Policy> build_policy(const nn::ModelFile& file, std::string_view source,
                            const BroughtClip* brought) {
  Result<Policy> policy = build(file, source, brought);
  if (!policy) return named(source, policy.error());
  return policy;
}

}  // namespace detail

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

Result<Policy> load_policy(std::span<const std::byte> bytes, std::string_view source) {
  return load(bytes, source, nullptr);
}

Result<Policy> load_policy(std::span<const std::byte> bytes, std::string_view source,
                           const BroughtClip& clip) {
  return load(bytes, source, &clip);
}

Result<PolicySummary> summarise_policy(std::span<const std::byte> bytes, std::string_view source) {
  const Result<nn::ModelFile> file = nn::read_model_file(bytes, source);
  if (!file) return file.error();
  Result<detail::PolicyNotes> notes = detail::notes_in(*file);
  if (!notes) return named(source, notes.error());
  return PolicySummary{std::move(notes->body), std::move(notes->clip_name),
                       file->tensors.contains(detail::kReferenceTensor)};
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
