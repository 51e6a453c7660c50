#include "canter/nn/passport.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "canter/base/hash.h"
#include "canter/nn/model_file.h"
#include "nn/replay.h"

namespace canter::nn {
namespace {

using namespace detail;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The three ways a passport looks at a network.
struct Runs {
  Model exact;    // every value, as it should be: plain loops, nothing folded
  Model stored;   // every value, the weights as stored, computed in f32
  Model shipped;  // as hosts run it
};

Result<Model> compile_all_values(const Graph& graph, bool reference,
                                 const PassportOptions& options) {
  CompileOptions compile_options;
  compile_options.reference = reference;
  compile_options.optimise = false;
  compile_options.operators = options.operators;
  return compile(with_all_values(graph), compile_options);
}

Result<Model> compile_shipped(const Graph& graph, Precision precision,
                              const PassportOptions& options) {
  CompileOptions compile_options;
  compile_options.precision = precision;
  compile_options.operators = options.operators;
  return compile(graph, compile_options);
}

std::string shortest(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, 3).ptr};
}

// Inputs with the smallest changing extents that the network takes, and what it makes of them.
struct Trial {
  NamedTensors inputs, values;
};

Result<Trial> try_extents(const Model& exact, const Graph& graph, std::int64_t batch,
                          std::uint32_t seed) {
  Error first;
  for (const std::int64_t other : {7, 32, 128, 512}) {
    Result<NamedTensors> inputs = reference_inputs(graph, {batch, other}, seed);
    if (!inputs) return inputs.error();
    Result<NamedTensors> values = replay(exact, *inputs);
    if (values) return Trial{std::move(*inputs), std::move(*values)};
    if (first.message.empty()) first = values.error();
  }
  return first;
}

double sample_difference(const std::vector<float>& a, const std::vector<float>& b) {
  const auto count = static_cast<std::int64_t>(a.size());
  if (a.size() != b.size()) return kInfinity;
  return largest_difference(Tensor::of(Shape({count}), std::span<const float>(a)),
                            Tensor::of(Shape({count}), std::span<const float>(b)));
}

// A case whose outputs another program computed: what it computed is what is expected.
Result<Trial> try_recording(const Model& exact, const Recording& recording) {
  Result<NamedTensors> values = replay(exact, recording.inputs);
  if (!values) return values.error();
  for (const auto& [name, tensor] : recording.outputs) {
    const auto found = values->find(name);
    if (found == values->end())
      return Error{ErrorCode::bad_value,
                   "the network has no output '" + name + "' of floating type"};
    const Tensor expected = convert(tensor.view(), DType::f32);
    if (expected.shape() != found->second.shape())
      return Error{ErrorCode::bad_value, "output '" + name + "' has shape " +
                                             found->second.shape().text() + ", the recorded one " +
                                             expected.shape().text()};
    const double error = largest_difference(expected, found->second);
    const double scale = largest_magnitude(expected);
    if (!(error <= kRecordingError * scale))
      return Error{ErrorCode::bad_value, "output '" + name + "' differs from the recorded one by " +
                                             shortest(error) + "; its largest magnitude is " +
                                             shortest(scale)};
    found->second = expected;
  }
  NamedTensors inputs;  // without those the network does not have
  for (const ValueInfo& input : exact.inputs())
    inputs.emplace(input.name, recording.inputs.at(input.name));
  return Trial{std::move(inputs), std::move(*values)};
}

std::vector<Passport::Layer> note_layers(const Graph& graph, const NamedTensors& exact,
                                         const NamedTensors& stored) {
  std::vector<Passport::Layer> layers;
  for (const Node& node : graph.nodes) {
    if (node.op == "Constant") continue;  // computes nothing
    for (const std::string& output : node.outputs) {
      const auto value = exact.find(output);
      const auto again = stored.find(output);
      if (value == exact.end() || again == stored.end() || value->second.num_elements() == 0)
        continue;
      Passport::Layer layer;
      layer.value = output;
      layer.name = node.name.empty() ? node.outputs.front() : node.name;
      layer.samples = samples_of(value->second);
      layer.scale = largest_magnitude(value->second);
      layer.error = largest_difference(value->second, again->second);
      // A mask holds infinities by design: nothing to compare.
      if (std::isfinite(layer.error) && std::isfinite(layer.scale)) layers.push_back(layer);
    }
  }
  return layers;
}

