#!/usr/bin/env bash
# A host of hosts.sh: boots it, takes its link down or up, or kills all that it runs.
#   host boot|down|up|die hostN
set -euo pipefail
name=$2
number=${name#host}
folder=$SHARDWRIGHT_HOSTS
case $1 in
  boot)
    unshare --net --uts --mount --pid --fork --kill-child --mount-proc \
      sh -c "hostname $name; ip link set lo up; echo up >'$folder/$name.up'; exec sleep infinity" </dev/null >/dev/null 2>&1 &
    for _ in $(seq 100); do [ -s "$folder/$name.up" ] && break || sleep 0.05; done
    pgrep -P $! >"$folder/$name.pid"  # the process that all others of the host end with
    rm "$folder/$name.up"
    ip link add "$name" type veth peer name eth0 netns "$(cat "$folder/$name.pid")"
    ip link set "$name" master bridge0 up
    tc qdisc add dev "$name" root tbf rate "${RATE:-1gbit}" burst 256kb latency 50ms
    nsenter --target "$(cat "$folder/$name.pid")" --net sh -c "ip address add 10.77.0.$number/24 dev eth0
      ip link set eth0 up
      tc qdisc add dev eth0 root tbf rate ${RATE:-1gbit} burst 256kb latency 50ms"
    ;;
  down | up) ip link set "$name" "$1" ;;
  die) kill -KILL "$(cat "$folder/$name.pid")" ;;
esac
