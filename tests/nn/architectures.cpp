#include "architectures.h"

#include <doctest/doctest.h>

#include <map>

namespace canter::test {
namespace {

std::string file(const std::string& inputs, const std::string& layers,
                 const std::string& outputs = R"("output")") {
  return R"({"canter_architecture": 1, "inputs": [)" + inputs + R"(], "layers": [)" + layers +
         R"(], "outputs": [)" + outputs + "]}";
}

std::string input(const std::string& shape, const std::string& dtype = "f32") {
  return R"({"name": "input", "dtype": ")" + dtype + R"(", "shape": )" + shape + "}";
}

std::string state(const std::string& name, int layers, int hidden) {
  return R"(, {"name": ")" + name + R"(", "shape": [)" + std::to_string(layers) + R"(, "batch", )" +
         std::to_string(hidden) + "]}";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at))
    text.replace(at, from.size(), to);
  return text;
}

std::string deepmimic() {
  return file(input(R"(["batch", 197])"), R"(
    {"type": "normalise", "mean": "s_mean", "std": "s_std"},
    {"type": "linear", "tensors": "fc0"}, {"type": "relu"},
    {"type": "linear", "tensors": "fc1"}, {"type": "relu"},
    {"type": "linear", "tensors": "head"},
    {"type": "denormalise", "mean": "out_mean", "std": "out_std", "output": "output"})");
}

std::string deepphase_conv(const std::string& head) {
  std::string layers;
  for (const char* number : {"1", "2", "3"})
    layers += replaced(
        R"({"type": "conv1d", "tensors": "conv#"}, {"type": "batchnorm", "tensors": "bn#"}, {"type": "relu"},)",
        "#", number);
  return file(input(R"(["batch", 69, 240])"), layers + R"({"type": "flatten"},)" + head);
}

std::string mlp(const std::string& shape, int layers, const std::string& activation) {
  std::string text;
  for (int i = 0; i < layers; ++i) {
    text += R"({"type": "linear", "tensors": "layers.)" + std::to_string(i) + "\"";
    text += i + 1 < layers ? R"(}, {"type": ")" + activation + "\"}," : R"(, "output": "output"})";
  }
  return file(input(shape), text);
}

std::string gelu(const std::string& kind) {
  return file(
      input(R"(["batch", 24])"),
      replaced(R"({"type": "linear", "tensors": "fc1"}, {"type": "gelu", "approximate": "#"},
    {"type": "linear", "tensors": "fc2"}, {"type": "gelu", "approximate": "#", "output": "output"})",
               "#", kind));
}

std::string recurrent(const std::string& type, int width, int hidden, int layers, bool both,
                      const std::string& more = "") {
  const int states = layers * (both ? 2 : 1);
  const bool cell = type == "lstm";
  return file(input("[\"batch\", \"time\", " + std::to_string(width) + "]") +
                  state("h0", states, hidden) + (cell ? state("c0", states, hidden) : ""),
              R"({"type": ")" + type + R"(", "tensors": "rnn", "batch_first": true, "layers": )" +
                  std::to_string(layers) + R"(, "bidirectional": )" + (both ? "true" : "false") +
                  more + R"(, "inputs": ["input", "h0")" + (cell ? R"(, "c0")" : "") +
                  R"(], "outputs": ["output", "hn")" + (cell ? R"(, "cn")" : "") + "]}",
              cell ? R"("output", "hn", "cn")" : R"("output", "hn")");
}

std::string periodic_autoencoder() {
  std::string layers = R"(
    {"type": "conv1d", "tensors": "conv1", "padding": "same"},
    {"type": "batchnorm", "tensors": "bn_conv1"}, {"type": "tanh"},
    {"type": "conv1d", "tensors": "conv2", "padding": "same", "output": "latent"},
    {"type": "spectrum", "samples": 121, "window_s": 2, "input": "latent",
     "outputs": ["frequency", "amplitude", "offset"]},)";
  std::string phases;
  for (int i = 0; i < 5; ++i) {
    layers += replaced(R"(
    {"type": "select", "axis": 1, "index": #, "input": "latent"},
    {"type": "linear", "tensors": "fc.#"},
    {"type": "batchnorm", "tensors": "bn.#", "output": "v#"},
    {"type": "select", "axis": 1, "index": 1, "input": "v#", "output": "y#"},
    {"type": "select", "axis": 1, "index": 0, "input": "v#", "output": "x#"},
    {"type": "atan2", "turns": true, "inputs": ["y#", "x#"]},
    {"type": "unsqueeze", "axis": 1, "output": "phase#"},)",
                       "#", std::to_string(i));
    phases += (i == 0 ? "\"phase" : ", \"phase") + std::to_string(i) + "\"";
  }
  layers += R"({"type": "concat", "inputs": [)" + phases + R"(], "output": "phase"},)";
  for (const char* name : {"frequency", "phase", "amplitude", "offset"})
    layers += replaced(R"({"type": "unsqueeze", "axis": 2, "input": "#", "output": "#_column"},)",
                       "#", name);
  layers += R"(
    {"type": "mul", "inputs": ["frequency_column", "args"], "output": "turns"},
    {"type": "add", "inputs": ["turns", "phase_column"]},
    {"type": "mul", "value": 6.283185307179586},
    {"type": "sin", "output": "wave"},
    {"type": "mul", "inputs": ["wave", "amplitude_column"], "output": "scaled"},
    {"type": "add", "inputs": ["scaled", "offset_column"], "output": "signal"},
    {"type": "conv1d", "tensors": "deconv1", "padding": "same"},
    {"type": "batchnorm", "tensors": "bn_deconv1"}, {"type": "tanh"},
    {"type": "conv1d", "tensors": "deconv2", "padding": "same", "output": "output"})";
  std::string text =
      file(input(R"(["batch", 78, 121])"), layers,
           R"("output", "phase", "frequency", "amplitude", "offset", "latent", "signal")");
  return replaced(text, R"("layers": [)",
                  R"("constants": {"args" : {"linspace": [-1, 1, 121]}}, "layers" : [)");
}

