#!/usr/bin/env bash
# `doctor` as users start it: alone, on ranks, and on ranks that run different programs.
#   doctor.sh SHARDWRIGHT MPIRUN
set -euo pipefail
shardwright=$1
mpirun=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; cat said; exit 1; }

"$shardwright" doctor >said 2>&1 || fail "alone it exits with $?"
grep -q '^PASS  program  .* on 1 rank$' said && grep -q ' GB/s' said || fail "alone it does not say what it saw"

"$mpirun" -n 3 "$shardwright" doctor --json >said 2>errors || { cat errors; fail "on 3 ranks it exits with $?"; }
grep -q '"ranks": 3' said && grep -q '"check": "all-to-all"' said || fail "no document of 3 ranks"

{ cat "$shardwright"; echo; } >other
chmod +x other
code=0
"$mpirun" -n 1 "$shardwright" doctor : -n 1 ./other doctor >said 2>&1 || code=$?
[ $code -eq 7 ] || fail "with two programs it exits with $code"
grep -q '^FAIL  program .*rank 0 on .*rank 1 on ' said || fail "it does not say that the programs differ"
[ "$(grep -c 'Training would fail here' said)" -eq 1 ] || fail "not one message"
