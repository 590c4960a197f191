#!/usr/bin/env bash
# Runs a command beside a Slurm of one node with four processors that lives in a temporary folder and ends with this
# script. Exit status 77 (skipped): not root, or slurm-wlm or munge is not installed.
#   tests/cluster/slurm.sh COMMAND …
set -euo pipefail
skip() { echo "skipped: $*"; exit 77; }
[ "$(id -u)" -eq 0 ] || skip "starting Slurm's daemons needs root"
for program in munged slurmctld slurmd srun; do
  command -v "$program" >/dev/null || skip "$program is missing: apt-get install slurm-wlm munge"
done

folder=$(mktemp -d /tmp/shardwright_slurm.XXXXXX)
daemons=()
# shellcheck disable=SC2317  # called by the trap
stop() {
  local status=$?
  [ $status -eq 0 ] || tail -n 20 "$folder"/*.log >&2 || true
  for pid in "${daemons[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" || true; done  # munged last
  rm -rf "$folder"
}
trap stop EXIT
chmod 755 "$folder"
mkdir "$folder/munge" "$folder/state" "$folder/spool"
dd if=/dev/urandom of="$folder/munge/key" bs=128 count=1 status=none
chmod 400 "$folder/munge/key"
chown -R munge: "$folder/munge"

node=$(hostname -s)
cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
MpiDefault=pmix
ReturnToService=2
SlurmdParameters=config_overrides
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
NodeName=$node NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=test Nodes=$node Default=YES OverSubscribe=FORCE:4 State=UP
CONF
export SLURM_CONF=$folder/slurm.conf

# start NAME COMMAND …
start() {
  "${@:2}" >"$folder/$1.log" 2>&1 &
  daemons=($! "${daemons[@]}")
}
start munged runuser -u munge -- munged --foreground --key-file="$folder/munge/key" \
  --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" --seed-file="$folder/munge/seed"
start slurmctld slurmctld -D
start slurmd slurmd -D -N "$node"
for _ in $(seq 300); do
  if sinfo --noheader --states=idle --format=%n 2>/dev/null | grep -q .; then break; fi
  sleep 0.2
done
"$@"
