#!/usr/bin/env bash
# Gives every reader of files arbitrary bytes for some time, two readers at once: docs/fuzzing.md.
#   bash tests/fuzz/run.sh [SECONDS_PER_TARGET] [TARGET …]     default 60, all targets
# SEED in the environment makes the inputs the same from run to run, as far as time lets them; default: others each time.
# What is found new is left in build/fuzz/corpus/TARGET and build/fuzz/found/TARGET. Exit status 0: nothing crashed,
# hung, took more memory than an input of its size may, or threw what is no answer to bad input; 77: there is no
# libFuzzer here; 1 else, with the path and the bytes of each input that did.
set -uo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
if ! command -v clang++-14 >/dev/null || [ ! -e "$(clang++-14 -print-file-name=libclang_rt.fuzzer-x86_64.a)" ]; then
  echo "fuzz: skipped, clang 14 with libFuzzer is not installed (Debian: clang libclang-rt-14-dev)" >&2
  exit 77
fi
bash launch/build.sh fuzz fuzz_readers || exit 1
program=$PWD/build/fuzz/tests/fuzz/fuzz_readers
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(find tests/fuzz/corpus -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort)
[ ! -d /dev/shm ] || export TMPDIR=/dev/shm
TMPDIR=$(mktemp -d) || exit 1
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
export ASAN_OPTIONS=allocator_may_return_null=0:detect_leaks=1:handle_abort=1:quarantine_size_mb=64
export UBSAN_OPTIONS=print_stacktrace=1

# An input has at most 8 KiB, so that no sound reader needs 512 MiB in all, 128 MiB at once, or a minute, even where others
# take the machine for some seconds.
fuzz() {  # TARGET
  local target=$1 kept=build/fuzz/corpus/$1 found=build/fuzz/found/$1 log=build/fuzz/$1.log dictionary=()
  mkdir -p "$kept" "$found"
  grep -q "\"$target\", .*true}" tests/fuzz/targets.cpp && dictionary=(-dict=tests/fuzz/json.dict)
  "$program" --target="$target" -max_total_time="$seconds" -max_len=8192 -timeout=60 -seed="${SEED:-0}" -rss_limit_mb=512 \
    -malloc_limit_mb=128 -artifact_prefix="$found/" -print_final_stats=1 "${dictionary[@]}" \
    "$kept" "tests/fuzz/corpus/$target" >"$log" 2>&1
  local status=$? tried
  tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if [ $status -eq 0 ]; then
    printf 'fuzz: %-18s %10s inputs tried\n' "$target" "$tried"
    return 0
  fi
  tail -n 60 "$log"
  printf 'fuzz: %-18s FAILED\n' "$target"
  printf 'fuzz: %s: exit %d, %s\n' "$target" $status "$(grep -a -m 1 -E '^SUMMARY|ERROR' "$log")" >>"$TMPDIR/failures"
  for input in "$found"/*; do
    [ -e "$input" ] || continue
    echo "$input:"
    od -A d -t x1z -v "$input" | head -n 512
    echo "  $(gzip -9c "$input" | base64 -w 0)  | base64 -d | gunzip" >>"$TMPDIR/failures"
  done
  return 1
}

failed=0
running=0
for target in "${targets[@]}"; do
  fuzz "$target" &
  running=$((running + 1))
  [ $running -lt 2 ] || { wait -n || failed=$((failed + 1)); running=$((running - 1)); }
done
while [ $running -gt 0 ]; do wait -n || failed=$((failed + 1)); running=$((running - 1)); done
[ $failed -eq 0 ] || cat "$TMPDIR/failures"  # at the end, since long logs are often cut
echo "fuzz: ${#targets[@]} targets, $failed failed"
[ $failed -eq 0 ]
