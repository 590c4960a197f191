#!/usr/bin/env bash
# Nothing grows: the resident memory of ranks over many steps, twice. First `train` with all that it keeps a record with
# (metrics, comparisons with the plan, reading ahead); then `bench` of tables that fill the ranks, whose peak above the
# start must be within 5 % of what the plan predicts.
#   soak_memory.sh [STEPS] [SHARDWRIGHT] [MPIRUN]      default 10000, build/release/shardwright, mpirun
# From the environment: TABLE_ROWS (4500000), of D = 128: 2.3 GB for each of two ranks.
# Memory is flat if from the job's second fifth to its last it grows by less than 1 MiB and 0.5 %.
set -euo pipefail
steps=${1:-10000}
root=$(cd "$(dirname "$0")/.." && pwd)
shardwright=$(realpath "${2:-$root/build/release/shardwright}")
mpirun=${3:-mpirun}
table_rows=${TABLE_ROWS:-4500000}
ranks=2
source "$root/launch/mpi_environment.sh"
source "$root/tests/jobs/rank_process.sh"
export OMP_NUM_THREADS=1
work=$(mktemp -d)
job=""
# shellcheck disable=SC2317  # called by the trap
stop() {
  [ -z "$job" ] || kill -KILL "$job" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
cd "$work"
fail() {
  echo "FAILED: $*"
  [ ! -f said ] || tail -n 20 said
  exit 1
}

# Appends the resident memory of rank $1, in KiB, to rss.$1, once it trains.
note_memory() {
  local name resident
  find_process "$1"
  [ -n "$victim" ] || return 0
  name=$(cat "/proc/$victim/comm" 2>/dev/null) || return 0
  resident=$(sed -n 's/^VmRSS: *\([0-9]*\) kB/\1/p' "/proc/$victim/status" 2>/dev/null) || return 0
  case $name in *:fwd | *:den | *:bwd | *:red | *:rea) echo "$resident" >>"rss.$1" ;; esac
}

# watch NAME COMMAND …: runs it on the ranks, its standard output in NAME.out, and judges the memory of each.
watch() {
  local name=$1 rank
  shift
  rm -f rss.*
  "$mpirun" -n $ranks "${mpirun_flags[@]}" "$@" >"$name.out" 2>said &
  job=$!
  while kill -0 "$job" 2>/dev/null; do
    for ((rank = 0; rank < ranks; ++rank)); do note_memory $rank; done
    sleep 0.05
  done
  wait "$job" || fail "$name ended with $?"
  job=""
  for ((rank = 0; rank < ranks; ++rank)); do
    awk -v what="$name, $steps steps, rank $rank" -v fewest=10 '
      { kib[NR] = $1 }
      function most(from, to,   i, m) { for (i = from; i <= to; ++i) if (kib[i] > m) m = kib[i]; return m }
      END {
        if (NR < fewest) { printf "%s: seen %d times\n", what, NR; exit 1 }
        first = most(int(NR / 5) + 1, int(2 * NR / 5)); last = most(int(4 * NR / 5) + 1, NR)
        printf "%s: %.1f MiB in the second fifth, %.1f MiB in the last (%d samples)\n", what, first / 1024, last / 1024, NR
        exit last - first > 1024 + 0.005 * first ? 1 : 0 }' "rss.$rank" || fail "memory of rank $rank is not flat"
  done
}

"$shardwright" data synthetic --num-embeddings-per-feature 20000,3000,50 --multi-hot-sizes 2,10,1 --embedding-dim 16 \
  --samples 64000 --test-samples 640 --batch-size 64 -o data >said 2>&1 || fail "data"
"$shardwright" plan data/tables.json --topology ${ranks}xcpu-1GiB -o small.json >said 2>&1 || fail "plan"
watch train "$shardwright" train --data data --plan small.json --bottom-mlp 16,16 --top-mlp 16,1 --batch-size 64 --epochs "$steps" \
  --max-steps "$steps" --output out --no-save-model --metrics-file job.prom --compare-every 100 --overlap

"$shardwright" plan --num-embeddings-per-feature "$table_rows,$table_rows" --multi-hot-sizes 20,20 --embedding-dim 128 \
  --batch-size 128 --topology ${ranks}xcpu-8GiB --types table_wise -o large.json >said 2>&1 || fail "plan"
watch bench "$shardwright" bench large.json --steps "$steps" --json
sed -n 's/.*"\(predicted\|peak\)_bytes": \([0-9]*\).*/\1 \2/p' bench.out | awk '
  { bytes[$1] = $2; if (++seen % 2) next
    ratio = bytes["predicted"] / bytes["peak"]
    printf "bench: %.1f MB predicted, %.1f MB measured above the start: %.3f\n", bytes["predicted"] / 1e6, bytes["peak"] / 1e6, ratio
    if (ratio < 0.95 || ratio > 1.05) wrong = 1 }
  END { exit seen != 4 || wrong }' || fail "the peak is not within 5 % of the prediction"
