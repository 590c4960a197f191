#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test.
#   bash tests/run.sh [--all] [--preset PRESET] [CTEST OPTION …]
#     --all            long matrices in full; otherwise a sample of them, by SHARDWRIGHT_TEST_SEED
#     --preset PRESET  default release
#     CTEST OPTION     for example -L unit, -R Planner
set -euo pipefail
cd "$(dirname "$0")/.."

preset=release
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --all) export SHARDWRIGHT_TEST_ALL=1 ;;
    --preset) preset=$2; shift ;;
    *) options+=("$1") ;;
  esac
  shift
done

bash launch/install_packages.sh
bash launch/build.sh "$preset"
ranks=8
source launch/mpi_environment.sh
[ ${#mpirun_flags[@]} -eq 0 ] || export OMPI_MCA_rmaps_base_oversubscribe=1
export OMP_NUM_THREADS=1
ctest --test-dir "build/$preset" --parallel "$(env -u OMP_NUM_THREADS nproc)" --output-on-failure --no-tests=error \
  --output-junit test_results.xml "${options[@]}"
