#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "canter/nn/passport.h"
#include "canter/nn/summary.h"

namespace canter::viewer {

/// A network's file as the viewer shows it: compiled, its passport replayed, its layers timed.
/// Immutable, shared by threads.
struct ModelDocument {
  struct Layer {
    std::string name, op;
    std::int64_t parameters = 0;
    std::size_t weight_bytes = 0;
    float us = 0.0f;  ///< median of some runs, batch 1; 0: worked out when the network was planned
  };
  struct Value {
    std::string name, shape;  ///< "[batch, 197]"
  };

  std::string path;
  std::string title;  ///< file name without folders
  std::string format;
  std::string precision;
  std::string source;  ///< where it came from, if the file says so
  std::vector<Value> inputs, outputs;
  nn::Summary summary;
  std::size_t weight_bytes = 0;
  std::size_t workspace_bytes = 0;
  std::vector<Layer> layers;
  float total_us = 0.0f;  ///< median of a whole run, batch 1
  /// Of the passport; absent where the file carries none.
  std::optional<nn::Verification> verification;
  std::vector<std::string> notes;
};

using ModelDocumentPtr = std::shared_ptr<const ModelDocument>;

/// Whether a file is a network rather than a motion, by the end of its name.
bool is_model_path(const std::string& path);

/// Reads a network and looks into it. Weights without a graph are described by the architecture
/// file beside them, of their name with .json. Any thread. Errors name the file.
Result<ModelDocumentPtr> load_model_document(const std::string& path);

}  // namespace canter::viewer
