#!/usr/bin/env bash
# Which algorithm's plan trains fastest: the same tables, topology and cost model, every plan measured by
# `shardwright bench` (embedding-only), the algorithms taking turns, in an order that shifts from round to round.
# Prints a table: medians over the rounds, their spread, and the median of each round's time over that of search.
#   bash tests/bench/measured_plans/run.sh BUILD_DIR [RANKS …]         # 2 4 8
# From the environment: ROUNDS (at least, 3), SECONDS_IN_ALL (further rounds begin before, 420), COST_MODEL (the default),
# TASKS ("dcnv2 pool_1"), STEPS (10 of each measurement), PATIENCE (4 s in which to find so many that nobody else on the
# machine disturbs).
# With more ranks than cores, bench composes the step from phases that ranks run in turn.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
shardwright=$(cd "${1:?the build directory}" && pwd)/shardwright
shift
worlds=("$@")
[ ${#worlds[@]} -gt 0 ] || worlds=(2 4 8)
least=${ROUNDS:-3}
limit=${SECONDS_IN_ALL:-420}
cost_model=(${COST_MODEL:+--cost-model "$COST_MODEL"})
steps=${STEPS:-10}
read -ra tasks <<<"${TASKS:-dcnv2 pool_1}"
source "$here/plans.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

algorithms=(search neuroshard torchrec_greedy size_lookup_greedy)

make_plans() {  # RANKS TASK
  local ranks=$1 task=$2 tables topology algorithm
  tables_of "$task"
  topology_of "$ranks"
  for algorithm in "${algorithms[@]}"; do
    "$shardwright" plan "${tables[@]}" --topology "$topology" --batch-size $((samples_per_rank * ranks)) \
      --types table_wise,column_wise "${cost_model[@]}" --algorithm "$algorithm" \
      -o "$ranks.$task.$algorithm.json" >"$ranks.$task.$algorithm.said" 2>&1 ||
      echo "$ranks ranks, $task: $algorithm found no plan" >&2
  done
}

# Adds a line "ROUND MILLISECONDS" to the measurements of one plan.
measure() {  # ROUND RANKS TASK ALGORITHM
  local name=$2.$3.$4 ms
  [ -e "$name.json" ] || return 0
  printf '\rround %d, %d s: %-40s' "$1" "$SECONDS" "$2 ranks, $3, $4" >&2
  ms=$(step_ms "$name.json" "$2" "$steps")
  echo "$1 $ms" >>"$name.ms"
}

for ranks in "${worlds[@]}"; do
  for task in "${tasks[@]}"; do make_plans "$ranks" "$task"; done
done
rounds=0
SECONDS=0
# As long as one more round like those before ends in time.
while [ $rounds -lt "$least" ] || [ $((SECONDS + SECONDS / rounds)) -lt "$limit" ]; do
  rounds=$((rounds + 1))
  for ranks in "${worlds[@]}"; do
    for task in "${tasks[@]}"; do
      for ((i = 0; i < ${#algorithms[@]}; ++i)); do
        measure $rounds "$ranks" "$task" "${algorithms[(rounds + i) % ${#algorithms[@]}]}"
      done
    done
  done
done
printf '\r%70s\r' '' >&2

# A line of the table; its last word says on which side of search every round was.
line() {  # RANKS TASK ALGORITHM
  local name=$1.$2.$3 predicted
  [ -e "$name.ms" ] || { printf '| %s | %s | %s | no plan | | | | |\n' "$@"; return; }
  predicted=$(sed -n 's/^Predicted: \([0-9.]*\) ms.*/\1/p' "$name.said")
  awk -v ranks="$1" -v task="$2" -v algorithm="$3" -v predicted="$predicted" '
    function sort(v, n,  i, j, x) {
      for (i = 2; i <= n; ++i) { x = v[i]; for (j = i - 1; j > 0 && v[j] > x; --j) v[j + 1] = v[j]; v[j + 1] = x }
    }
    function median(v, n) { sort(v, n); return (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2 }
    FNR == NR { ours[$1] = $2; next }
    { ms[++n] = $2; ratio[n] = $2 / ours[$1] }
    END {
      middle = median(ms, n); paired = median(ratio, n)
      verdict = algorithm == "search" ? "" : ratio[1] > 1 ? "slower" : ratio[n] < 1 ? "faster" : "within noise"
      printf "| %s | %s | %s | %s | %.2f | %.2f–%.2f | %.3f (%.3f–%.3f) | %s |\n", ranks, task, algorithm, predicted, middle,
        ms[1], ms[n], paired, ratio[1], ratio[n], verdict
    }' "$1.$2.search.ms" "$name.ms"
}

printf '| ranks | tables | algorithm | predicted ms | measured ms, median of %d | least–most | over search, paired | |\n' $rounds
printf '|---|---|---|---|---|---|---|---|\n'
for ranks in "${worlds[@]}"; do
  for task in "${tasks[@]}"; do
    for algorithm in "${algorithms[@]}"; do line "$ranks" "$task" "$algorithm"; done
  done
done
