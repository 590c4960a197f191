#!/usr/bin/env bash
# In the place of ssh, for mpirun: runs a command on a host of hosts.sh, if the network leads to it.
#   host_agent hostN COMMAND …
set -euo pipefail
name=$1
shift
# No server listens, so a host that is there refuses, and one that is not has no route to it, after seconds.
said=$( (timeout 30 bash -c ": </dev/tcp/$name/22") 2>&1 || true)
case $said in
  *refused*) ;;
  *)
    reason=$(head -n 1 <<<"${said:-connection timed out}")
    echo "host_agent: connect to host $name: ${reason##*: }" >&2
    exit 255
    ;;
esac
exec nsenter --target "$(cat "$SHARDWRIGHT_HOSTS/$name.pid")" --net --uts --mount --pid sh -c "$*"