Result<Passport::Case> note_case(const Runs& runs, const Graph& graph, Trial trial,
                                 const NamedTensors& stored) {
  Passport::Case one;
  const Result<NamedTensors> shipped = replay(runs.shipped, trial.inputs);
  if (!shipped) return shipped.error();
  for (const ValueInfo& info : graph.outputs) {
    const auto found = trial.values.find(info.name);
    if (found == trial.values.end()) continue;  // whole numbers have no error to speak of
    Passport::Output output;
    output.name = info.name;
    output.expected = found->second;
    output.error = largest_difference(found->second, shipped->at(info.name));
    output.error_f32 = largest_difference(found->second, stored.at(info.name));
    if (!std::isfinite(output.error) || !std::isfinite(output.error_f32))
      return Error{ErrorCode::bad_value,
                   "output '" + info.name + "' is not finite on reference inputs"};
    one.outputs.push_back(std::move(output));
  }
  one.inputs = std::move(trial.inputs);
  return one;
}

}  // namespace

double Passport::max_abs_error() const {
  double worst = 0.0;
  for (const Case& one : cases)
    for (const Output& output : one.outputs) worst = std::max(worst, output.error);
  return worst;
}

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::green:
      return "green";
    case Verdict::amber:
      return "amber";
    case Verdict::red:
      break;
  }
  return "red";
}

Result<Passport> make_passport(const Graph& exact, const ModelFile& stored,
                               const PassportOptions& options) {
  const Result<Architecture> rebuilt = build_graph(stored);
  if (!rebuilt) return rebuilt.error();
  Result<Model> exact_model = compile_all_values(exact, true, options);
  if (!exact_model) return exact_model.error();
  Result<Model> stored_model = compile_all_values(rebuilt->graph, false, options);
  if (!stored_model) return stored_model.error();
  Result<Model> shipped = compile_shipped(rebuilt->graph, stored.precision, options);
  if (!shipped) return shipped.error();
  const Runs runs{*exact_model, *stored_model, *shipped};

  Passport passport;
  const auto add = [&](Result<Trial> trial) -> Result<void> {
    if (!trial) return trial.error();
    const Result<NamedTensors> values = replay(runs.stored, trial->inputs);
    if (!values) return values.error();
    if (passport.cases.empty()) passport.layers = note_layers(exact, trial->values, *values);
    Result<Passport::Case> one = note_case(runs, exact, std::move(*trial), *values);
    if (!one) return one.error();
    passport.cases.push_back(std::move(*one));
    return {};
  };
  for (const Recording& recording : options.recordings)
    if (const auto done = add(try_recording(runs.exact, recording)); !done) return done.error();
  for (const std::int64_t batch : {1, 3}) {
    const auto seed = options.seed + static_cast<std::uint32_t>(batch / 2);
    if (const auto done = add(try_extents(runs.exact, exact, batch, seed)); !done)
      return done.error();
  }
  for (const auto& [name, tensor] : stored.tensors)
    passport.weights[name] = hash_bytes(tensor.bytes().data(), tensor.size_bytes());
  return passport;
}

namespace {

/// Collects a verification: every error against what was noted.
class Verifier {
 public:
  Verifier(const ModelFile& file, const PassportOptions& options)
      : file_(file), passport_(*file.passport), options_(options) {}

