#!/usr/bin/env bash
# `launch` trains; with --elastic one rank of four is killed, three go on, then four again: one command, the same model
# but for the order of sums.
#   elastic_launch.sh SHARDWRIGHT
set -euo pipefail
shardwright=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; [ ! -f said ] || cat said; exit 1; }

"$shardwright" data synthetic --num-embeddings-per-feature 2000,300,50 --multi-hot-sizes 2,1,4 --embedding-dim 8 \
  --samples 6400 --test-samples 2000 --batch-size 64 -o data >/dev/null 2>&1
"$shardwright" plan data/tables.json --topology 4xcpu-1GiB --unique-rows all -o plan.json >/dev/null 2>&1
train=(train --data data --plan plan.json --bottom-mlp "8,8" --top-mlp "8,1" --epochs 8 --learning-rate 0.03 --wait-limit-s 60)
"$shardwright" launch -n 4 -- "${train[@]}" --output undisturbed --json >expected 2>said || fail "launch"
grep -q "^mpirun -n 4 " said || fail "no mpirun line"

"$shardwright" launch -n 4 --elastic --grow-after 0.5s -- "${train[@]}" --output out --checkpoint-every 50steps \
  --json >summary 2>said &
job=$!
victim=""
until [ -n "$victim" ] && compgen -G 'out/checkpoints/step-????????????' >/dev/null; do
  kill -0 $job 2>/dev/null || fail "the job ended before its first checkpoint"
  victim=$(pgrep -f "$shardwright train .*--output out " | while read -r pid; do
    if grep -qzx OMPI_COMM_WORLD_RANK=1 "/proc/$pid/environ" 2>/dev/null &&
      [ "$(readlink "/proc/$pid/cwd")" = "$work" ]; then echo "$pid"; fi
  done || true)
done
kill -KILL "$victim"
code=0
wait $job || code=$?
[ $code -eq 0 ] || fail "the elastic job ends with $code"
for text in "rank 1 died: restart 1 of 3" "planned for 3 ranks: out/plans/3_ranks.json" "started on 3 ranks" \
  "stopped with a checkpoint, to go on on all ranks" "Going on from out/checkpoints/step-" "what happened, with 1 restart:"; do
  grep -qF "$text" said || fail "no '$text'"
done
"$shardwright" check out/plans/3_ranks.json >/dev/null || fail "the plan for three ranks"
for plan in plan.json out/plans/3_ranks.json; do
  grep -q '"unique_rows"' $plan || fail "no unique rows in $plan"
done
figure() { grep -o "^ \"$2\": [0-9.]*" "$1" | head -n 1 | sed 's/.*: //'; }
[ "$(figure summary steps)" = "$(figure expected steps)" ] || fail "steps $(figure summary steps)"
[ "$(figure summary ranks)" = 4 ] || fail "it ends on $(figure summary ranks) ranks"
sed -n "/what happened/,\$p" said
echo "AUC $(figure summary auc), undisturbed $(figure expected auc)"
awk -v a="$(figure summary auc)" -v b="$(figure expected auc)" 'BEGIN { d = a - b; exit !(a > 0 && d < 0.01 && d > -0.01) }' ||
  fail "the AUCs differ"

# A fault that would come again is no reason to restart.
code=0
"$shardwright" launch -n 2 --elastic -- "${train[@]}" --output other --checkpoint-every 50steps >summary 2>said || code=$?
[ $code -eq 3 ] || fail "a plan for other ranks ends with $code"
grep -qF "with 0 restarts" said || fail "it was restarted"
code=0
"$shardwright" launch -n 2 --elastic -- "${train[@]}" --output other >summary 2>said || code=$?
[ $code -eq 2 ] && grep -qF "checkpoint-every" said || fail "without checkpoints it ends with $code"
