#pragma once

#include <optional>
#include <string>

#include "nn/zip.h"

namespace canter::nn::detail {

/// The folder of an archive that holds torch's data.pkl; nothing where torch did not write it.
std::optional<std::string> torch_root(const ZipArchive& archive);

}  // namespace canter::nn::detail