  Result<Verification> run() {
    const Result<Architecture> rebuilt = build_graph(file_);
    if (!rebuilt) return rebuilt.error();
    const Result<Model> stored = compile_all_values(rebuilt->graph, false, options_);
    if (!stored) return stored.error();
    const Result<Model> shipped = compile_shipped(rebuilt->graph, file_.precision, options_);
    if (!shipped) return shipped.error();
    check_weights();
    for (const Passport::Case& one : passport_.cases) {
      const Result<NamedTensors> values = replay(*stored, one.inputs);
      if (!values) return values.error();
      const Result<NamedTensors> outputs = replay(*shipped, one.inputs);
      if (!outputs) return outputs.error();
      if (&one == &passport_.cases.front()) check_layers(*values);
      check_outputs(one, *values, *outputs);
    }
    name_worst();
    return std::move(out_);
  }

 private:
  void check_weights() {
    for (const auto& [name, hash] : passport_.weights) {
      const auto found = file_.tensors.find(name);
      if (found == file_.tensors.end())
        find(Verdict::amber, "weight '" + name + "' is missing");
      else if (hash_bytes(found->second.bytes().data(), found->second.size_bytes()) != hash)
        find(Verdict::amber, "weight '" + name + "' is not the one the passport was made with");
    }
  }

  void check_layers(const NamedTensors& values) {
    for (const Passport::Layer& layer : passport_.layers) {
      const auto found = values.find(layer.value);
      double error = kInfinity;
      if (found != values.end())
        error = sample_difference(samples_of(found->second), layer.samples);
      else
        find(Verdict::red, "layer '" + layer.name + "' is missing");
      out_.layers.push_back({layer.name, error, ratio(error, layer.error, layer.scale)});
      judge(out_.layers.back().ratio);
    }
  }

  void check_outputs(const Passport::Case& one, const NamedTensors& values,
                     const NamedTensors& outputs) {
    for (const Passport::Output& output : one.outputs) {
      const auto f32 = values.find(output.name);
      const auto shipped = outputs.find(output.name);
      if (f32 == values.end() || shipped == outputs.end()) {
        find(Verdict::red, "output '" + output.name + "' is missing");
        out_.max_abs_error = kInfinity;
        continue;
      }
      const double scale = largest_magnitude(output.expected);
      const double error = largest_difference(shipped->second, output.expected);
      judge(ratio(largest_difference(f32->second, output.expected), output.error_f32, scale));
      judge(ratio(error, output.error, scale));
      out_.max_abs_error = std::max(out_.max_abs_error, error);
      out_.allowed = std::max(out_.allowed, kGreen * noted(output.error, scale));
    }
  }

  void name_worst() {
    if (out_.layers.empty()) return;
    for (const double bound : {kAmber, kGreen})
      for (const LayerError& layer : out_.layers)
        if (layer.ratio > bound) {
          out_.worst_layer = layer.name;
          return;
        }
    out_.worst_layer = std::ranges::max_element(out_.layers, {}, &LayerError::ratio)->name;
  }

  static double noted(double error, double scale) {
    return std::max({error, kErrorFloor * scale, std::numeric_limits<double>::min()});
  }
  static double ratio(double error, double before, double scale) {
    return error / noted(before, scale);
  }
  void judge(double ratio) {
    // Written so that NaN is red.
    const Verdict verdict = ratio <= kGreen   ? Verdict::green
                            : ratio <= kAmber ? Verdict::amber
                                              : Verdict::red;
    out_.verdict = std::max(out_.verdict, verdict);
  }
  void find(Verdict verdict, std::string sentence) {
    out_.findings.push_back(std::move(sentence));
    out_.verdict = std::max(out_.verdict, verdict);
  }

  const ModelFile& file_;
  const Passport& passport_;
  const PassportOptions& options_;
  Verification out_;
};

}  // namespace

Result<Verification> verify(const ModelFile& file, const PassportOptions& options) {
  if (!file.passport || file.passport->cases.empty())
    return Error{ErrorCode::bad_value,
                 "the file carries no passport; canter model convert writes one"};
  return Verifier(file, options).run();
}

}  // namespace canter::nn
