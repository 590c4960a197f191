#!/usr/bin/env bash
# Whole steps predicted and measured: at least twelve different plans of the same tables, measured five and five in one job
# each, in which they take their steps in turns (`shardwright bench`, embedding-only), and priced by a cost model for the speed
# that the processors had meanwhile. Prints what judge.awk says; KEEP=FILE adds the lines that it reads to a file.
#   bash tests/bench/whole_steps/run.sh BUILD_DIR COST_MODEL [RANKS]       # 2 ranks; COST_MODEL as --cost-model takes it
# From the environment: ROUNDS (1; in each, a plan is measured in five jobs), STEPS (20 of each plan in a job), PATIENCE (8 s
# in which to find so many that nobody else on the machine disturbs; above 0, as only then speeds are measured), TASKS
# ("dcnv2 pool_1"), PLANS (12 of each task, at least 8).
# With more ranks than cores, bench composes the step from phases that ranks run in turn.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
shardwright=$(cd "${1:?the build directory}" && pwd)/shardwright
cost_model=
for part in $(tr ',' ' ' <<<"${2:?a cost model, as --cost-model takes it}"); do
  [ ! -e "$part" ] || part=$(realpath "$part")
  cost_model+=${cost_model:+,}$part
done
ranks=${3:-2}
rounds=${ROUNDS:-1}
steps=${STEPS:-20}
export PATIENCE=${PATIENCE:-8}
wanted=${PLANS:-12}
[ "$wanted" -ge 8 ] || { echo "PLANS is $wanted: give 8 or more" >&2; exit 2; }
read -ra tasks <<<"${TASKS:-dcnv2 pool_1}"
source "$here/../measured_plans/plans.sh"
work=$(mktemp -d)
measured=$(realpath -m "${KEEP:-$work/measured}")
trap 'rm -rf "$work"' EXIT
cd "$work"

# A plan that no earlier algorithm or seed has made becomes NAME.json, NAME beginning with the task, its price NAME.json.planned.
add_plan() {  # TASK NAME ALGORITHM SEED
  local file=$1.$2.json id
  "$shardwright" plan "${tables[@]}" --topology "$topology" --batch-size $((samples_per_rank * ranks)) \
    --types table_wise,column_wise --cost-model "$cost_model" --algorithm "$3" --seed "$4" -o "$file" >/dev/null 2>said ||
    { [ $? = 4 ] || { cat said >&2; exit 1; }; return 0; }
  id=$(sed -n 's/.*"plan_id": *"\([0-9a-f]*\)".*/\1/p' "$file" | head -n 1)
  if grep -qs "^$id$" "$1.ids"; then rm "$file"; return 0; fi
  echo "$id" >>"$1.ids"
  predicted_ms "$file" >"$file.planned"
  echo "$1.$2" >>"$1.names"
}

make_plans() {  # TASK
  local tables topology algorithm seed
  tables_of "$1"
  topology_of "$ranks"
  for algorithm in search neuroshard torchrec_greedy torchrec_greedy_perf_32 size_greedy dim_greedy lookup_greedy \
    size_lookup_greedy round_robin; do
    add_plan "$1" "$algorithm" "$algorithm" 1
  done
  for ((seed = 1; $(wc -l <"$1.names") < wanted && seed <= 100; ++seed)); do
    add_plan "$1" "random_$seed" random "$seed"
  done
  [ "$(wc -l <"$1.names")" -ge 8 ] || { echo "$1: fewer than 8 different plans were found" >&2; return 1; }
}

predicted_ms() {  # PLAN.json [--probe PROBE]
  "$shardwright" rate "$1" --cost-model "$cost_model" --objective step "${@:2}" --json >rating.json 2>said ||
    { cat said >&2; return 1; }
  number_in rating.json cost_ms
}

# Of a task's plans, the five of a job: every two plans meet once to twice in as many jobs as there are plans (of 12), and each
# plan is once at each place, as the job's first plans are slower (its memory comes first) by 2 to 4 %.
members_of() {  # TASK JOB
  local names offset
  mapfile -t names <"$1.names"
  for offset in 0 1 2 4 7; do echo "${names[($2 + offset) % ${#names[@]}]}"; done
}

# Lines "TASK JOB PLAN PLANNED PREDICTED MEASURED", predicted for processors that do what they did meanwhile.
measure() {  # TASK JOB
  local task=$1 job=$2 members plan name ms probe predicted
  mapfile -t members < <(members_of "$task" "$job")
  bench_plans "$ranks" "$steps" "${members[@]/%/.json}" >"$task.benched"
  while read -r plan ms probe; do
    name=${plan#"$task".}
    predicted=$(predicted_ms "$plan" --probe "$probe")
    echo "$task $job ${name%.json} $(<"$plan.planned") $predicted $ms"
  done <"$task.benched"
}

for task in "${tasks[@]}"; do make_plans "$task"; done
for task in "${tasks[@]}"; do
  jobs=$((rounds * $(wc -l <"$task.names")))
  for ((job = 0; job < jobs; ++job)); do
    printf '\r%s: job %d of %d, %d s ' "$task" $((job + 1)) "$jobs" "$SECONDS" >&2
    measure "$task" "$job" >>"$measured"
  done
done
printf '\r%60s\r' '' >&2
awk -f "$here/judge.awk" "$measured"
