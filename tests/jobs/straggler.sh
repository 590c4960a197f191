#!/usr/bin/env bash
# A rank that is slow is reported with the table that makes it so: here one whose bags hold 150 times the ids that the
# plan was made for.
#   straggler.sh SHARDWRIGHT MPIRUN
set -euo pipefail
shardwright=$1
mpirun=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; cat said; exit 1; }

"$shardwright" data synthetic --num-embeddings-per-feature 20000,20000,20000 --multi-hot-sizes 2,300,2 --embedding-dim 32 \
  --samples 9216 --test-samples 64 --batch-size 768 -o data >said 2>&1 || fail "data"
sed 's/"pooling": *300[.0]*/"pooling": 2/' data/tables.json >tables.json
! cmp -s tables.json data/tables.json || fail "no pooling of 300 in tables.json"
"$shardwright" plan tables.json --topology 3xcpu-1GiB --types table_wise -o plan.json >said 2>&1 || fail "plan"
read -r rank table < <(python3 - <<'PY'
import json
plan = json.load(open("plan.json"))
name = json.load(open("data/tables.json"))["tables"][1]["name"]
assert len({shard["rank"] for shard in plan["shards"]}) == 3, "not a table on each rank"
print(*(shard["rank"] for shard in plan["shards"] if shard["table"] == name), name)
PY
)
"$mpirun" -n 3 --bind-to none "$shardwright" train --data data --plan plan.json --bottom-mlp 8,32 --top-mlp 8,1 \
  --output out >said 2>&1 || fail "train"
grep '^Straggler' said || fail "no straggler"
grep -A 1 "^Straggler: rank $rank on $(hostname) takes .* ms for \(lookup\|update\) " said | grep -q "  Table $table has most of that" ||
  fail "rank $rank and its table $table are not named"
grep -q '"stragglers":\[{' out/metrics.jsonl || fail "not in the summary of metrics.jsonl"
