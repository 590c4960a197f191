#!/usr/bin/env bash
# Runs a command beside several hosts: namespaces of this machine with their own network, name and processes, joined
# by a bridge whose links are limited to RATE (tc; default 1gbit). All of it is gone when the command ends. Exit status
# 77 (skipped): namespaces are not allowed here, or iproute2 is missing.
#   tests/cluster/hosts.sh N COMMAND …
# The command sees: hosts host1 … hostN by name, `host down|up|die|boot NAME` on PATH, and an Open MPI that starts ranks
# on them over TCP by an agent that ends as ssh does when a host does not answer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
skip() { echo "skipped: $*"; exit 77; }
if [ "${SHARDWRIGHT_HOSTS:-}" = "" ]; then
  for program in ip tc nsenter unshare; do
    command -v "$program" >/dev/null || skip "$program is missing: apt-get install iproute2 util-linux"
  done
  apart=(unshare --map-root-user --net --mount --uts --pid --fork --kill-child --mount-proc)
  "${apart[@]}" ip link add try type bridge 2>/dev/null || skip "this user may make no namespaces, or no bridge in them"
  SHARDWRIGHT_HOSTS=$(mktemp -d)
  export SHARDWRIGHT_HOSTS
  trap 'rm -rf "$SHARDWRIGHT_HOSTS"' EXIT
  code=0
  "${apart[@]}" bash "$0" "$@" || code=$?
  exit $code
fi

hosts=$1
shift
work=$SHARDWRIGHT_HOSTS
hostname head
mount -t tmpfs x /dev/shm  # segments are named by host and job, and here jobs have small numbers
mkdir "$work/tmp" "$work/bin"
export TMPDIR=$work/tmp PATH=$work/bin:$PATH
for program in host host_agent; do
  printf '#!/bin/sh\nexec bash "%s" "$@"\n' "$here/$program.sh" >"$work/bin/$program"
  chmod +x "$work/bin/$program"
done
{
  echo "127.0.0.1 localhost"
  echo "10.77.0.254 head"
  for ((n = 1; n <= hosts; n++)); do echo "10.77.0.$n host$n"; done
} >"$work/names"
mount --bind "$work/names" /etc/hosts
ip link set lo up
ip link add bridge0 type bridge
ip address add 10.77.0.254/24 dev bridge0
ip link set bridge0 up
for ((n = 1; n <= hosts; n++)); do host boot "host$n"; done

export OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent=host_agent
export OMPI_MCA_oob_tcp_if_include=10.77.0.0/24 OMPI_MCA_btl_tcp_if_include=10.77.0.0/24
export OMPI_MCA_btl=tcp,self,vader OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
"$@"
