#!/usr/bin/env bash
# The command in the header of what `profile` writes measures the same again, and files with the shorter one that was
# written before are gone on with.
#   profile_header.sh SHARDWRIGHT MPIRUN
set -euo pipefail
shardwright=$1
mpirun=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; cat ./*.csv said; exit 1; }
profile() { "$mpirun" "$@" >said 2>&1 || fail "mpirun $* exits with $?"; }
command_of() { sed -n 's/^# command: shardwright //p' "$1"; }
sets_of() { sed '/^#/d' "$1" | cut -d, -f 3,6,9; }  # their number, batch and tables

printf 'name,rows,dim,pooling\na,1000,16,2\nb,50,8,3\n' >'my pool.csv'
given="--pool 'my pool.csv' --memory 0.001 --variants 2 --most-pass-ms 0.2 --patience 0.05 --sets 1 --budget 1min"
eval "profile -n 1 '$shardwright' profile compute -o first.csv --tables 2-3 --seed 5 $given"
[ "$(command_of first.csv)" = "profile compute --device cpu --tables 2-3 --seed 5 --clock wall --repeat 1 $given" ] ||
  fail "the command lacks what was given"
for key in date version compiler; do grep -q "^# $key: ..*" first.csv || fail "the header lacks the $key"; done
eval "profile -n 1 '$shardwright' $(command_of first.csv) -o again.csv"
[ "$(sets_of first.csv)" = "$(sets_of again.csv)" ] || fail "the command in the header measures other sets"

cp 'my pool.csv' $'\xfd\n.csv'
profile -n 1 "$shardwright" profile compute -o odd.csv --pool $'\xfd\n.csv' --memory 0.001 --most-pass-ms 0.2 --sets 1 --variants 1
"$shardwright" evaluate cpu-epyc9004-compute odd.csv >said 2>&1 || fail "a file's name makes the timings unreadable"

sed -i "s/^\(# command: .* --repeat 1\) .*/\1/" first.csv
eval "profile -n 1 '$shardwright' profile compute -o first.csv --tables 2-3 --seed 5 ${given/--sets 1/--sets 2}"
[ "$(sed '/^#/d' first.csv | wc -l)" -eq 5 ] || fail "a file of before is not gone on with"

profile -n 2 "$shardwright" profile comm -o comm.csv --most-bytes 512 --link 'two cores'
command_of comm.csv | grep -q -- "--link 'two cores'" || fail "the command lacks the link"
lines=$(wc -l <comm.csv)
sed -i "s/ --link 'two cores'//" comm.csv
profile -n 2 "$shardwright" profile comm -o comm.csv --most-bytes 512 --link 'two cores'
[ "$(wc -l <comm.csv)" -eq "$lines" ] || fail "calls are measured again"
