#!/usr/bin/env bash
# Configures and builds: scripts/build.sh <preset> [target [cmake options…]]. Options stay in force.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
target=${2:-all}
shift $(($# < 2 ? $# : 2))

# Configuring anew takes a second and sees packages installed since.
[ -f "build/$preset/build.ninja" ] || echo "canter: configuring $preset"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --preset "$preset" "$@" >"$log" 2>&1 || {
  cat "$log" >&2
  exit 1
}
echo "canter: building $preset (a first build takes minutes, later ones seconds)"
cmake --build --preset "$preset" --target "$target"
