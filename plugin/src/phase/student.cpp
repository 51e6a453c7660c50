#include "phase/student.h"

#include <cmath>

namespace canter::phase::detail {

Result<void> take_tensor(const nn::WeightFile& file, const std::string& name,
                         const nn::Shape& shape, std::string_view source, nn::Graph& graph) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end() || !(found->second.shape() == shape))
    return Error{ErrorCode::bad_value,
                 std::string(source) + ": tensor '" + name + "' is " +
                     (found == file.tensors.end() ? "absent" : found->second.shape().text()) +
                     "; expected " + shape.text()};
  graph.initialisers.emplace(name, nn::convert(found->second.view(), nn::DType::f32));
  return {};
}

FramePhase phase_of(float cosine, float sine) {
  constexpr float kTurnsPerRadian = 0.159154943f;
  const float length = std::sqrt(cosine * cosine + sine * sine);
  if (!std::isfinite(length)) return {};
  return {wrap_cycle(kTurnsPerRadian * std::atan2(sine, cosine)), length};
}

}  // namespace canter::phase::detail
