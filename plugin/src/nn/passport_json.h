#pragma once

#include <string>
#include <string_view>

#include "canter/nn/passport.h"

namespace canter::nn::detail {

/// Tensors of a passport inside a model file begin with this.
inline constexpr std::string_view kPassportPrefix = "passport/";

/// The passport as text; its tensors move to `tensors`.
std::string write_passport(const Passport& passport, TensorMap& tensors);
/// The passport of this text and of the tensors under kPassportPrefix, which are taken out.
Result<Passport> read_passport(std::string_view json, TensorMap& tensors);

}  // namespace canter::nn::detail
