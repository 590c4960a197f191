#!/usr/bin/env bash
# If half of the ranks are another build, or have another plan, the job ends before it begins, and says which ranks.
#   mixed_ranks.sh SHARDWRIGHT MPIRUN
set -euo pipefail
shardwright=$1
mpirun=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$shardwright" data synthetic --num-embeddings-per-feature 100,50 --embedding-dim 4 --samples 64 --test-samples 64 \
  --batch-size 32 -o data >/dev/null 2>&1
"$shardwright" plan data/tables.json --topology 4xcpu-1GiB --types table_wise -o plan.json >/dev/null 2>&1
"$shardwright" plan data/tables.json --topology 4xcpu-1GiB --types row_wise -o other.json >/dev/null 2>&1
# The same program under another build's hash.
objcopy -O binary --only-section=.note.gnu.build-id "$shardwright" note
{ head -c 16 note; head -c 20 /dev/zero; } >other_note
objcopy --update-section .note.gnu.build-id=other_note "$shardwright" other_build

train=(train --data data --bottom-mlp 4,4 --top-mlp 4,1 --output out)
# refused CODE TEXT RANK2 …: with the command after it for ranks 2 and 3, the job ends with CODE and TEXT.
refused() {
  local code=0 expected=$1 text=$2
  shift 2
  "$mpirun" -n 2 "$shardwright" "${train[@]}" --plan plan.json : -n 2 "$@" >said 2>&1 || code=$?
  [ $code -eq "$expected" ] && grep -qF "$text" said || { echo "FAILED: exit code $code, no '$text'"; cat said; exit 1; }
  [ ! -e out ] || { echo "FAILED: it began"; exit 1; }
}
refused 5 ", and ranks 2 and 3 on $(hostname) run another (shardwright " "$work/other_build" "${train[@]}" --plan plan.json
refused 3 "(ranks 2 and 3 differ from rank 0)" "$shardwright" "${train[@]}" --plan other.json
