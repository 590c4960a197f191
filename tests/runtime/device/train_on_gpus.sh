#!/usr/bin/env bash
# Trains the same model on the CPU as one rank and on a GPU that two ranks share, and compares the losses.
#   bash train_on_gpus.sh SHARDWRIGHT MPIRUN
set -euo pipefail
shardwright=$1 mpirun=$2
if "$shardwright" version | grep -q 'no CUDA'; then echo "skipped: no CUDA device"; exit 0; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/tables.json" <<'END'
{"schema": "shardwright.tables/1", "batch_size": 256, "tables": [
  {"name": "a", "rows": 3000, "dim": 16, "pooling": 3}, {"name": "b", "rows": 500, "dim": 16, "mode": "mean", "pooling": 2},
  {"name": "c", "rows": 20000, "dim": 16}]}
END
"$shardwright" data synthetic "$work/tables.json" -o "$work/data" --samples 8000 >/dev/null
"$shardwright" plan "$work/data/tables.json" --topology 2xcpu-1GiB --types table_wise,column_wise,row_wise -o "$work/plan.json" >/dev/null
"$shardwright" train --data "$work/data" --output "$work/cpu" --no-save-model >/dev/null
"$mpirun" -n 2 "$shardwright" train --data "$work/data" --plan "$work/plan.json" --output "$work/cuda" --device cuda \
  --allow-shared-gpu --no-save-model
python3 - "$work" <<'END'
import json, sys
def losses(run):
    lines = map(json.loads, open(f"{sys.argv[1]}/{run}/metrics.jsonl"))
    return [line["loss"] for line in lines if line["event"] == "step"]
cpu, cuda = losses("cpu"), losses("cuda")
assert len(cpu) == len(cuda) > 10, (len(cpu), len(cuda))
worst = max(abs(a - b) / a for a, b in zip(cpu, cuda))
print(f"largest relative loss difference {worst:.3g} over {len(cpu)} steps")
assert worst <= 1e-5
END
