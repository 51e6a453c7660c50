#pragma once

#include <cstddef>
#include <span>

#include "canter/world/world.h"

namespace canter {

// A snapshot is the blocks of the characters as they are, behind a header that says what they are.
// It belongs to the build that made it: equal bits are promised on the same build, and restoring
// refuses a snapshot of another layout. Clips and masks are named by their handles, so a world
// other than the one that saved must have had the same assets added in the same order; a character
// whose clip is not there is parked by its next step. Pose hooks are the host's and are not saved.
//
// Whatever the bytes, restoring is safe: everything is checked before anything changes.

/// Bytes that save() writes; 0 for a stale handle.
std::size_t snapshot_size(const World& world, CharacterId character);
/// Writes one character. Returns the bytes written. No allocation.
/// Errors: stale handle, `out` too small.
Result<std::size_t> save(const World& world, CharacterId character, std::span<std::byte> out);
/// Puts a character back as saved: it need not be the one that was saved, but must have the same
/// skeleton. No allocation. Errors: stale handle, bytes that are no snapshot of such a character.
Result<void> restore(World& world, CharacterId character, std::span<const std::byte> bytes);

/// The same for all characters and the clock. Characters destroyed since are created again under
/// their old handles, characters created since are destroyed; handles given out in between stay
/// dead. May allocate. Errors also: more characters than the world has room for, a skeleton the
/// world has never seen.
std::size_t snapshot_size(const World& world);
Result<std::size_t> save(const World& world, std::span<std::byte> out);
Result<void> restore(World& world, std::span<const std::byte> bytes);

}  // namespace canter