std::map<std::string, std::string> make_all() {
  std::map<std::string, std::string> all;
  all["deepmimic_actor"] = all["deepmimic_critic"] = deepmimic();
  all["deepphase_conv_full"] =
      deepphase_conv(R"({"type": "linear", "tensors": "fc1"}, {"type": "relu"},
                        {"type": "linear", "tensors": "fc2", "output": "output"})");
  all["deepphase_conv_small"] =
      deepphase_conv(R"({"type": "linear", "tensors": "fc1", "output": "output"})");
  all["deepphase_mlp_elu"] = mlp(R"(["batch", 132])", 5, "elu");
  all["deepphase_mlp_relu"] = mlp(R"(["batch", 132])", 5, "relu");
  all["linear_relu"] = mlp(R"(["batch", 16])", 2, "relu");
  all["gelu_erf"] = gelu("none");
  all["gelu_tanh"] = gelu("tanh");
  all["gru_1"] = recurrent("gru", 9, 14, 1, false);
  all["gru_2"] = recurrent("gru", 7, 12, 2, false);
  all["lstm_1"] = recurrent("lstm", 10, 16, 1, false);
  all["lstm_2_bidirectional"] = recurrent("lstm", 8, 12, 2, true);
  all["rnn_tanh"] = recurrent("rnn", 6, 10, 1, false);
  all["rnn_relu_2_bidirectional"] = recurrent("rnn", 6, 8, 2, true, R"(, "nonlinearity": "relu")");
  all["char_rnn"] =
      file(input(R"(["batch", "time"])", "i64") + state("h0", 2, 48) + state("c0", 2, 48),
           R"({"type": "embedding", "tensors": "encoder", "output": "letters"},
      {"type": "lstm", "tensors": "rnn", "layers": 2, "batch_first": true,
       "inputs": ["letters", "h0", "c0"], "outputs": ["steps", "hn", "cn"]},
      {"type": "linear", "tensors": "decoder", "output": "output"})",
           R"("output", "hn", "cn")");
  all["sentiment_lstm"] = file(input(R"(["batch", 20])", "i64"), R"(
      {"type": "embedding", "tensors": "embedding"},
      {"type": "lstm", "tensors": "lstm", "batch_first": true, "outputs": ["steps", "h"]},
      {"type": "select", "axis": 0, "index": -1, "input": "h"},
      {"type": "linear", "tensors": "fc", "output": "output"})");
  all["embedding"] = file(input(R"(["batch", 9])", "i64"), R"(
      {"type": "embedding", "tensors": "emb"}, {"type": "linear", "tensors": "fc", "output": "output"})");
  all["layernorm"] = file(input(R"(["batch", 7, 20])"), R"(
      {"type": "layernorm", "tensors": "ln1"}, {"type": "linear", "tensors": "fc"},
      {"type": "layernorm", "tensors": "ln2", "eps": 1e-3, "output": "output"})");
  all["multihead_attention"] = file(input(R"(["batch", 6, 24])"), R"(
      {"type": "attention", "tensors": "mha", "heads": 4, "batch_first": true,
       "outputs": ["output", "weights"]})",
                                    R"("output", "weights")");
  all["transformer_encoder_layer"] = file(input(R"(["batch", 10, 32])"), R"(
      {"type": "transformer_encoder_layer", "tensors": "layers.0", "heads": 4, "batch_first": true,
       "output": "output"})");
  all["cnn2d"] = file(input(R"(["batch", 3, 20, 16])"), R"(
      {"type": "conv2d", "tensors": "c1", "padding": 1}, {"type": "batchnorm", "tensors": "bn"},
      {"type": "relu"}, {"type": "max_pool2d", "kernel": 2},
      {"type": "conv2d", "tensors": "c2", "stride": 2, "padding": 2}, {"type": "relu"},
      {"type": "avg_pool2d", "kernel": 3, "stride": 2, "padding": 1},
      {"type": "flatten"}, {"type": "dropout"},
      {"type": "linear", "tensors": "fc", "output": "output"})");
  all["periodic_autoencoder"] = periodic_autoencoder();
  return all;
}

const std::map<std::string, std::string>& all_architectures() {
  static const std::map<std::string, std::string> all = make_all();
  return all;
}

}  // namespace

std::vector<std::string> network_names() {
  std::vector<std::string> names;
  for (const auto& [name, text] : all_architectures()) names.push_back(name);
  return names;
}

std::string architecture_of(const std::string& network) {
  const auto found = all_architectures().find(network);
  REQUIRE_MESSAGE(found != all_architectures().end(), network);
  return found->second;
}

}  // namespace canter::test
