#!/usr/bin/env bash
# A host that does not answer is named before anything starts; one that dies under an elastic job is left out with all
# of its ranks, and taken in again once it is back.
#   lost_host.sh SHARDWRIGHT      (run by hosts.sh, beside host1 and host2)
set -euo pipefail
shardwright=$1
work=$(mktemp -d)
cd "$work"
fail() { echo "FAILED: $*"; cat said; exit 1; }
"$shardwright" data synthetic --num-embeddings-per-feature 2000,300,50 --multi-hot-sizes 2,1,4 --embedding-dim 8 \
  --samples 6400 --test-samples 640 --batch-size 64 -o data >/dev/null 2>&1
"$shardwright" plan data/tables.json --topology 2x2xcpu-1GiB -o plan.json >/dev/null 2>&1
train=(train --data data --plan plan.json --bottom-mlp "8,8" --top-mlp "8,1" --epochs 1000000 --wait-limit-s 60
  --output out --checkpoint-every 20steps)

# refused HOSTS TEXT: the launch ends with 5 and the sentence, and has started nothing.
refused() {
  local code=0
  "$shardwright" launch --host "$1" --host-limit 60s -- "${train[@]}" >said 2>&1 || code=$?
  [ $code -eq 5 ] && grep -qF "$2" said || fail "exit code $code, no '$2'"
  [ ! -e out ] || fail "something was started"
}
refused host1:2,host9:2 "host9 (host_agent: connect to host host9: "
host down host2
refused host1:2,host2:2 "host2 (host_agent: connect to host host2: No route to host) cannot take ranks"
host up host2

# until_said COUNT TEXT
until_said() {
  until [ "$(grep -cF "$2" said || true)" -ge "$1" ]; do
    kill -0 $job 2>/dev/null || fail "the job ended before '$2'"
    sleep 0.1
  done
}
"$shardwright" launch --host host1:2,host2:2 --elastic --grow-after 2s --host-limit 60s -- "${train[@]}" >summary 2>said &
job=$!
until compgen -G 'out/checkpoints/step-????????????' >/dev/null; do
  kill -0 $job 2>/dev/null || fail "the job ended before its first checkpoint"
  sleep 0.1
done
host die host2
until_said 1 "started on 2 ranks on 1 host"
grep -qF "host2 does not answer, its 2 ranks are left out" said && grep -qF "host host2 was lost: restart 1 of 3" said || fail "the host is not named"
until_said 1 "Going on from out/checkpoints/step-"
host boot host2
until_said 2 "started on 4 ranks on 2 hosts"
until_said 3 "Training on 6400 samples"
kill -TERM $job
code=0
wait $job || code=$?
[ $code -eq 130 ] || fail "an interrupted job ends with $code"
"$shardwright" checkpoint verify out >/dev/null || fail "the last checkpoint"
sed -n "/what happened/,\$p" said
