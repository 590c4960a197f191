#!/usr/bin/env bash
# On a full disk every command that writes says so, exits with 5, and leaves what it wrote before as it was.
#   full_disk.sh SHARDWRIGHT SOURCE_DIR     (77: a small file system cannot be mounted here)
set -euo pipefail
shardwright=$1
movielens=$2/tests/data/movielens_tiny
if [ "${3:-}" != inside ]; then
  unshare -rm mount -t tmpfs x /mnt 2>/dev/null || { echo "no file system can be mounted here"; exit 77; }
  exec unshare -rm bash "$0" "$1" "$2" inside
fi
mount -t tmpfs -o size=1m x /mnt
cd /mnt
fail() { echo "FAILED: $*"; exit 1; }
# But the steps' log, which a job begins anew.
state() { find . -type f ! -name filler ! -name metrics.jsonl | sort | xargs cksum; }

# full TEXT COMMAND …: it fails with exit code 5 and TEXT, and the files stay what they were.
full() {
  local text=$1 code=0 before said
  shift
  before=$(state)
  said=$("$shardwright" "$@" 2>&1) || code=$?
  [ $code -eq 5 ] || fail "$1 exits with $code on a full disk: $said"
  grep -qF "$text" <<<"$said" && grep -qF "No space left on device" <<<"$said" || fail "$1 says: $said"
  [ "$(state)" = "$before" ] || fail "$1 left other files than before: $(state)"
}

train=(train --data data --output out --bottom-mlp 4,16 --top-mlp 4,1 --batch-size 4 --epochs 1)
plan=(plan data/tables.json --topology 1xcpu-8GB -o plan.json)
"$shardwright" data movielens "$movielens" -o data >/dev/null 2>&1
"$shardwright" "${plan[@]}" >/dev/null 2>&1
"$shardwright" "${train[@]}" >/dev/null 2>&1
cat /dev/zero >filler 2>/dev/null || true

full plan.json "${plan[@]}" --seed 2
full data data movielens "$movielens" -o data
full out "${train[@]}" --seed 2
