#!/usr/bin/env bash
# A real Prometheus scrapes a training while it runs; promtool finds no fault with the names and types.
#   prometheus_scrapes.sh SHARDWRIGHT MPIRUN     (77: no prometheus and promtool in PATH)
set -euo pipefail
shardwright=$1
mpirun=$2
for program in prometheus promtool; do
  command -v $program >/dev/null || { echo "skipped: no $program in PATH (Debian's package prometheus has it)"; exit 77; }
done
work=$(mktemp -d)
started=()
cleanup() {
  for process in "${started[@]}"; do kill "$process" 2>/dev/null && wait "$process" || true; done
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work"
fail() { echo "FAILED: $*"; exit 1; }
# wait_until COMMAND …: for a minute at most.
wait_until() {
  for _ in $(seq 600); do
    "$@" && return
    sleep 0.1
  done
  fail "waited in vain for: $*; training: $(tail -n 3 train.log); prometheus: $(tail -n 3 prometheus.log)"
}
# The first match of a pattern's \( \) in a file.
found() { sed -n "s|.*$1.*|\1|p" "$2" | head -n 1; }
# The value of a query, empty without one.
query() { promtool query instant "http://$prometheus" "$1" 2>/dev/null | sed -n 's/.* => \([^ ]*\) .*/\1/p' | head -n 1; }

"$shardwright" data synthetic --num-embeddings-per-feature 200,30 --embedding-dim 8 --samples 640 --test-samples 64 \
  --batch-size 64 -o data >/dev/null 2>&1
"$mpirun" -n 2 "$shardwright" train --data data --bottom-mlp 8,8 --top-mlp 8,1 --epochs 1000000 --output out \
  --metrics-port 0 --metrics-file out.prom >train.log 2>&1 &
started+=($!)
wait_until grep -qs "Metrics are served at" train.log
target=$(found 'http://\([0-9.:]*\)/metrics' train.log)
[[ $target == 127.0.0.1:* ]] || fail "not on loopback: $target"

cat >prometheus.yml <<END
scrape_configs: [{job_name: training, scrape_interval: 500ms, scrape_timeout: 400ms, static_configs: [{targets: ["$target"]}]}]
END
prometheus --config.file=prometheus.yml --storage.tsdb.path=store --web.listen-address=127.0.0.1:0 >prometheus.log 2>&1 &
started+=($!)
wait_until grep -q 'Listening on' prometheus.log
prometheus=$(found 'Listening on.*address=\([0-9.:]*\)' prometheus.log)

scraped_twice() { [ "$(query 'sum(count_over_time(shardwright_steps_total[1m]))')" -ge 2 ] 2>/dev/null; }
wait_until scraped_twice
for positive in shardwright_loss shardwright_samples_per_second 'shardwright_phase_seconds_total{phase="dense",rank="1"}' \
  'shardwright_sent_bytes_total{kind="output",rank="0"}' shardwright_resident_max_bytes shardwright_test_auc; do
  value=$(query "$positive > 0")
  [ -n "$value" ] || fail "Prometheus has no $positive > 0"
  echo "$positive $value"
done
[ "$(query shardwright_ranks)" = 2 ] || fail "ranks: $(query shardwright_ranks)"
[ "$(query 'up{job="training"}')" = 1 ] || fail "the target is down"
promtool check metrics <out.prom || fail "promtool finds fault with the file"
