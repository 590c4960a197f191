#!/usr/bin/env bash
# While the disk has no room for another checkpoint, training goes on and says so; the one before stays whole, and
# there is no half of one. With room again, the same command goes on from it.
#   full_disk_checkpoints.sh SHARDWRIGHT MPIRUN     (77: a small file system cannot be mounted here)
set -euo pipefail
shardwright=$1
mpirun=$2
if [ "${3:-}" != inside ]; then
  unshare -rm mount -t tmpfs x /mnt 2>/dev/null || { echo "no file system can be mounted here"; exit 77; }
  exec unshare -rm bash "$0" "$1" "$2" inside
fi
work=$(mktemp -d)
trap 'umount "$work/disk" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir disk
mount -t tmpfs -o size=7m x disk
fail() { echo "FAILED: $*"; cat said; exit 1; }
"$shardwright" data synthetic --num-embeddings-per-feature 60000 --embedding-dim 16 --samples 640 --test-samples 64 \
  --batch-size 64 -o data >/dev/null 2>&1  # 4 MB of weights and their state: one checkpoint fits, a second does not
train=(train --data data --bottom-mlp 8,16 --top-mlp 8,1 --batch-size 64 --no-save-model --checkpoint-every 4steps)
job() { "$mpirun" -n 2 "$shardwright" "${train[@]}" "$@"; }
sum_of() { (cd "$1" && cksum ./*); }

job --output disk/out >summary 2>said || fail "training does not go on"
grep -q "Wrote the checkpoint disk/out/checkpoints/step-000000000004" said || fail "no first checkpoint"
for step in 8 10; do
  grep -q "Training goes on without a checkpoint of step $step: .*No space left on device" said || fail "step $step is not told"
done
[ "$(ls disk/out/checkpoints)" = step-000000000004 ] || fail "there is more: $(ls disk/out/checkpoints)"
"$shardwright" checkpoint verify disk/out >/dev/null || fail "the checkpoint is torn"

mount -o remount,size=64m disk
job --output disk/out >summary 2>said || fail "going on"
grep -q "Going on from disk/out/checkpoints/step-000000000004" said || fail "it does not go on from there"
job --output undisturbed >summary 2>said || fail "the undisturbed job"
[ "$(sum_of disk/out/checkpoints/step-000000000010 | grep rank-)" = "$(sum_of undisturbed/checkpoints/step-000000000010 | grep rank-)" ] ||
  fail "another model"
