#!/usr/bin/env bash
# A rank that is stopped does not hang the others: the job ends with exit code 6 and one message that names the rank,
# and nothing of it is left running.
#   stopped_rank.sh SHARDWRIGHT MPIRUN
set -euo pipefail
shardwright=$1
mpirun=$2
here=$(cd "$(dirname "$0")" && pwd)
source "$here/rank_process.sh"
work=$(mktemp -d)
job=""
# shellcheck disable=SC2317  # called by the trap
stop() {
  [ -z "$job" ] || kill -KILL "$job" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
cd "$work"
fail() { echo "FAILED: $*"; cat said; exit 1; }

"$shardwright" data synthetic --num-embeddings-per-feature 2000,300,50 --embedding-dim 8 --samples 640 --test-samples 64 \
  --batch-size 64 -o data >said 2>&1
plan() { "$shardwright" plan data/tables.json --topology "$1xcpu-1GiB" -o "$work/plan.json" >said 2>&1 || fail "plan"; }

# stopped RANKS RANK CONDITION COMMAND …: stops the rank once it meets the condition.
stopped() {
  local ranks=$1 rank=$2 condition=$3 code=0
  "$mpirun" -n "$ranks" --bind-to none "$shardwright" "${@:4}" --wait-limit-s 4 >summary 2>said &
  job=$!
  victim=""
  until [ -n "$victim" ] && $condition; do
    kill -0 $job 2>/dev/null || fail "$4 ended before rank $rank was stopped"
    find_process "$rank"
    sleep 0.05
  done
  kill -STOP "$victim"
  wait $job || code=$?
  job=""
  [ $code -eq 6 ] || fail "$4 ends with $code, not 6"
  [ "$(grep -c '^shardwright: ' said)" -eq 1 ] || fail "not one message"
  # Of two ranks whose turn it is, a third cannot know which one hangs.
  grep -qE "^shardwright: rank .* on .* for rank ($rank|$rank or [0-9]+|[0-9]+ or $rank), which hangs" said || fail "rank $rank is not named"
  none_left "$work" || fail "processes are left: $(cat left)"
  grep '^shardwright: ' said
}

takes_steps() { [ -s out/metrics.jsonl ]; }
plan 2
for rank in 0 1; do
  rm -rf out
  stopped 2 $rank takes_steps train --data "$work/data" --plan "$work/plan.json" --bottom-mlp 8,8 --top-mlp 8,1 \
    --epochs 1000000 --output out
done

# More ranks than cores: `bench` lets them take turns, which a stopped rank keeps.
cores=$(getconf _NPROCESSORS_ONLN)
[ "$cores" -le 8 ] || { echo "not tried: bench with $((cores + 1)) ranks"; exit 0; }
takes_turns() { grep -q /dev/shm/shardwright-turns "/proc/$victim/maps"; }
plan $((cores + 1))
stopped $((cores + 1)) 1 takes_turns bench "$work/plan.json" --steps 1000000 --batch-size 64
