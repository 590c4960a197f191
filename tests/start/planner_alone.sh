#!/usr/bin/env bash
# A build for planning alone needs a compiler, json, fmt and CLI11, and links neither MPI nor LibTorch.
#   planner_alone.sh SHARDWRIGHT
set -euo pipefail
shardwright=$1
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

# Whatever else lies on this machine, it is not looked for.
hidden=()
for package in MPI GTest rapidcheck Torch CUDAToolkit; do
  hidden+=("-DCMAKE_DISABLE_FIND_PACKAGE_$package=ON")
done
cmake -S "$source_dir" -B "$work" -G Ninja -DSHARDWRIGHT_RUNTIME=OFF "${hidden[@]}" >"$work/said" 2>&1 ||
  { cat "$work/said"; fail "it does not configure"; }
ninja -C "$work" -t commands shardwright >"$work/commands"
! grep -Ei 'openmpi|libtorch|torch/csrc|gtest|rapidcheck' "$work/commands" || fail "the build mentions what it should not need"
libraries=$(ldd "$shardwright")
! grep -Ei 'libmpi|libtorch|libc10' <<<"$libraries" || fail "the program links what it should not need"
