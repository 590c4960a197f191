#!/usr/bin/env bash
# A training of two ranks under `srun --mpi=pmix` is one job of two ranks, not two jobs of one.
#   slurm_trains.sh SHARDWRIGHT
set -euo pipefail
shardwright=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$shardwright" data movielens "$here/../../data/movielens_latest_small" -o "$work/data" 2>"$work/said"
"$shardwright" plan "$work/data/tables.json" --topology 2xcpu-1GiB -o "$work/plan.json" >"$work/said" 2>&1
bash "$here/slurm.sh" 2 "$shardwright" train "$here/../../launch/recipes/movielens.json" --data "$work/data" \
  --plan "$work/plan.json" --output "$work/run" --max-steps 20 --json >"$work/summary" || {
  status=$?
  cat "$work/summary"
  exit $status
}
cat "$work/summary"
grep -Eq '"ranks": *2\b' "$work/summary"
