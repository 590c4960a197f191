#!/usr/bin/env bash
# Two hosts with two ranks each, over TCP at a limited rate, train to the same bits as four ranks on one machine, and
# to the loss of one process but for the order of sums.
#   hosts_train.sh SHARDWRIGHT      (run by hosts.sh, beside host1 and host2)
set -euo pipefail
shardwright=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
cd "$work"
source "$here/same_training.sh"
prepare
mpirun -n 4 --oversubscribe "$shardwright" "${train[@]}" --output plain --json >plain.json 2>said || fail "mpirun"

received() { awk '$1 == "host2:" { print $2 }' /proc/net/dev; }
bytes_before=$(received)
printf '# two of them\nhost1 slots=2\nhost2 slots=2\n' >hosts
"$shardwright" launch --hosts hosts -- "${train[@]}" --output hosts_run --json >hosts_run.json 2>said || fail "launch"
grep -q "^Training on .* 4 ranks on 2 hosts" said || fail "not two hosts"
bytes=$(($(received) - bytes_before))
[ $bytes -gt 1000000 ] || fail "only $bytes bytes have come from host2"
same plain hosts_run
echo "host2 has sent $bytes bytes"

"$shardwright" "${train[@]}" --plan "" --output alone --json >alone.json 2>said || fail "one process"
awk -v a="$(figure alone.json last_loss)" -v b="$(figure plain.json last_loss)" 'BEGIN {
  d = (a - b) / b; printf "one process: loss %s, relative difference %.1e\n", a, d; exit !(d < 1e-5 && d > -1e-5) }' || fail "another loss"
