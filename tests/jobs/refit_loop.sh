#!/usr/bin/env bash
# The loop closes: jobs record what their own steps take, a cost model is fitted to that, and says better than the shipped
# one what these jobs take. Their batches are so small that look-ups and updates are all overhead, of which the shipped
# model, fitted to 256 samples and more, knows little: it says a quarter of the time, and a busy machine only takes longer.
#   refit_loop.sh SHARDWRIGHT MPIRUN
set -euo pipefail
shardwright=$1
mpirun=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; cat said; exit 1; }
run() { "$@" >said 2>&1 || fail "$*"; }
error() {  # MODEL
  "$shardwright" evaluate "$1" timings.csv --json >errors.json 2>said || fail "evaluate $1"
  sed -n 's/^  "geometric_mean_error": *\([-+0-9.e]*\).*/\1/p' errors.json | head -n 1
}

run "$shardwright" data synthetic --num-embeddings-per-feature 50,200,30,400,100,60 --multi-hot-sizes 1,2,1,3,1,2 \
  --embedding-dim 8 --samples 160 --test-samples 64 --batch-size 8 -o data
for seed in 1 2 3; do  # a table set is what a rank has under a plan, and fits need five
  run "$shardwright" plan data/tables.json --topology 2xcpu-1GiB --types table_wise --algorithm random --seed $seed \
    -o plan_$seed.json
  run "$mpirun" -n 2 "$shardwright" train --data data --plan plan_$seed.json --bottom-mlp 8,8 --top-mlp 8,1 --epochs 10 \
    --max-steps 103 --record-timings timings.csv
done
run "$shardwright" fit timings.csv --from cpu-epyc9004-compute --epochs 100 -o refitted.json
before=$(error cpu-epyc9004-compute)
after=$(error refitted.json)
echo "error before $before, after $after"
awk -v before="$before" -v after="$after" 'BEGIN { exit !(after > 0 && after + 0 < before + 0) }' ||
  fail "the refitted model is no better"
run "$shardwright" plan data/tables.json --topology 2xcpu-1GiB --cost-model refitted.json -o better.json
grep -q "refitted, fitted to 30 timings" said || fail "another model priced the plan"
