#!/usr/bin/env bash
# The memory that a plan predicts for its ranks is within 5 % of the peak that training measures, whatever the sharding
# type: once where weights decide, once where a large batch does.
#   memory_peak.sh SHARDWRIGHT MPIRUN
set -euo pipefail
shardwright=$1
mpirun=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >weights.csv <<'CSV'
name,rows,dim,pooling,optimizer
a,1000000,32,1,adagrad
b,500000,64,2,sgd
c,500000,16,5,rowwise_adagrad
CSV
cat >batch.csv <<'CSV'
name,rows,dim,pooling,optimizer
a,200000,64,20,sgd
b,100000,32,40,rowwise_adagrad
c,100000,128,10,sgd
CSV

# Eight tables, and around them the dense part that bench trains, most of whose memory a batch of 32,768 takes.
printf 'name,rows,dim,pooling,optimizer\n' >dense.csv
for table in a b c d e f g h; do echo "$table,50000,64,1,sgd"; done >>dense.csv
echo '{"schema": "shardwright.train/1", "read_ahead": 0, "bottom_mlp": [64, 64], "top_mlp": [128, 64, 1]}' >train.json

# measure TABLES BATCH TYPES [dense | overlap]: plans, trains three steps, compares rank by rank.
measure() {
  local of_bench=() of_plan=() reserved=0
  case "${4-}" in
    dense) of_bench=(--dense) of_plan=(--train-config train.json) ;;
    overlap) of_bench=(--overlap) of_plan=(--memory-model overlap) ;;
  esac
  "$shardwright" plan "$1.csv" --topology 2xcpu-8GiB --batch-size "$2" --types "$3" --work-limit 2000 "${of_plan[@]}" \
    -o plan.json >said 2>&1
  reserved=$(sed -n 's/.*"reserved_bytes": *\([0-9]*\).*/\1/p' plan.json | head -n 1)
  "$mpirun" -n 2 "$shardwright" bench plan.json --steps 2 --warmup 1 "${of_bench[@]}" --json >bench.json
  sed -n 's/.*"\(predicted\|peak\)_bytes": \([0-9]*\).*/\1 \2/p' bench.json |
    awk -v what="$*" -v reserved="${reserved:-0}" '
    { bytes[$1] = $2; if (++seen % 2) next
      bytes["predicted"] += reserved
      ratio = bytes["predicted"] / bytes["peak"]
      printf "%s: %.1f MB predicted, %.1f MB measured, %.3f\n", what, bytes["predicted"] / 1e6, bytes["peak"] / 1e6, ratio
      if (ratio < 0.95 || ratio > 1.05) wrong = 1 }
    END { if (seen != 4 || wrong) { print "FAILED: not within 5 %"; exit 1 } }'
}

measure weights 8192 table_wise,column_wise
measure weights 8192 row_wise
measure batch 32768 table_wise,column_wise
measure batch 32768 row_wise
measure batch 32768 table_wise,column_wise overlap
measure batch 32768 row_wise overlap
measure dense 32768 table_wise dense
