#pragma once

#include <string>
#include <string_view>

#include "canter/base/result.h"
#include "viewer/gfx/gl_objects.h"

namespace canter::viewer {

/// Compiles and links a program from embedded shaders. `parts` name files of shaders/ that are put
/// in front of each stage, separated by spaces; `defines` is put before everything.
/// Errors name the file and quote the compiler.
Result<GlProgram> link_program(std::string_view vertex_parts, std::string_view fragment_parts,
                               std::string_view defines = {});

/// What shaders/shadow.glsl needs to know when it is compiled: filter taps a side. A constant,
/// because software renderers take a third longer over a loop whose length they do not know.
std::string shadow_taps_define(int taps);

}  // namespace canter::viewer
