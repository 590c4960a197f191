#!/usr/bin/env bash
# The loop: a job records the timings of its own steps, a cost model is fitted to them, and says better than before what
# that job takes. Jobs on several plans of the same tables record; the last job, on a plan of its own, is only predicted.
#   bash tests/bench/refit_loop/run.sh BUILD_DIR MODEL [RANKS]        # MODEL: a compute model, a file or a shipped name; 2
# From the environment: PLANS (5 that record), STEPS (300 of each job), DTYPE (fp32; of the weights).
# Prints the errors of `evaluate` on the job's own timings, before and after: of the timings fitted, and of a job kept aside.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
shardwright=$(cd "${1:?the build directory}" && pwd)/shardwright
model=${2:?a compute model}
[ ! -e "$model" ] || model=$(realpath "$model")
ranks=${3:-2}
plans=${PLANS:-5}
steps=${STEPS:-300}
source "$here/../measured_plans/plans.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
run() { "$@" >said 2>&1 || { echo "$*" >&2; cat said >&2; exit 1; }; }

tables_of pool_1
# A dense model takes vectors of one width.
awk -F, -v OFS=, -v dtype="${DTYPE:-fp32}" \
  'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == "dim") column = i } NR > 1 { $column = 32 } { print $0, (NR > 1 ? dtype : "dtype") }' \
  "${tables[0]}" >one_width.csv
tables=(one_width.csv)
batch=$((samples_per_rank * ranks))
train_on() {  # NAME TIMINGS: a job of the plan NAME.json
  run "$shardwright" plan "${tables[@]}" --topology "${ranks}xcpu-6GiB" --batch-size $batch --types table_wise \
    --cost-model "$model" --algorithm "${3:-random}" --seed "${1#plan_}" -o "$1.json"
  printf '\r%d s: %-30s' "$SECONDS" "$1" >&2
  source "$here/../../../launch/mpi_environment.sh"
  run mpirun -n "$ranks" "${mpirun_flags[@]}" "$shardwright" train --data data --plan "$1.json" --batch-size $batch \
    --optimizer rowwise_adagrad --learning-rate 0.01 --max-steps "$steps" --epochs 1000 --record-timings "$2"
}
error() {  # MODEL TIMINGS
  "$shardwright" evaluate "$1" "$2" --json | sed -n 's/^  "geometric_mean_error": *\([-+0-9.e]*\).*/\1/p' | head -n 1
}
show() {  # WHAT BEFORE AFTER
  awk -v what="$1" -v before="$2" -v after="$3" \
    'BEGIN { printf "%s: before=%.1f%% after=%.1f%%\n", what, 100 * before, 100 * after; exit !(after < before) }'
}

run "$shardwright" data synthetic "${tables[@]}" -o data --samples $((20 * batch))
for ((i = 1; i <= plans; ++i)); do train_on "plan_$i" fitted.csv; done
train_on plan_$((plans + 1)) aside.csv search
printf '\r%40s\r' '' >&2
run "$shardwright" fit fitted.csv --from "$model" -o refitted.json
better=0
show "timings fitted" "$(error "$model" fitted.csv)" "$(error refitted.json fitted.csv)" || better=1
show "a job kept aside" "$(error "$model" aside.csv)" "$(error refitted.json aside.csv)" || better=1
exit $better
