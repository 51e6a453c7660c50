#pragma once

namespace canter {

enum class LogLevel { debug, info, warning, error };

/// Where messages go. Null function: nowhere. May be called from any thread that calls Canter.
struct Log {
  void (*write)(void* user, LogLevel level, const char* message) = nullptr;
  void* user = nullptr;

  void operator()(LogLevel level, const char* message) const {
    if (write != nullptr) write(user, level, message);
  }
};

}  // namespace canter
