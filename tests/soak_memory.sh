#!/usr/bin/env bash
# Nothing grows: the resident memory of two ranks over many steps. First `train`, with all that it keeps a record with
# (metrics, comparisons with the plan, reading ahead, overlap): what its metrics say of the second fifth of the steps and
# of the last. Then `bench` of tables that fill the ranks: its peak above the start after a tenth of the steps and after
# all of them, which must be within 5 % of what the plan predicts.
#   soak_memory.sh [STEPS] [SHARDWRIGHT] [MPIRUN]      default 10000, build/release/shardwright, mpirun; at least 500 steps
# From the environment: TABLE_ROWS (4500000), of D = 128: 2.3 GB for each rank. Growth is more than 1 MiB and 0.5 %.
set -euo pipefail
steps=${1:-10000}
root=$(cd "$(dirname "$0")/.." && pwd)
shardwright=$(realpath "${2:-$root/build/release/shardwright}")
mpirun=${3:-mpirun}
table_rows=${TABLE_ROWS:-4500000}
ranks=2
source "$root/launch/mpi_environment.sh"
export OMP_NUM_THREADS=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() {
  echo "FAILED: $*"
  [ ! -f said ] || tail -n 20 said
  exit 1
}
on_ranks() { "$mpirun" -n $ranks "${mpirun_flags[@]}" "$shardwright" "$@" 2>said || fail "$1 ended with $?"; }

# is_flat WHAT BEFORE AFTER, in bytes: says both; whether it has not grown.
is_flat() {
  awk -v what="$1" -v before="$2" -v after="$3" 'BEGIN {
    printf "%s: %.1f MB, then %.1f MB\n", what, before / 1e6, after / 1e6
    exit before > 0 && after - before <= 1048576 + 0.005 * before ? 0 : 1 }'
}

# An epoch of 100 steps: then all of the data, which is mapped, has been seen before the second fifth.
"$shardwright" data synthetic --num-embeddings-per-feature 20000,3000,50 --multi-hot-sizes 2,10,1 --embedding-dim 16 \
  --samples 6400 --test-samples 64 --batch-size 64 -o data >said 2>&1 || fail "data"
"$shardwright" plan data/tables.json --topology ${ranks}xcpu-1GiB -o small.json >said 2>&1 || fail "plan"
on_ranks train --data data --plan small.json --bottom-mlp 16,16 --top-mlp 16,1 --batch-size 64 --epochs "$steps" \
  --max-steps "$steps" --output out --no-save-model --metrics-file job.prom --compare-every 100 --overlap >train.out
mapfile -t resident < <(sed -n 's/.*"event":"step".*"resident_bytes":{"max":\([0-9]*\).*/\1/p' out/metrics.jsonl)
[ ${#resident[@]} -eq "$steps" ] || fail "metrics of ${#resident[@]} steps"
most() { printf '%s\n' "$@" | sort -n | tail -n 1; }
fifth=$((steps / 5))
is_flat "train, $steps steps" "$(most "${resident[@]:fifth:fifth}")" "$(most "${resident[@]:steps-fifth}")" || fail "memory grows"

"$shardwright" plan --num-embeddings-per-feature "$table_rows,$table_rows" --multi-hot-sizes 20,20 --embedding-dim 128 \
  --batch-size 128 --topology ${ranks}xcpu-8GiB --types table_wise -o large.json >said 2>&1 || fail "plan"
figures() { sed -n "s/.*\"$1_bytes\": \([0-9]*\).*/\1/p" "$2" | sort -n | tail -n 1; }
on_ranks bench large.json --steps $((steps / 10)) --json >tenth.json
on_ranks bench large.json --steps "$steps" --json >all.json
is_flat "bench, $((steps / 10)) and $steps steps" "$(figures peak tenth.json)" "$(figures peak all.json)" || fail "memory grows"
awk -v predicted="$(figures predicted all.json)" -v peak="$(figures peak all.json)" 'BEGIN {
  printf "bench: %.1f MB predicted, %.1f MB measured above the start: %.3f\n", predicted / 1e6, peak / 1e6, predicted / peak
  exit predicted > 0.95 * peak && predicted < 1.05 * peak ? 0 : 1 }' || fail "the peak is not within 5 % of the prediction"
