#!/usr/bin/env bash
# `profile probe` alone and on ranks: what it prints is what `plan --probe` takes.
#   profile_probe.sh SHARDWRIGHT MPIRUN
set -euo pipefail
shardwright=$1
mpirun=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; cat said; exit 1; }

printf 'name,rows,dim\na,1000,16\nb,50,16\n' >tables.csv
for ranks in 1 2; do
  "$mpirun" -n $ranks "$shardwright" profile probe >said 2>errors || { cat errors; fail "on $ranks ranks it exits with $?"; }
  [ "$(wc -l <said)" -eq 1 ] || fail "not one line on $ranks ranks"
  probe=$(cat said)
  "$shardwright" plan tables.csv --topology 2xcpu-1MiB --probe "$probe" -o plan.json >said 2>&1 || fail "plan exits with $?"
  grep -q '"gather_gb_s"' plan.json || fail "the plan does not have the probe"
done
