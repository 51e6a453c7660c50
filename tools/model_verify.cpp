// canter model verify: replays what a file says its network computed.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "canter/nn/model_file.h"
#include "command.h"
#include "model.h"

namespace canter::tools {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string file;
  bool json = false;
};

// JSON has no infinity.
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json("inf");
}

void print_json(const nn::Verification& done) {
  Json out;
  out["verdict"] = nn::verdict_name(done.verdict);
  out["max_abs_error"] = number(done.max_abs_error);
  out["worst_layer"] = done.worst_layer;
  out["allowed"] = done.allowed;
  out["findings"] = done.findings;
  out["layers"] = Json::array();
  for (const nn::LayerError& layer : done.layers)
    out["layers"].push_back(
        {{"name", layer.name}, {"error", number(layer.error)}, {"ratio", number(layer.ratio)}});
  fmt::print("{}\n", out.dump(2, ' ', false, Json::error_handler_t::replace));
}

void print_text(const std::string& file, const nn::Verification& done) {
  fmt::print("{}: {}\n", file, nn::verdict_name(done.verdict));
  fmt::print("  largest error {:.3g}, green up to {:.3g}\n  worst layer   {}\n", done.max_abs_error,
             done.allowed, done.worst_layer);
  for (const std::string& finding : done.findings) fmt::print("  finding       {}\n", finding);
}

void verify(const Arguments& a) {
  nn::WeightFile weights = require(nn::read_weights(read_file(a.file), a.file));
  if (!nn::is_model_file(weights))
    throw bad_data(a.file + ": carries no passport (" + weights.format +
                   "); canter model convert writes a file that does");
  const nn::ModelFile file = require(nn::read_model_file(std::move(weights), a.file));
  const Result<nn::Verification> done = nn::verify(file);
  if (!done) throw bad_data(a.file + ": " + done.error().message);
  if (a.json)
    print_json(*done);
  else
    print_text(a.file, *done);
  if (done->verdict == nn::Verdict::red)
    throw bad_data(
        fmt::format("{}: verdict red: layer '{}' does not compute what it did; largest "
                    "error of the outputs {:.3g}",
                    a.file, done->worst_layer, done->max_abs_error));
}

}  // namespace

void add_model_verify(CLI::App& model) {
  auto a = std::make_shared<Arguments>();
  CLI::App* command =
      model.add_subcommand("verify", "Replays the reference outputs a file of Canter's carries");
  command->add_option("FILE", a->file, "A file canter model convert wrote")->required();
  command->add_flag("--json", a->json, "One JSON object on stdout");
  command->callback([a] { verify(*a); });
}

}  // namespace canter::tools
