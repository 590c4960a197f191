#!/usr/bin/env bash
# Configures build/PRESET if that was not done yet, and brings TARGETs (default: all) up to date.
#   bash launch/build.sh PRESET [TARGET …]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
build=build/$preset

# A source file that includes LibTorch takes 1.4 GB to compile: no more of them at once than fit.
memory_kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || true)
if [[ $limit =~ ^[0-9]+$ ]] && [ $((limit / 1024)) -lt "$memory_kib" ]; then memory_kib=$((limit / 1024)); fi
jobs=$((memory_kib / 1500000))
cores=$(env -u OMP_NUM_THREADS nproc)  # which nproc would heed
[ "$jobs" -le "$cores" ] || jobs=$cores
[ "$jobs" -ge 1 ] || jobs=1

if [ ! -e "$build/build.ninja" ]; then cmake --preset "$preset" >&2; fi
targets=()
[ $# -eq 0 ] || targets=(--target "$@")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --build "$build" --parallel "$jobs" "${targets[@]}" 2>&1 | tee "$log" >&2
if grep -q 'no work to do' "$log"; then echo "build: $build is up to date, nothing was rebuilt" >&2; fi
