#!/usr/bin/env bash
# Whole steps predicted and measured: at least twelve different plans of the same tables, each measured by `shardwright
# bench` (embedding-only, turns shifted from round to round) and priced by a cost model for the speed that the processors
# had meanwhile. Prints what judge.awk says; KEEP=FILE also keeps the lines that it reads.
#   bash tests/bench/whole_steps/run.sh BUILD_DIR COST_MODEL [RANKS]       # 2 ranks; COST_MODEL as --cost-model takes it
# From the environment: ROUNDS (3; the least of them counts), STEPS (10 of each measurement), PATIENCE (4 s in which to
# find so many that nobody else on the machine disturbs; above 0, as only then speeds are measured), TASKS ("dcnv2 pool_1"), PLANS (12 of each task).
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
rounds=${ROUNDS:-3}
steps=${STEPS:-10}
wanted=${PLANS:-12}
read -ra tasks <<<"${TASKS:-dcnv2 pool_1}"
source "$here/../measured_plans/plans.sh"
keep=${KEEP:+$(realpath -m "$KEEP")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# A plan that no earlier algorithm or seed has made becomes TASK.NAME.json.
add_plan() {  # TASK NAME ALGORITHM SEED
  local file=$1.$2.json id
  "$shardwright" plan "${tables[@]}" --topology "$topology" --batch-size $((samples_per_rank * ranks)) \
    --types table_wise,column_wise --cost-model "$cost_model" --algorithm "$3" --seed "$4" -o "$file" >/dev/null 2>said ||
    { [ $? = 4 ] || { cat said >&2; exit 1; }; return 0; }
  id=$(sed -n 's/.*"plan_id": *"\([0-9a-f]*\)".*/\1/p' "$file" | head -n 1)
  if grep -qs "^$id$" "$1.ids"; then rm "$file"; return 0; fi
  echo "$id" >>"$1.ids"
  echo "$2" >>"$1.names"
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
}

predicted_ms() {  # PLAN.json [--probe PROBE]
  "$shardwright" rate "$1" --cost-model "$cost_model" --objective step "${@:2}" --json >rating.json 2>said ||
    { cat said >&2; return 1; }
  number_in rating.json cost_ms
}

# "PREDICTED/MEASURED" of one turn: predicted for processors that do what they did meanwhile.
turn() {  # PLAN.json
  local ms predicted
  ms=$(step_ms "$1" "$ranks" "$steps")
  predicted=$(predicted_ms "$1" --probe "$(probe_of_bench)")
  echo "$predicted/$ms"
}

for task in "${tasks[@]}"; do make_plans "$task"; done
for ((round = 1; round <= rounds; ++round)); do
  for task in "${tasks[@]}"; do
    mapfile -t names <"$task.names"
    for ((i = 0; i < ${#names[@]}; ++i)); do
      name=$task.${names[(round + i) % ${#names[@]}]}
      printf '\rround %d of %d, %d s: %-50s' "$round" "$rounds" "$SECONDS" "$name" >&2
      turn "$name.json" >>"$name.turns"
    done
  done
done
printf '\r%80s\r' '' >&2
for task in "${tasks[@]}"; do
  while read -r name; do
    planned=$(predicted_ms "$task.$name.json")
    echo "$task $name $planned $(tr '\n' ' ' <"$task.$name.turns")"
  done <"$task.names"
done | tee "${keep:-/dev/null}" | awk -f "$here/judge.awk"
