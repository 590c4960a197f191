#!/usr/bin/env bash
# Lines in the Criteo format become a trained model: 2 ranks learn 20 lines by heart.
#   criteo_trains.sh SHARDWRIGHT MPIRUN
set -euo pipefail
shardwright=$1
mpirun=$2
lines=$(cd "$(dirname "$0")/../data" && pwd)/criteo_20.tsv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; exit 1; }

"$shardwright" data criteo "$lines" --test "$lines" --rows 100 --embedding-dim 8 -o data
"$shardwright" plan data/tables.json --batch-size 20 --topology 2xcpu-1GiB -o plan.json
cat >train.json <<'JSON'
{"schema": "shardwright.train/1", "bottom_mlp": [16, 8], "top_mlp": [16, 1], "batch_size": 20, "epochs": 60,
 "optimizer": "adagrad", "learning_rate": 0.05, "seed": 1}
JSON
"$mpirun" -n 2 "$shardwright" train train.json --data data --plan plan.json --output run
loss_of() { grep "\"event\":\"step\"" run/metrics.jsonl | "$1" -n 1 | sed 's/.*"loss":\([-+0-9.e]*\).*/\1/'; }
first=$(loss_of head) last=$(loss_of tail)
echo "loss $first at the first step, $last at the last"
awk -v first="$first" -v last="$last" 'BEGIN { exit !(last > 0 && last < first / 2) }' ||
  fail "the loss did not fall to less than half"
[ "$(grep -o '"features":' data/train/meta.json | wc -l)" -eq 1 ] || fail "meta.json has no features"
[ "$(ls data/train | grep -c '^feature_.*ids')" -eq 26 ] || fail "expected 26 features"
