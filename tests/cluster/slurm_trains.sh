#!/usr/bin/env bash
# Four ranks under Slurm, started by srun, by `launch` in an allocation and by the script that `launch` prints, train to
# the same bits as four ranks under mpirun.
#   slurm_trains.sh SHARDWRIGHT
set -euo pipefail
shardwright=$1
here=$(cd "$(dirname "$0")" && pwd)
if [ "${2:-}" != beside_slurm ]; then exec bash "$here/slurm.sh" bash "$here/slurm_trains.sh" "$shardwright" beside_slurm; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
source "$here/same_training.sh"
prepare
PATH=$(dirname "$shardwright"):$PATH
"$shardwright" launch -n 4 -- "${train[@]}" --output plain --json >plain.json 2>said || fail "launch"

srun --ntasks=4 --mpi=pmix --kill-on-bad-exit=1 "$shardwright" "${train[@]}" --output srun --json >srun.json 2>said ||
  fail "srun"
same plain srun
srun --ntasks=2 --mpi=none "$shardwright" "${train[@]}" --output none >said 2>&1 && fail "srun --mpi=none trained two jobs"
grep -q "start them with .srun --mpi=pmix" said || fail "srun --mpi=none: no word of --mpi=pmix"
[ ! -e none ] || fail "srun --mpi=none wrote something"

{ echo "#!/bin/bash"; echo "exec \"$shardwright\" launch -- ${train[*]} --output allocation --json >allocation.json"; } >allocation.sh
sbatch --wait --ntasks=4 --output=said allocation.sh >/dev/null || fail "launch in an allocation"
grep -q "^mpirun -n 4 --host " said || fail "launch does not use the allocation"
same plain allocation

"$shardwright" launch -n 4 --print slurm -- "${train[@]}" --output printed --json >printed.sh
sbatch --wait --output=printed.json --error=said printed.sh >/dev/null || fail "the printed script"
same plain printed
