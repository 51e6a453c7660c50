#!/usr/bin/env bash
# Installs what is missing, builds, and opens the viewer. Arguments go to the viewer:
#   ./run.sh                    a clip beside its simulated twin, their phases, and what each stage costs
#   ./run.sh my_motion.bvh      your file instead
# Without a display it runs headless and leaves a screenshot and a latency report in out/.
set -euo pipefail
cd "$(dirname "$0")"

scripts/install_packages.sh build viewer
scripts/build.sh release canter

[ $# -gt 0 ] || set -- --simulate --tab phase --show phase_rings,instruments
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  exec build/release/bin/canter view "$@"
fi
mkdir -p out
echo "canter: no display found (neither DISPLAY nor WAYLAND_DISPLAY is set), running headless"
build/release/bin/canter view --headless --timings --frames 300 --screenshot out/screenshot.png \
  --report out/report.json "$@"
echo "canter: screenshot in out/screenshot.png, latency report in out/report.json"
