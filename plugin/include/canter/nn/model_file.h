#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/nn/architecture.h"
#include "canter/nn/model.h"
#include "canter/nn/passport.h"
#include "canter/nn/weights.h"

namespace canter::nn {

/// Canter's own file of a network: a plain safetensors whose metadata hold the architecture, where
/// the network came from and its passport (docs/model_file.md). Normalisers are layers of the
/// architecture. Other programs see the weights under their own names.
struct ModelFile {
  std::string architecture;              ///< an architecture file (docs/architecture_file.md)
  TensorMap tensors;                     ///< the weights, stored narrow where the precision says so
  Precision precision = Precision::f32;  ///< what the network is meant to run in
  TextMap provenance;                    ///< "source", "source_format", "made_by" …
  std::optional<Passport> passport;
};

/// Whether a safetensors file is one of ours: its metadata say so.
bool is_model_file(const WeightFile& file);

/// Takes what read_safetensors read. Errors: bad_format, unsupported (a later version).
Result<ModelFile> read_model_file(WeightFile file, std::string_view source);
Result<ModelFile> read_model_file(std::span<const std::byte> bytes, std::string_view source);

std::vector<std::byte> write_model_file(const ModelFile& file);

/// The graph of the file's architecture and weights. Copies the weights.
Result<Architecture> build_graph(const ModelFile& file, std::string_view source = "model");

struct ConvertOptions {
  Precision precision = Precision::f32;
  std::string architecture_source = "architecture";  ///< its name in messages
  TextMap provenance;
  PassportOptions passport;
};

/// Makes a network's own file: stores weights of rank 2 and more as f16 or bf16 (i8: those of
/// layers as integers with a scale for every output, the others as f16), runs the network on
/// reference inputs in f32 with the plain loops, and writes what came out into the passport beside
/// the errors of the stored precision.
/// @param tensors  the weights as read; those the architecture does not use are left out
/// Errors: what read_architecture and compile refuse; bad_value (a weight beyond the range of f16,
/// a network whose reference outputs are not finite).
Result<ModelFile> make_model_file(std::string architecture, TensorMap tensors,
                                  const ConvertOptions& options = {});

}  // namespace canter::nn
