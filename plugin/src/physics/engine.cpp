#include "physics/engine.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace canter::physics::detail {
namespace {

using Handler = void (*)(const char*);

struct RecoveryPoint {
  std::jmp_buf place;
  EngineText* text;
};

// The innermost guarded call of this thread.
thread_local RecoveryPoint* recovery = nullptr;

// What was there before: a host may use MuJoCo too.
Handler host_error = nullptr;
Handler host_warning = nullptr;

void on_error(const char* message) {
  if (recovery != nullptr) {
    std::snprintf(recovery->text->data(), recovery->text->size(), "%s", message);
    std::longjmp(recovery->place, 1);
  }
  if (host_error != nullptr) {
    host_error(message);
    return;
  }
  std::fprintf(stderr, "MuJoCo error outside of Canter: %s\n", message);
  std::abort();  // MuJoCo cannot go on, and without a handler ends the process too
}

void on_warning(const char* message) {
  if (recovery != nullptr) return;  // counted in mjData, which the caller looks at
  if (host_warning != nullptr)
    host_warning(message);
  else
    std::fprintf(stderr, "MuJoCo warning: %s\n", message);
}

void install_handlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    host_error = mju_user_error;
    host_warning = mju_user_warning;
    mju_user_error = on_error;
    mju_user_warning = on_warning;
  });
}

}  // namespace

bool run_guarded(void (*body)(void* user), void* user, EngineText& text) {
  install_handlers();
  RecoveryPoint point;
  point.text = &text;
  RecoveryPoint* const outer = recovery;
  recovery = &point;
  // `outer` is set before setjmp and not written after, so it is sound in both ways back.
  if (setjmp(point.place) != 0) {
    recovery = outer;
    return false;
  }
  body(user);
  recovery = outer;
  return true;
}

}  // namespace canter::physics::detail
