#!/usr/bin/env bash
# `bench` of two plans in one job: a table for people, a document that the benchmarks' scripts read, and plans of other tables
# refused before anything is timed.
#   bench_plans.sh SHARDWRIGHT MPIRUN
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
shardwright=$1
mpirun=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf 'name,rows,dim,pooling\na,1000,16,2\nb,2000,32,3\n' >tables.csv
printf 'name,rows,dim,pooling\na,1000,16,2\nb,2000,64,3\n' >others.csv
plan() {  # TABLES FILE ALGORITHM
  "$shardwright" plan "$1" --topology 2xcpu-1GiB --batch-size 64 --algorithm "$3" -o "$2" >said 2>&1 || { cat said; exit 1; }
}
plan tables.csv one.json search
plan tables.csv two.json round_robin
plan others.csv other.json search

"$mpirun" -n 2 "$shardwright" bench one.json two.json --steps 3 >table.txt
for line in '^one\.json .* 1\.000 (1\.000 to 1\.000)$' '^two\.json ' '^medians of 3 turns; 2 ranks'; do
  grep -q "$line" table.txt || { echo "not said: $line"; cat table.txt; exit 1; }
done

"$mpirun" -n 2 "$shardwright" bench one.json two.json --steps 3 --patience 0.1 --json >bench.json
awk -f "$here/../bench/measured_plans/benched_plans.awk" bench.json >benched
awk '$1 != (NR == 1 ? "one.json" : "two.json") || !($2 > 0) || $3 !~ /^[0-9.]+\/[0-9.]+\/[0-9.]+$/ { wrong = 1 }
  END { exit wrong || NR != 2 }' benched || { echo "not PLAN MS PROBE of two plans:"; cat benched; exit 1; }

if "$mpirun" -n 2 "$shardwright" bench one.json other.json --steps 3 >said 2>&1; then
  echo "plans of different tables were compared"; exit 1
fi
grep -q 'is of other tables' said || { cat said; exit 1; }
