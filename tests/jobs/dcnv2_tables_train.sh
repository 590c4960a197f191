#!/usr/bin/env bash
# MLPerf DCNv2's 26 tables, rows divided by 40, pooling as in MLPerf, 128 columns, train on 2 ranks that may not take
# more than 6 GiB of address space each: 12 GiB together bound their memory.
#   dcnv2_tables_train.sh SHARDWRIGHT MPIRUN [STEPS]
set -euo pipefail
shardwright=$1
mpirun=$2
steps=${3:-3}
batch=2048
rows=40000000,39060,17295,7424,20265,3,7122,1543,63,40000000,3067956,405282,10,2209,11938,155,4,976,14,40000000,40000000,40000000,590152,12973,108,36
hot=3,2,1,2,6,1,1,1,1,7,3,8,1,6,9,5,1,1,1,12,100,27,10,3,1,1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$shardwright" data synthetic --num-embeddings-per-feature $rows --multi-hot-sizes $hot --embedding-dim 128 \
  --rows-divided-by 40 --samples $((steps * batch)) --test-samples $batch --batch-size $batch -o data
"$shardwright" plan data/tables.json --topology 2xcpu-6GiB -o plan.json
cat >train.json <<'JSON'
{"schema": "shardwright.train/1", "bottom_mlp": [64, 128], "top_mlp": [128, 64, 1], "optimizer": "rowwise_adagrad",
 "learning_rate": 0.01}
JSON
limit=$((6 * 1024 * 1024))  # KiB
"$mpirun" -n 2 bash -c 'ulimit -v "$1" && shift && exec "$@"' limited $limit \
  "$shardwright" train train.json --data data --plan plan.json --output run --no-save-model | tee said
grep -qE '[0-9]+ samples/s' said || { echo "FAILED: no samples/s"; exit 1; }
