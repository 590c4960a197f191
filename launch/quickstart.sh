#!/usr/bin/env bash
# From a fresh clone to a trained model, on Debian 12 (as root, or with sudo for missing packages): installs
# what is missing, builds, and runs the main job on MovieLens: data, plan, training on 4 ranks, and a
# comparison with an unsharded LibTorch program. A second start does not rebuild.
#   bash launch/quickstart.sh [--recipe CONFIG] [--output DIR] [--preset PRESET]
set -euo pipefail
cd "$(dirname "$0")/.."

recipe=launch/recipes/movielens.json
output=out/quickstart
preset=release
ranks=4
while [ $# -gt 0 ]; do
  case $1 in
    --recipe) recipe=$2 ;;
    --output) output=$2 ;;
    --preset) preset=$2 ;;
    *) echo "quickstart: unknown option $1; the head of $0 lists what there is" >&2; exit 2 ;;
  esac
  shift 2
done

say() { printf '\n== %s\n' "$*" >&2; }
run() { printf '$ %s\n' "$*" >&2; "$@"; }

say "Packages"
bash launch/install_packages.sh
say "Build (build/$preset)"
bash launch/build.sh "$preset" shardwright dlrm_reference
shardwright=build/$preset/shardwright
source launch/mpi_environment.sh

rm -rf "$output"/{data,plan.json,train,comparison.txt}  # of an earlier start
mkdir -p "$output"
say "1. Data: MovieLens ratings to training data and a table spec"
run "$shardwright" data movielens data/movielens_latest_small \
  --batch-size 2048 -o "$output/data"
say "2. Plan: place the tables on $ranks ranks"
run "$shardwright" plan "$output/data/tables.json" --topology "${ranks}xcpu-1GiB" \
  --types table_wise,column_wise -o "$output/plan.json"
say "3. Train: $ranks ranks over MPI"
run mpirun -n "$ranks" "${mpirun_flags[@]}" "$shardwright" train "$recipe" \
  --data "$output/data" --plan "$output/plan.json" --output "$output/train"
say "4. Compare: the same training, unsharded, by LibTorch alone"
printf '\nResults: %s (training data and tables.json), %s (who holds what, and predictions),\n%s (every step), %s (the model).\n\n' \
  "$output/data" "$output/plan.json" "$output/train/metrics.jsonl" "$output/train/model" >&2
run "build/$preset/dlrm_reference" "$recipe" --data "$output/data" \
  --compare "$output/train/metrics.jsonl" | tee "$output/comparison.txt"
