#!/usr/bin/env bash
# `cmake --install` gives a program that runs without the build folder's help.
#   install.sh BUILD_DIR VERSION
set -euo pipefail
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$1" --prefix "$prefix" >/dev/null
cd /
said=$(env -i PATH=/usr/bin:/bin "$prefix/bin/shardwright" version)
echo "$said"
grep -qF "$2" <<<"$said"
test -s "$prefix/share/doc/shardwright/LICENSE"
