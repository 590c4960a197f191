#!/usr/bin/env bash
# Exports a plan with whole, column-split and replicated tables to TorchRec, which loads it
# on two gloo ranks and trains a step.
#   run.sh SHARDWRIGHT SOURCE_FOLDER     (SHARDWRIGHT_TORCHREC_PYTHON: a Python that has torchrec)
set -euo pipefail
shardwright=$1
source_folder=$2
python=${SHARDWRIGHT_TORCHREC_PYTHON:-python3}
command -v "$python" >/dev/null || { echo "skipped: no $python"; exit 77; }
"$python" -c 'import torchrec' 2>/dev/null || { echo "skipped: $python has no torchrec"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >plan.json <<'JSON'
{"schema": "shardwright.plan/1", "batch_size": 8,
 "topology": {"ranks": [{"device": "cpu", "memory_bytes": 1000000000}, {"device": "cpu", "memory_bytes": 1000000000}]},
 "tables": [
  {"name": "whole", "rows": 100, "dim": 16}, {"name": "columns", "rows": 60, "dim": 16},
  {"name": "halves", "rows": 60, "dim": 16}, {"name": "copies", "rows": 20, "dim": 8}],
 "shards": [
  {"table": "whole", "type": "table_wise", "row_begin": 0, "row_end": 100, "col_begin": 0, "col_end": 16, "rank": 1},
  {"table": "columns", "type": "column_wise", "row_begin": 0, "row_end": 60, "col_begin": 0, "col_end": 12, "rank": 1},
  {"table": "columns", "type": "column_wise", "row_begin": 0, "row_end": 60, "col_begin": 12, "col_end": 16, "rank": 0},
  {"table": "halves", "type": "column_wise", "row_begin": 0, "row_end": 60, "col_begin": 0, "col_end": 8, "rank": 0},
  {"table": "halves", "type": "column_wise", "row_begin": 0, "row_end": 60, "col_begin": 8, "col_end": 16, "rank": 1},
  {"table": "copies", "type": "data_parallel", "row_begin": 0, "row_end": 20, "col_begin": 0, "col_end": 8, "rank": null}]}
JSON
"$shardwright" check plan.json
"$shardwright" export plan.json --to torchrec -o torchrec.json
"$shardwright" export plan.json --to torchrec-source -o sharding_plan.py
"$python" "$source_folder/tests/torchrec_exchange/train_step.py" torchrec.json sharding_plan.py plan.json \
  "$source_folder/planner/exchange"
