#!/usr/bin/env bash
# What an exchange of two ranks of one host takes, by messages and in memory that both have mapped: a table with Open MPI's
# single copy, where the system allows it, and one without, both in turns. Milliseconds, medians; ratios are medians of
# neighbours' ratios. An exchange is of blocks as large as the first column says, both ways: copied from one rank's memory
# to the other's; values that their receiver puts into its rows; gradients that their sender packs, and their receiver
# reads row by row. Needs two idle cores.
#   bash tests/bench/node_exchange/run.sh BUILD_DIR [REPEATS [ROUNDS]]     # 20 of each in each of 2 rounds
set -euo pipefail
build=$(cd "${1:?the build directory}" && pwd)
shardwright=$build/shardwright
ranks=2
source "$(dirname "$0")/../../../launch/mpi_environment.sh"
mechanisms=(cma none)
[ "${OMPI_MCA_btl_vader_single_copy_mechanism:-}" != none ] || mechanisms=(none)
for ((round = 1; round <= ${3:-2}; ++round)); do
  for mechanism in "${mechanisms[@]}"; do
    printf '\nround %d, single copy: %s\n' $round "$mechanism"
    echo '| block | copied: messages | memory | ratio | values: messages | memory | ratio | gradients: messages | memory | ratio |'
    echo '|---|---|---|---|---|---|---|---|---|---|'
    OMPI_MCA_btl_vader_single_copy_mechanism=$mechanism mpirun -n 2 "${mpirun_flags[@]}" \
      "$build/tests/bench/node_exchange/node_exchange_bench" "${2:-20}"
  done
done
