#pragma once

namespace canter::viewer {

/// A file of shaders/, compiled into the program.
struct ShaderSource {
  const char* name;
  const char* text;
};

extern const ShaderSource kShaderSources[];
extern const int kNumShaderSources;

}  // namespace canter::viewer
