#include "viewer/gfx/program.h"

#include <string>

#include "viewer/gfx/shader_sources.h"

namespace canter::viewer {
namespace {

const char* find_source(std::string_view name) {
  for (int i = 0; i < kNumShaderSources; ++i)
    if (name == kShaderSources[i].name) return kShaderSources[i].text;
  return nullptr;
}

/// The version line, the defines and the named files, in that order.
Result<std::string> assemble(std::string_view parts, std::string_view defines) {
  std::string text = "#version 450 core\n";
  text += defines;
  text += '\n';
  while (!parts.empty()) {
    const std::string_view name = parts.substr(0, parts.find(' '));
    parts.remove_prefix(std::min(parts.size(), name.size() + 1));
    const char* source = find_source(name);
    if (source == nullptr)
      return Error{ErrorCode::io, "shader " + std::string(name) + " is not built into the viewer"};
    text += "#line 1\n";
    text += source;
  }
  return text;
}

Result<GLuint> compile(GLenum stage, std::string_view parts, std::string_view defines) {
  Result<std::string> text = assemble(parts, defines);
  if (!text) return text.error();
  const GLuint shader = glCreateShader(stage);
  const char* source = text->c_str();
  glShaderSource(shader, 1, &source, nullptr);
  glCompileShader(shader);
  GLint compiled = 0;
  glGetShaderiv(shader, GL_COMPILE_STATUS, &compiled);
  if (compiled == GL_TRUE) return shader;
  char log[2048] = "";
  glGetShaderInfoLog(shader, sizeof log, nullptr, log);
  glDeleteShader(shader);
  return Error{ErrorCode::bad_format, "shader " + std::string(parts) + ": " + log};
}

}  // namespace

Result<GlProgram> link_program(std::string_view vertex_parts, std::string_view fragment_parts,
                               std::string_view defines) {
  Result<GLuint> vertex = compile(GL_VERTEX_SHADER, vertex_parts, defines);
  if (!vertex) return vertex.error();
  Result<GLuint> fragment = compile(GL_FRAGMENT_SHADER, fragment_parts, defines);
  if (!fragment) {
    glDeleteShader(*vertex);
    return fragment.error();
  }
  GlProgram program(glCreateProgram());
  glAttachShader(program.id(), *vertex);
  glAttachShader(program.id(), *fragment);
  glLinkProgram(program.id());
  glDeleteShader(*vertex);
  glDeleteShader(*fragment);
  GLint linked = 0;
  glGetProgramiv(program.id(), GL_LINK_STATUS, &linked);
  if (linked == GL_TRUE) return program;
  char log[2048] = "";
  glGetProgramInfoLog(program.id(), sizeof log, nullptr, log);
  return Error{ErrorCode::bad_format, "shader program " + std::string(vertex_parts) + " + " +
                                          std::string(fragment_parts) + ": " + log};
}

std::string shadow_taps_define(int taps) {
  return "#define SHADOW_TAPS " + std::to_string(taps) + "\n";
}

}  // namespace canter::viewer
