#!/usr/bin/env bash
# Loading a checkpoint takes no more memory than the shards need: training that goes on from one has the peak of
# training that starts anew, and a small part more. Prints the speed of writing and reading beside dd's on the same disk.
#   large_checkpoint.sh SHARDWRIGHT MPIRUN [MIB [FOLDER]]      default 128 MiB; at 4096 it takes 9 GiB of disk
set -euo pipefail
shardwright=$1
mpirun=$2
mib=${3:-128}
work=$(mktemp -d "${4:-${TMPDIR:-/tmp}}/large_checkpoint.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; [ ! -f said ] || tail -n 20 said; exit 1; }
rows=$((mib * 1048576 / 65 / 4 / 2)) # of two tables, 64 columns of weights and one number of state each

"$shardwright" data synthetic --num-embeddings-per-feature $rows,$rows --embedding-dim 64 --samples 64 --test-samples 64 \
  --batch-size 32 -o data >said 2>&1 || fail "data"
plan() { "$shardwright" plan data/tables.json --topology "$2" --types "$3" --cost-model analytic --work-limit 2000 -o "$1.json" >said 2>&1 || fail "plan"; }
plan rows 2xcpu-16GiB row_wise
plan columns 3xcpu-16GiB column_wise

# Says what a rank's peak of resident memory was, in bytes.
cat >peak.py <<'PY'
import os, resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
rank = os.environ["OMPI_COMM_WORLD_RANK"]
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
open(f"peak.{rank}", "w").write(f"{peak}\n")
sys.exit(code)
PY
# run RANKS PLAN OUTPUT …: trains to step 1, and leaves the ranks' peaks.
run() {
  rm -f peak.?
  "$mpirun" -n "$1" --bind-to none python3 peak.py "$shardwright" train --data data --plan "$2.json" --bottom-mlp 8,64 \
    --top-mlp 8,1 --max-steps 1 --no-save-model --output "$3" "${@:4}" >summary 2>said || fail "training"
}
peak() { sort -n peak.? | tail -n 1; }
mb() { echo $(($1 / 1000000)) MB; }

run 2 rows fresh
fresh=$(peak)
run 2 rows out --checkpoint-every 1steps
checkpoint=out/checkpoints/step-000000000001
seconds=$(sed -n 's/.*"event":"checkpoint".*"seconds":\([^,}]*\).*/\1/p' out/metrics.jsonl)
bytes=$(cat $checkpoint/*.safetensors | wc -c)
shard=$(stat -c %s $checkpoint/rank-00000.safetensors)
run 2 rows out
grep -q "Going on from $checkpoint" said || fail "it starts anew"
loaded=$(peak)
run 3 columns out
grep -q "Going on from $checkpoint" said || fail "it starts anew on three ranks"
echo "checkpoint of $(mb "$bytes"), $(mb "$shard") a rank on two; peak of a rank: $(mb "$fresh") starting anew, $(mb "$loaded") going on," \
  "$(mb "$(peak)") going on by columns on three"
echo "beyond its shards: $(mb $((loaded - shard))) on two ranks, $(mb $(($(peak) - bytes / 3))) on three"
# As much again would be one whole table, or all of a rank's shards.
[ $((loaded - fresh)) -lt $((shard / 2)) ] || fail "loading takes $(mb $((loaded - fresh))) more than training"
[ $((loaded - shard)) -le $((512 << 20)) ] && [ $(($(peak) - bytes / 3)) -le $((512 << 20)) ] || fail "more than 512 MiB beyond the shards"

forget() { dd of="$1" oflag=nocache conv=notrunc,fdatasync count=0 status=none; } # what the system has of it in memory
speed() { awk -v what="$1" -v bytes="$bytes" -v s="$2" 'BEGIN { printf "%s: %.3g GB/s\n", what, bytes / s / 1e9 }'; }
# timed NAME COMMAND …
timed() {
  local began=${EPOCHREALTIME/./}
  "${@:2}" >said 2>&1 || fail "$1"
  speed "$1" "$(((${EPOCHREALTIME/./} - began)))e-6"
}
speed "checkpoint written" "$seconds"
timed "dd written, with fsync" dd if=/dev/zero of=copy bs=4M count=$((bytes / 4194304)) conv=fsync
for file in $checkpoint/*.safetensors copy; do forget "$file"; done
timed "checkpoint read and verified, one process" "$shardwright" checkpoint verify $checkpoint
timed "dd read" dd if=copy of=/dev/null bs=4M
