#!/usr/bin/env bash
# What whole embedding-only steps of MLPerf's DCNv2 tables on two ranks take, with and without memory that both map, in turns:
# prints the milliseconds (medians of a run's steps) of every round, and the median ratio of neighbours. With Open MPI's single
# copy where the system allows it, and without. Needs two idle cores.
#   bash tests/bench/node_exchange/steps.sh BUILD_DIR [ROUNDS [STEPS]]     # 5 rounds of 10 steps each
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
shardwright=$(cd "${1:?the build directory}" && pwd)/shardwright
ranks=2
source "$here/../measured_plans/plans.sh"
source "$here/../../../launch/mpi_environment.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

tables_of dcnv2
topology_of $ranks
"$shardwright" plan "${tables[@]}" --topology "$topology" --batch-size $((samples_per_rank * ranks)) \
  --types table_wise,column_wise -o plan.json >said 2>&1 || { cat said >&2; exit 1; }

mechanisms=(cma none)
[ "${OMPI_MCA_btl_vader_single_copy_mechanism:-}" != none ] || mechanisms=(none)
for ((round = 1; round <= ${2:-5}; ++round)); do
  for mechanism in "${mechanisms[@]}"; do
    export OMPI_MCA_btl_vader_single_copy_mechanism=$mechanism
    memory=$(step_ms plan.json $ranks "${3:-10}")
    messages=$(SHARDWRIGHT_NODE_MEMORY=off step_ms plan.json $ranks "${3:-10}")
    echo "$mechanism $messages $memory" | tee -a ms
  done
done | awk '{ printf "single copy: %s, by messages %.2f ms, in memory %.2f ms, ratio %.3f\n", $1, $2, $3, $3 / $2; fflush() }'
for mechanism in "${mechanisms[@]}"; do
  awk -v of="$mechanism" '$1 == of { print $3 / $2 }' ms | sort -g |
    awk -v of="$mechanism" '{ r[NR] = $1 } END { printf "single copy: %s, median ratio %.3f (%.3f–%.3f)\n", of,
      (r[int((NR + 1) / 2)] + r[int(NR / 2) + 1]) / 2, r[1], r[NR] }'
done
