#!/usr/bin/env bash
# What metrics and tracing cost a training: the same job with all of them and with none of them, in pairs.
#   metrics_cost.sh [SHARDWRIGHT] [RANKS] [PAIRS]      default build/release/shardwright, 2, 5
# Per pair: milliseconds a step with none and with all, their ratio, the job's own account of the time; then the medians.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
shardwright=$(realpath "${1:-$root/build/release/shardwright}")
ranks=${2:-2}
pairs=${3:-5}
source "$root/launch/mpi_environment.sh"
export OMP_NUM_THREADS=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$shardwright" data movielens "$root/data/movielens_latest_small" --batch-size 2048 -o data >/dev/null 2>&1
"$shardwright" plan data/tables.json --topology "${ranks}xcpu-1GiB" --types table_wise,column_wise -o plan.json >/dev/null 2>&1
job=(mpirun -n "$ranks" "${mpirun_flags[@]}" "$shardwright" train "$root/launch/recipes/movielens.json" --data data
  --plan plan.json --epochs 10 --json)
all=(--output out --no-save-model --metrics-port 0 --metrics-file job.prom --tensorboard charts --trace trace.json --compare-every 100)

figure() { sed -n "s/^ *\"$2\": \([0-9.e+-]*\),*$/\1/p" "$1" | tail -n 1; }
ms_per_step() { awk -v s="$(figure "$1" seconds)" -v n="$(figure "$1" steps)" 'BEGIN { print 1000 * s / n }'; }
for ((pair = 1; pair <= pairs; pair++)); do
  rm -rf out charts
  "${job[@]}" >none.json 2>said || { cat said; exit 1; }
  "${job[@]}" "${all[@]}" >all.json 2>said || { cat said; exit 1; }
  echo "$(ms_per_step none.json) $(ms_per_step all.json) $(figure all.json share_of_step_time)" >>pairs
done
printf '%s\n' "pair  none  all  ratio  own account"
awk '{ printf "%4d  %.3f  %.3f  %.4f  %.3f %%\n", NR, $1, $2, $2 / $1, 100 * $3 }' pairs
median() { sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
printf 'median of %d pairs: ratio %.4f, own account %.3f %%\n' "$pairs" "$(awk '{ print $2 / $1 }' pairs | median)" \
  "$(awk '{ print 100 * $3 }' pairs | median)"
