#!/usr/bin/env bash
# Configures (once) and builds one preset: scripts/build.sh <preset> [cmake options of configure…]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift

if [ ! -f "build/$preset/build.ninja" ] || [ $# -gt 0 ]; then
  echo "canter: configuring $preset"
  cmake --preset "$preset" "$@" >"/tmp/canter_configure_$$.log" 2>&1 || {
    cat "/tmp/canter_configure_$$.log" >&2
    rm -f "/tmp/canter_configure_$$.log"
    exit 1
  }
  rm -f "/tmp/canter_configure_$$.log"
fi
echo "canter: building $preset (a first build takes minutes, later ones seconds)"
cmake --build --preset "$preset"
