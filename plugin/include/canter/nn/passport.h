#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "canter/nn/model.h"
#include "canter/nn/tensor.h"

namespace canter::nn {

struct ModelFile;
class OperatorSet;

/// What a network computed when its file was made: inputs, outputs in f32 by the plain loops, and
/// samples of every value in between. Replaying it shows that what was exported is what runs.
struct Passport {
  struct Output {
    std::string name;
    Tensor expected;         ///< f32
    double error = 0.0;      ///< largest difference, in the file's precision, when it was made
    double error_f32 = 0.0;  ///< the same with the stored weights, computed in f32
  };
  struct Case {
    std::map<std::string, Tensor> inputs;
    std::vector<Output> outputs;
  };
  /// Up to 64 elements, evenly spread, of one value of the first case.
  struct Layer {
    std::string value;  ///< its name in the graph
    std::string name;   ///< of the node that made it
    std::vector<float> samples;
    double scale = 0.0;  ///< largest magnitude of all elements
    double error = 0.0;  ///< with the stored weights, computed in f32, when it was made
  };
  std::vector<Case> cases;
  std::vector<Layer> layers;  ///< in the order in which they run
  /// FNV-1a of every stored weight, by name.
  std::map<std::string, std::uint64_t> weights;

  /// Largest of the outputs' errors.
  double max_abs_error() const;
};

/// What another program (PyTorch) computed.
struct Recording {
  std::map<std::string, Tensor> inputs, outputs;
};

struct PassportOptions {
  std::uint32_t seed = 1;
  /// Become the first cases of the passport. Errors: bad_value, where an output differs by more
  /// than kRecordingError of its largest magnitude.
  std::vector<Recording> recordings;
  const OperatorSet* operators = nullptr;  ///< of the host
};

/// Two implementations in f32 agree far better; a wrong gate or a lost bias is far worse.
inline constexpr double kRecordingError = 1e-3;

/// Runs a network and notes what came out.
/// @param exact   the network before its weights were narrowed
/// @param stored  the file as it will be written, without its passport
/// Inputs are normally distributed; indices lie within the tables they look into. Extents that
/// change: batch 1 and 3, others as small as the network takes (7 to 512).
Result<Passport> make_passport(const Graph& exact, const ModelFile& stored,
                               const PassportOptions& options = {});

enum class Verdict : std::uint8_t {
  green,  ///< errors are at most kGreen times those noted when the file was made
  amber,  ///< at most kAmber times; or a weight is not the one the passport was made with
  red,    ///< larger, not finite, or a value is missing
};
/// "green", "amber", "red".
const char* verdict_name(Verdict verdict);

/// Other processors round sums otherwise: no error counts as smaller than this share of the
/// largest magnitude of the value.
inline constexpr double kErrorFloor = 5e-6;
inline constexpr double kGreen = 4.0;
inline constexpr double kAmber = 32.0;

struct LayerError {
  std::string name;    ///< of the node
  double error = 0.0;  ///< largest difference, infinite where something is not finite or missing
  double ratio = 0.0;  ///< to what was noted; see kGreen
};

struct Verification {
  Verdict verdict = Verdict::green;
  double max_abs_error = 0.0;  ///< of the outputs, in the file's precision
  double allowed = 0.0;        ///< up to which the worst output would be green
  /// The first layer beyond kAmber, else the first beyond kGreen, else that of the largest ratio.
  std::string worst_layer;
  std::vector<LayerError> layers;
  std::vector<std::string> findings;  ///< one sentence each
};

/// Replays the passport: the outputs in the file's precision and in f32, every layer in f32.
/// Errors: bad_value (no passport), and where the network cannot be built or run.
Result<Verification> verify(const ModelFile& file, const PassportOptions& options = {});

}  // namespace canter::nn
