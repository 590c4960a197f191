#!/usr/bin/env bash
# The page of `report RUN_DIR` in headless Chromium: its scripts run through, curves are drawn, and a table named like
# an element stays text. Exit 77 (skipped) without Chromium.
set -euo pipefail
shardwright=$1
browser=$(command -v chromium || command -v chromium-browser) || { echo "no chromium installed"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/run"
phases() {  # PREDICTED MEASURED: of every phase
  local phase text=
  for phase in read input_exchange lookup output_exchange dense gradient_exchange update dense_all_reduce dense_update; do
    text+="\"$phase\":{\"predicted\":$1,\"measured\":$2},"
  done
  echo "{${text%,}}"
}
means='{"lookup":{"mean":1,"max":2},"dense":{"mean":2,"max":2},"update":{"mean":1,"max":2}}'
slow='"rank":1,"host":"beta","phase":"update","measured_ms":9.5,"expected_ms":3,"table":"<img src=x onerror=document.title='"'taken'"'>","table_share":0.75'
{
  for step in 0 1 2 3; do
    echo "{\"event\":\"step\",\"step\":$step,\"loss\":0.$((7 - step)),\"samples\":100,\"samples_per_s\":5000$step,\"phase_ms\":$means}"
  done
  echo '{"event":"evaluation","epoch":0,"steps":4,"samples":9,"auc":0.75,"log_loss":0.5}'
  echo '{"event":"checkpoint","steps":2,"folder":"<script>document.title=1</script>","seconds":1.5}'
  echo '{"event":"resume","steps":2}'
  echo "{\"event\":\"plan_check\",\"after_steps\":4,\"steps\":4,\"ranks\":[" \
    "{\"rank\":0,\"host\":\"alpha\",\"phase_ms\":$(phases 1.0 2.0)},{\"rank\":1,\"host\":\"beta\",\"phase_ms\":$(phases 1.0 9.5)}]," \
    "\"slowest\":null,\"stragglers\":[{$slow}],\"changes\":[]}"
} > "$folder/run/metrics.jsonl"
"$shardwright" report "$folder/run" -o "$folder/run.html" > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
timeout 60 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$folder/profile" --dump-dom \
  "file://$folder/run.html" > "$folder/dom.html" 2> "$folder/browser.log"
expect() {
  grep -q -- "$1" "$folder/dom.html" || { echo "not in the page: $1"; head -c 3000 "$folder/dom.html"; exit 1; }
}
expect "<title>Training run $folder/run</title>"
expect 'aria-label="Loss"'
expect 'aria-label="Throughput"'
expect 'aria-label="AUC"'
expect 'aria-label="Imbalance"'
expect "<b>0.7500</b>"
expect "Straggler: rank 1 on beta, update 9.500 ms where the other ranks let expect 3.000 ms. Table &lt;img src=x"
expect '<td class="n">9.50</td>'  # the ratio
expect "&lt;script&gt;document.title=1"
expect "<h2>Events</h2>"  # the last thing drawn
