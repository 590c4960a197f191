#!/usr/bin/env bash
# The page of `report` in headless Chromium: its scripts run through, and a table named like an
# element stays text. Exit 77 (skipped) without Chromium.
set -euo pipefail
shardwright=$1
browser=$(command -v chromium || command -v chromium-browser) || { echo "no chromium installed"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/tables.json" <<'JSON'
{"schema": "shardwright.tables/1", "batch_size": 64, "tables": [
  {"name": "<script>document.title='taken'</script>", "rows": 1000, "dim": 32, "pooling": 9},
  {"name": "<img src=x onerror=document.title='taken'>", "rows": 500, "dim": 16}]}
JSON
"$shardwright" plan "$folder/tables.json" --topology 4xcpu-1MiB -o "$folder/plan.json" > "$folder/log" 2>&1
open_page() {  # PLAN
  "$shardwright" report "$1" -o "$folder/report.html" >> "$folder/log" 2>&1
  timeout 60 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$folder/profile" --dump-dom \
    "file://$folder/report.html" > "$folder/dom.html" 2> "$folder/browser.log"
}
expect() {
  grep -q -- "$1" "$folder/dom.html" || { echo "not in the page: $1"; head -c 3000 "$folder/dom.html"; exit 1; }
}
open_page "$folder/plan.json"
expect "<title>Plan [0-9a-f]*</title>"
expect "<h2>Critical path</h2>"
expect '<td class="name">&lt;script&gt;document.title'
expect '<td class="name">&lt;img src=x'
expect "2 of 2 tables"
expect "<h2>Where it comes from</h2>"  # the last thing drawn
grep -q "<button>exchange</button>" "$folder/dom.html" && { echo "a column for an exchange that all tables have"; exit 1; }

"$shardwright" plan "$folder/tables.json" --topology 4xcpu-64MiB --unique-rows all -o "$folder/rows.json" >> "$folder/log" 2>&1
open_page "$folder/rows.json"
expect "<button>exchange</button>"
expect '<td class="">unique rows</td>'
