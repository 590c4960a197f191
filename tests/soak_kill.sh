#!/usr/bin/env bash
# Kills ranks of a training job, in every phase of its life, and lets the same command go on each time: the
# trained model must be that of a job which nothing disturbed, to the last bit.
#   soak_kill.sh N [SHARDWRIGHT] [MPIRUN]
# Ends with `N kills, N equal`, and fails unless all are. SHARDWRIGHT_TEST_SEED chooses the kills.
set -euo pipefail
wanted=$1
root=$(cd "$(dirname "$0")/.." && pwd)
shardwright=$(realpath "${2:-$root/build/release/shardwright}")
mpirun=${3:-mpirun}
ranks=2
source "$root/launch/mpi_environment.sh"
source "$root/tests/jobs/rank_process.sh"
[ ${#mpirun_flags[@]} -eq 0 ] || export OMPI_MCA_rmaps_base_oversubscribe=1
export OMP_NUM_THREADS=1
RANDOM=${SHARDWRIGHT_TEST_SEED:-1}
interval=6       # steps between checkpoints
steps=60         # of a job
kills_of_a_job=12 # before it is left in peace
phases=(ini fwd chk bwd den red rea eva sav)

work=$(mktemp -d)
export TMPDIR=$work/tmp  # of Open MPI, so that what it leaves is seen
mkdir "$TMPDIR"
job=""
# shellcheck disable=SC2317  # called by the trap
stop() {
  [ -z "$job" ] || kill -KILL "$job" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
cd "$work"
fail() {
  echo "FAILED: $*"
  [ ! -f said ] || tail -n 20 said
  exit 1
}
touch shared  # the files in shared memory that the rank which is killed has open

"$shardwright" data synthetic --num-embeddings-per-feature 2000,300,50 --multi-hot-sizes 2,1,4 --embedding-dim 8 \
  --samples 1920 --test-samples 640 --batch-size 64 -o data >/dev/null 2>&1
"$shardwright" plan data/tables.json --topology ${ranks}xcpu-1GiB -o plan.json >/dev/null 2>&1
train=("$shardwright" train --data "$work/data" --plan "$work/plan.json" --bottom-mlp "8,8" --top-mlp "8,1" --batch-size 64 --epochs 2
  --learning-rate 0.05 --wait-limit-s 60)
"$mpirun" -n $ranks "${mpirun_flags[@]}" --bind-to none "${train[@]}" --output undisturbed >said 2>&1 || fail "the undisturbed job"
sum_of() { (cd "$1/model" && cksum ./*.safetensors); }
expected=$(sum_of undisturbed)

start() {
  "$mpirun" -n $ranks "${mpirun_flags[@]}" --bind-to none "${train[@]}" --output out --checkpoint-every ${interval}steps >said 2>&1 &
  job=$!
}

# Waits for the job's end, and sets `code`.
finish() {
  code=0
  wait "$job" || code=$?
  job=""
}

# Whether a process of this name is in the phase; before it names itself, it is starting.
is_in() { [ "$2" = "shardwright:$1" ] || { [ "$1" = ini ] && [ "$2" = shardwright ]; }; }

# Sets `step` to the last one on record. Without a process of its own: it is called all the time, beside the job.
find_step() {
  local lines=() i
  step=""
  mapfile -t lines <out/metrics.jsonl || true
  for ((i = ${#lines[@]} - 1; i >= 0; i--)); do
    if [[ ${lines[i]} =~ \"step\":([0-9]+) ]]; then step=${BASH_REMATCH[1]} && return; fi
  done
} 2>/dev/null

exec 9<><(:) # never has anything to read
moment() { read -rt 0.05 -u 9 || true; }

# Until process $1 has taken $2 steps more than when its last rank was killed, or ends. Notes the time when it is back
# at the step that the kill has cost.
wait_for_steps() {
  local goal=$((${before:--1} + $2)) step=""
  while [ -e "/proc/$1" ] && [ "${step:--1}" -lt $goal ]; do
    moment
    find_step
    if [ -n "$before" ] && [ -n "$killed_at" ] && grep -q "Going on from" said && [ "${step:--1}" -gt "$before" ]; then note_time; fi
  done
}

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
note_time() {
  local ms=$(($(now_ms) - killed_at))
  killed_at="" times=$((times + 1)) times_ms=$((times_ms + ms))
  [ $ms -le $longest_ms ] || longest_ms=$ms
}

# Kills the rank as soon as it is in the phase; fails if the rank ends before.
kill_in() {
  local phase=$2 name limit=$((SECONDS + 300))
  victim=""
  while [ -z "$victim" ]; do
    kill -0 "$job" 2>/dev/null || return 1
    moment
    find_process "$1"
  done
  case $phase in
    ini) ;;
    sav) wait_for_steps "$victim" $((steps - 2 - ${before:--1})) ;;
    *) wait_for_steps "$victim" $((1 + RANDOM % 12)) ;;
  esac
  while read -r name <"/proc/$victim/comm"; do
    [ $SECONDS -lt $limit ] || fail "rank $1 was not seen in phase $phase"
    is_in "$phase" "$name" || continue
    kill -STOP "$victim" 2>/dev/null || return 1
    read -r name <"/proc/$victim/comm" || return 1
    if is_in "$phase" "$name"; then
      grep -o '/dev/shm/[^ ]*' "/proc/$victim/maps" | sort -u >shared || true
      killed_at=$(now_ms)
      kill -KILL "$victim"
      return 0
    fi
    kill -CONT "$victim"
  done 2>/dev/null
  return 1
}

require_nothing_left() {
  none_left "$work" || fail "processes are left: $(cat left)"
  while read -r file; do
    [ ! -e "$file" ] || fail "$file is left"
  done <shared
  find "$TMPDIR" -type f >left
  [ ! -s left ] || fail "temporary files are left: $(cat left)"
}

# How many steps the kill has cost: those on record before it, less those of the checkpoint that is gone on from.
lost=0
note_lost() {
  local from
  from=$(grep -o 'Going on from .*, after step [0-9]*' said | grep -o '[0-9]*$' || echo 0)
  local steps=$((${before:--1} + 1 - from))
  [ $steps -le $interval ] || fail "$steps steps lost, though there is a checkpoint every $interval"
  [ $steps -le $lost ] || lost=$steps
}

declare -A counts
killed_at="" times=0 times_ms=0 longest_ms=0 # from a kill to the step after the one that it interrupted
kills=0 equal=0 of_this_job=0 tries=$RANDOM before="" step=""
while [ $kills -lt "$wanted" ] || [ $of_this_job -gt 0 ]; do
  start
  phase=${phases[tries % ${#phases[@]}]}
  rank=$((RANDOM % ranks))
  if [ $of_this_job -lt $kills_of_a_job ] && [ $kills -lt "$wanted" ] && kill_in $rank "$phase"; then
    finish
    tries=$((tries + 1))
    [ $code -ne 0 ] || fail "mpirun ends well though a rank was killed"
    [ "$(grep -c "process rank $rank with PID .* on node .* exited on signal 9" said)" -eq 1 ] || fail "no message on rank $rank"
    ! grep -q "Going on from" said || note_lost
    require_nothing_left
    find_step
    before=$step
    kills=$((kills + 1)) of_this_job=$((of_this_job + 1)) counts[$phase]=$((${counts[$phase]:-0} + 1))
    echo "kill $kills of $wanted: in $phase, after step ${before:-none}"
    continue
  fi
  finish
  [ $code -eq 0 ] || fail "the job ends with $code though nothing disturbed it"
  [ "$(sum_of out)" = "$expected" ] || fail "after $of_this_job kills the model is another"
  require_nothing_left
  equal=$((equal + of_this_job)) of_this_job=0 before="" killed_at=""
  rm -rf out
done
for phase in "${phases[@]}"; do echo "$phase: ${counts[$phase]:-0} kills"; done
[ $times -eq 0 ] || awk -v n=$times -v sum=$times_ms -v most=$longest_ms 'BEGIN {
  printf "%d kills timed: %.1f s on average, %.1f s at most, until the job was further than before\n", n, sum / n / 1000, most / 1000 }'
echo "at most $lost steps lost by one kill; a checkpoint every $interval steps"
echo "$kills kills, $equal equal"
