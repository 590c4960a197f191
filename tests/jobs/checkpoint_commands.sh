#!/usr/bin/env bash
# What `shardwright checkpoint` makes of a checkpoint: the same tensors in other cuts, read by this program and, where
# it is installed, by Python's safetensors library.
#   checkpoint_commands.sh SHARDWRIGHT MPIRUN
set -euo pipefail
shardwright=$1
mpirun=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; exit 1; }
# expect CODE TEXT COMMAND …
expect() {
  local code=$1 text=$2 found=0
  shift 2
  "$@" >said 2>&1 || found=$?
  [ $found -eq "$code" ] || fail "exit $found, not $code: $*: $(cat said)"
  grep -qF -- "$text" said || fail "no '$text' from $*: $(cat said)"
}

"$shardwright" data synthetic --num-embeddings-per-feature 200,30,50 --multi-hot-sizes 2,1,4 --embedding-dim 8 \
  --samples 640 --test-samples 64 --batch-size 64 -o data >/dev/null 2>&1
for ranks in 1 2 3; do
  "$shardwright" plan data/tables.json --topology ${ranks}xcpu-1GiB -o plan$ranks.json >/dev/null 2>&1
done
"$mpirun" -n 2 "$shardwright" train --data data --plan plan2.json --bottom-mlp 8,8 --top-mlp 8,1 --output out \
  --checkpoint-every 5steps --checkpoint-keep 1 >said 2>&1 || fail "training: $(cat said)"
checkpoint=out/checkpoints/step-000000000010
[ "$(ls out/checkpoints)" = step-000000000010 ] || fail "checkpoints: $(ls out/checkpoints)"

expect 0 "after step 10 of job" "$shardwright" checkpoint inspect out
expect 0 "square_sum per row" "$shardwright" checkpoint inspect out/model
expect 0 '"step": 10' "$shardwright" checkpoint inspect $checkpoint --json
expect 0 "out/checkpoints/step-000000000010 is sound: 3 files" "$shardwright" checkpoint verify out
expect 3 "holds no saved model and no checkpoint" "$shardwright" checkpoint inspect data
expect 2 "is required" "$shardwright" checkpoint reshard out --plan plan3.json

# To another plan and back: the very files that were written first, but for the index.
"$shardwright" checkpoint reshard out --plan plan3.json -o three 2>/dev/null
[ -f three/rank-00002.safetensors ] || fail "no file for the third rank: $(ls three)"
"$shardwright" checkpoint reshard three --plan plan2.json -o two 2>/dev/null
for file in "$checkpoint"/*.safetensors; do cmp "$file" "two/$(basename "$file")" || fail "$file changed on the way"; done
expect 0 "sound" "$shardwright" checkpoint verify three
# `train` goes on from it, here from the end.
expect 0 "640 samples in 10 steps" "$shardwright" train --data data --bottom-mlp 8,8 --top-mlp 8,1 --resume three \
  --plan plan1.json --output one
"$shardwright" checkpoint export out --state -o all.safetensors 2>/dev/null
"$shardwright" checkpoint export three --state -o all_of_three.safetensors 2>/dev/null
cmp all.safetensors all_of_three.safetensors || fail "a plan shows in the exported file"
if python3 -c 'import safetensors.numpy' 2>/dev/null; then
  python3 "$here/read_checkpoint.py" "$checkpoint" all.safetensors || fail "Python reads other tensors"
else
  echo "not read by Python: no module safetensors with numpy (pip install safetensors numpy)"
fi

printf x | dd of=two/rank-00001.safetensors bs=1 seek=300 conv=notrunc status=none
expect 7 "two/rank-00001.safetensors is damaged: its checksum is" "$shardwright" checkpoint verify two
expect 7 '"valid": false' "$shardwright" checkpoint verify two --json
expect 3 "two/rank-00001.safetensors is damaged" "$shardwright" checkpoint export two -o damaged.safetensors
expect 3 "two/rank-00001.safetensors is damaged" "$shardwright" checkpoint reshard two --plan plan3.json -o damaged
! compgen -G 'damaged*' || fail "half a copy is left"
echo "years of work" >three/thesis.txt
expect 2 "thesis.txt in it is no file of a saved model" "$shardwright" checkpoint reshard out --plan plan3.json -o three

# SIGUSR1 asks for a checkpoint; SIGTERM for one before the end, from which the same command goes on.
forever=(train --data data --bottom-mlp "8,8" --top-mlp "8,1" --output signals --checkpoint-every signal --no-save-model)
"$shardwright" "${forever[@]}" --epochs 1000000 >said 2>&1 &
job=$!
wait_until() { until "$@"; do kill -0 $job 2>/dev/null || fail "the job has ended: $(cat said)"; sleep 0.05; done; }
has_checkpoint() { compgen -G 'signals/checkpoints/step-????????????' >/dev/null; }
wait_until test -s signals/metrics.jsonl
! has_checkpoint || fail "a checkpoint before it was asked for"
kill -USR1 $job
wait_until has_checkpoint
kill -TERM $job
code=0
wait $job || code=$?
[ $code -eq 130 ] || fail "SIGTERM ends with $code: $(cat said)"
grep -qF "The same command goes on from its last checkpoint." said || fail "it says $(cat said)"
steps=$(grep -o 'Interrupted after [0-9]*' said | grep -o '[0-9]*$')
last=signals/checkpoints/step-$(printf %012d "$steps")
[ -d "$last" ] || fail "no checkpoint of step $steps: $(ls signals/checkpoints)"
expect 0 "Going on from $last, after step $steps." "$shardwright" "${forever[@]}" --max-steps $((steps + 3)) --epochs 1000000
grep -qF "in $((steps + 3)) steps" said || fail "it went on to $(cat said)"
