#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. Arguments go to ctest (-R name, -j 2 …).
set -euo pipefail
cd "$(dirname "$0")"

scripts/install_packages.sh build viewer test
scripts/build.sh release
echo "canter: running the tests"
ctest --preset release --no-tests=error "$@"
