// canter model bench: how long a network takes, on one thread, with random input.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "canter/base/hash.h"
#include "command.h"
#include "load_model.h"
#include "model.h"

namespace canter::tools {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct Arguments {
  std::string file, arch, precision;
  std::int64_t batch = 1;
  std::int64_t time = 1;
  double seconds = 1.0;
  bool cold = false, layers = false, json = false;
};

// Written from end to end between two cold runs: larger than any L2 there is.
constexpr std::size_t kEvictBytes = std::size_t{8} << 20;

// Dynamic extents: those called time or sequence take --time, all others --batch.
nn::Shape shape_for(const nn::ValueInfo& input, const Arguments& a) {
  nn::Shape shape;
  for (const nn::Dim& dim : input.dims) {
    const bool time =
        dim.symbol.find("time") != std::string::npos || dim.symbol.find("seq") != std::string::npos;
    shape.push_back(!dim.dynamic() ? dim.size : time ? a.time : a.batch);
  }
  return shape;
}

void fill_random(const nn::TensorView& tensor, std::mt19937& random) {
  if (tensor.dtype == nn::DType::f32) {
    std::normal_distribution<float> normal;
    for (float& x : tensor.as<float>()) x = normal(random);
    return;
  }
  // Indices: 0 and 1 are inside every table worth looking up.
  nn::Tensor bits = nn::Tensor::make(nn::DType::u8, tensor.shape).value();
  for (std::uint8_t& x : bits.as<std::uint8_t>()) x = random() & 1u;
  nn::convert_into(bits.view(), tensor);
}

void evict_l2() {
  static std::vector<char> junk(kEvictBytes);
  for (std::size_t i = 0; i < junk.size(); i += 64) ++junk[i];
}

struct Timing {
  std::vector<double> us;  ///< sorted
  std::vector<double> layer_us;
  double at(double quantile) const {
    return us[static_cast<std::size_t>(quantile * static_cast<double>(us.size() - 1))];
  }
};

void run_once(nn::Workspace& workspace, const std::string& file) {
  if (const auto ran = nn::run(workspace); !ran) throw bad_data(file + ": " + ran.error().message);
}

Timing measure(nn::Workspace& workspace, const Arguments& a) {
  const auto end = Clock::now() + std::chrono::duration<double>(a.seconds);
  for (int warm_up = 0; warm_up < 10; ++warm_up) run_once(workspace, a.file);
  Timing timing;
  timing.us.reserve(1 << 16);
  while (timing.us.size() < 16 || (Clock::now() < end && timing.us.size() < timing.us.capacity())) {
    if (a.cold) evict_l2();
    const auto start = Clock::now();
    run_once(workspace, a.file);
    timing.us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::ranges::sort(timing.us);
  return timing;
}

// Median per layer, in runs of their own: reading the clock between layers is not free.
std::vector<double> measure_layers(nn::Workspace& workspace, const Arguments& a) {
  constexpr int kRuns = 101;
  const std::size_t count = workspace.model().layers().size();
  std::vector<std::vector<double>> us(count);
  workspace.set_timing(true);
  for (int n = 0; n < kRuns; ++n) {
    if (a.cold) evict_l2();
    run_once(workspace, a.file);
    for (std::size_t i = 0; i < count; ++i)
      us[i].push_back(static_cast<double>(workspace.layer_ns()[i]) * 1e-3);
  }
  workspace.set_timing(false);
  std::vector<double> medians;
  for (auto& layer : us) {
    std::ranges::nth_element(layer, layer.begin() + kRuns / 2);
    medians.push_back(layer[kRuns / 2]);
  }
  return medians;
}

void bench(const Arguments& a) {
  if (a.batch < 1 || a.time < 1) throw bad_call("model bench: --batch and --time start at 1");
  const auto start = Clock::now();
  nn::Workspace workspace(load_compiled(a.file, a.arch, a.precision));
  const nn::Model& model = workspace.model();
  const std::string_view precision = nn::precision_name(model.precision());
  std::vector<nn::Shape> shapes;
  for (const nn::ValueInfo& input : model.inputs()) shapes.push_back(shape_for(input, a));
  if (const auto planned = workspace.prepare(shapes); !planned)
    throw bad_data(a.file + ": " + planned.error().message);
  std::mt19937 random(1);
  for (std::size_t i = 0; i < shapes.size(); ++i)
    fill_random(workspace.input(static_cast<int>(i)), random);
  run_once(workspace, a.file);
  const double first_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  const Timing timing = measure(workspace, a);
  const std::vector<double> layers =
      a.layers ? measure_layers(workspace, a) : std::vector<double>();
  const nn::ConstTensorView output = workspace.output(0);
  const std::uint64_t hash = hash_bytes(output.data, output.size_bytes());

  const double p50 = timing.at(0.5);
  const double per_s = static_cast<double>(a.batch) * 1e6 / p50;
  if (a.json) {
    Json out{{"p50_us", p50},
             {"p99_us", timing.at(0.99)},
             {"min_us", timing.us.front()},
             {"batch", a.batch},
             {"samples_per_s", per_s},
             {"precision", precision},
             {"cold", a.cold},
             {"runs", timing.us.size()},
             {"first_ms", first_ms},
             {"weight_bytes", model.weight_bytes()},
             {"workspace_bytes", workspace.memory_bytes()},
             {"hash", fmt::format("{:016x}", hash)}};
    for (std::size_t i = 0; i < layers.size(); ++i)
      out["layers"].push_back({{"name", model.layers()[i].name},
                               {"op", model.layers()[i].op},
                               {"us", layers[i]},
                               {"weight_bytes", model.layers()[i].weight_bytes}});
    fmt::print("{}\n", out.dump(2, ' ', false, Json::error_handler_t::replace));
    return;
  }
  fmt::print("{}: {}, batch {}{}\n", a.file, precision, a.batch, a.cold ? ", L2 emptied" : "");
  fmt::print("  median {:.2f} µs, 99% {:.2f} µs, {:.0f} samples/s ({} runs)\n", p50,
             timing.at(0.99), per_s, timing.us.size());
  fmt::print(
      "  weights {} bytes, workspace {} bytes, read to first result {:.2f} ms, hash {:016x}\n",
      model.weight_bytes(), workspace.memory_bytes(), first_ms, hash);
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (layers[i] > 0.0)  // the others were worked out when planning
      fmt::print("  {:8.2f} µs  {:20} {}\n", layers[i], model.layers()[i].op,
                 model.layers()[i].name);
}

}  // namespace

void add_model_bench(CLI::App& model) {
  auto a = std::make_shared<Arguments>();
  CLI::App* bench_command = model.add_subcommand("bench", "Times a network on one thread");
  bench_command->add_option("file", a->file, "Network")->required();
  bench_command->add_option("--arch", a->arch, "Architecture file, for weights without a graph");
  bench_command->add_option("--batch", a->batch, "Extent of the dynamic axes");
  bench_command->add_option("--time", a->time, "Extent of the dynamic axes called time or seq…");
  bench_command->add_option("--precision", a->precision,
                            "Weights as f32, f16, bf16 or i8; the file's own unless given");
  bench_command->add_option("--seconds", a->seconds, "How long to measure");
  bench_command->add_flag("--cold", a->cold, "Empty the L2 cache between runs, as a frame does");
  bench_command->add_flag("--layers", a->layers, "Time of every layer too");
  bench_command->add_flag("--json", a->json, "One JSON object on stdout");
  bench_command->callback([a] { bench(*a); });
}

}  // namespace canter::tools
