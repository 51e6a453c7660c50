#pragma once

// MuJoCo's way to report errors, made safe for a host: its handlers are the process's, and the
// default one of errors ends it.

#include <mujoco/mujoco.h>

#include <array>
#include <type_traits>

namespace canter::physics::detail {

using EngineText = std::array<char, 256>;

/// Calls body(user) so that an error MuJoCo reports on this thread meanwhile ends the call and not
/// the process. False: it did, `text` says what; then nothing the body was working on may be relied
/// on. The body's frames are left by longjmp: nothing in them may need a destructor.
bool run_guarded(void (*body)(void* user), void* user, EngineText& text);

/// The same for a callable.
template <class Body>
bool guarded(Body&& body, EngineText& text) {
  return run_guarded([](void* user) { (*static_cast<std::remove_reference_t<Body>*>(user))(); },
                     &body, text);
}

}  // namespace canter::physics::detail
