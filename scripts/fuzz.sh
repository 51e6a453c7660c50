#!/usr/bin/env bash
# Runs every libFuzzer target for some seconds each (default 20) on its seed corpus. A seed as the second argument
# makes runs alike: what fails then is the change, not the luck of the day. Long runs without one look for more.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-20}
seed=${2:-0}
scripts/build.sh fuzz fuzzers
for target in build/fuzz/bin/fuzz_*; do
  [ -x "$target" ] || continue
  name=$(basename "$target")
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus"
  seeds=tests/fuzz/corpus/${name#fuzz_}
  words=tests/fuzz/${name#fuzz_}.dict
  echo "canter: $name for $seconds s"
  "$target" -seed="$seed" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -print_final_stats=0 -print_funcs=0 -verbosity=0 \
    -artifact_prefix="build/fuzz/$name-" $([ -f "$words" ] && echo "-dict=$words") "$corpus" $([ -d "$seeds" ] && echo "$seeds")
done
