#!/usr/bin/env bash
# Installs the Debian packages of the groups named as arguments (see packages.txt) that are missing.
# Quiet and instant when nothing is missing. Needs root or sudo only when something is.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)

wanted=()
for group in "$@"; do
  while read -r package_group package; do
    [ "$package_group" = "$group" ] && wanted+=("$package")
  done < <(grep -v '^#' "$top/packages.txt")
done

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
    missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "canter: installing ${#missing[@]} Debian packages: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "canter: not root and no sudo; as root run: apt-get install ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
