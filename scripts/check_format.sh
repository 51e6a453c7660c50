#!/usr/bin/env bash
# Fails if a source file is not as clang-format leaves it. With --fix: formats instead.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(--dry-run --Werror)
[ "${1:-}" = "--fix" ] && mode=(-i)
git ls-files -co --exclude-standard '*.cpp' '*.h' '*.c' | xargs -r clang-format "${mode[@]}"
