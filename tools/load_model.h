#pragma once

#include <string>

#include "canter/nn/network.h"

namespace canter::tools {

/// Reads a file of any format as it is, for reports and conversion. Ends the command where that
/// fails.
/// @param arch  architecture file for weights without a graph; empty: none
nn::ModelSource load_any(const std::string& file, const std::string& arch);

/// Reads and compiles a network of any format; ends the command where that fails.
/// @param precision  by name; empty: what the file asks for
nn::Model load_compiled(const std::string& file, const std::string& arch,
                        const std::string& precision);

/// The precision of this name, or `otherwise` where it is empty; a bad call where there is none.
nn::Precision precision_named(const std::string& name, nn::Precision otherwise);

}  // namespace canter::tools
