#!/usr/bin/env bash
# Which algorithm's plan trains fastest: the same tables, topology and cost model, every plan measured by
# `shardwright bench` (embedding-only), the algorithms taking turns over ROUNDS rounds. Prints medians.
#   bash tests/bench/measured_plans/run.sh BUILD_DIR [RANKS] [ROUNDS] [COST_MODEL]
# With more ranks than cores, bench composes the step from phases that ranks run in turn.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
shardwright=$(cd "$1" && pwd)/shardwright
ranks=${2:-2}
rounds=${3:-5}
cost_model=${4:-analytic}
source "$here/../../../launch/mpi_environment.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

algorithms=(search neuroshard torchrec_greedy size_lookup_greedy)
dcnv2=(--num-embeddings-per-feature 1000000,976,432,185,506,3,178,38,4,1000000,76699,10132,10,55,298,4,4,24,14,1000000,1000000,1000000,14753,324,4,4
  --multi-hot-sizes 3,2,1,2,6,1,1,1,1,7,3,8,1,6,9,5,1,1,1,12,100,27,10,3,1,1 --embedding-dim 128)
for seed in 1 2 3; do
  awk -v count=24 -v seed=$seed -f "$here/draw_tables.awk" "$here/../../../data/table_pool/production_table_pool.csv" >pool_$seed.csv
done
tasks=(dcnv2 pool_1 pool_2 pool_3)

for task in "${tasks[@]}"; do
  tables=("$task.csv")
  [ "$task" != dcnv2 ] || tables=("${dcnv2[@]}")
  for algorithm in "${algorithms[@]}"; do
    "$shardwright" plan "${tables[@]}" --topology "${ranks}xcpu-6GiB" --batch-size $((2048 * ranks)) \
      --types table_wise,column_wise --cost-model "$cost_model" --algorithm "$algorithm" -o "$task.$algorithm.json" \
      >"$task.$algorithm.said" 2>&1 || echo "$task: $algorithm found no plan" >&2
  done
done

number() { sed -n "s/.*\"$1\": *\([-+0-9.e]*\).*/\1/p" | head -n 1; }
median() { sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
for ((round = 1; round <= rounds; ++round)); do
  for task in "${tasks[@]}"; do
    for algorithm in "${algorithms[@]}"; do
      [ -e "$task.$algorithm.json" ] || continue
      printf '\rround %d of %d: %-30s' "$round" "$rounds" "$task $algorithm" >&2
      mpirun -n "$ranks" "${mpirun_flags[@]}" "$shardwright" bench "$task.$algorithm.json" --steps 10 --warmup 2 \
        --json 2>/dev/null | number samples_per_s >>"$task.$algorithm.rate"
    done
  done
done
printf '\r%60s\r' '' >&2

printf '| tables | algorithm | predicted ms | measured ms, median of %d | samples/s | time, search = 1 |\n|---|---|---|---|---|---|\n' "$rounds"
for task in "${tasks[@]}"; do
  best=$(median <"$task.search.rate")
  for algorithm in "${algorithms[@]}"; do
    [ -e "$task.$algorithm.rate" ] || { printf '| %s | %s | no plan | | | |\n' "$task" "$algorithm"; continue; }
    predicted=$(sed -n 's/^Predicted: \([0-9.]*\) ms.*/\1/p' "$task.$algorithm.said")
    rate=$(median <"$task.$algorithm.rate")
    awk -v task="$task" -v algorithm="$algorithm" -v predicted="$predicted" -v rate="$rate" -v best="$best" \
      -v batch=$((2048 * ranks)) 'BEGIN { printf "| %s | %s | %s | %.2f | %.0f | %.3f |\n", task, algorithm, predicted,
        1000 * batch / rate, rate, best / rate }'
  done
done
