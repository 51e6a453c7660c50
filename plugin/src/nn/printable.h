#pragma once

#include <string>
#include <string_view>

namespace canter::nn::detail {

/// A name out of a file, in quotes and fit for a message of one line: control characters as \xNN,
/// cut after 120 bytes.
std::string printable(std::string_view name);

}  // namespace canter::nn::detail
