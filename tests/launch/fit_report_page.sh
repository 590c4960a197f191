#!/usr/bin/env bash
# `fit --report` in headless Chromium, for timings of collectives and of computation: the page's scripts run through and
# its figures are drawn. Also what `fit` refuses. Exit 77 (skipped) without Chromium.
set -euo pipefail
shardwright=$1
browser=$(command -v chromium || command -v chromium-browser) || { echo "no chromium installed"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMP_NUM_THREADS=1

# Latency and bandwidth, with a wobble that no model knows.
awk 'BEGIN {
  print "size_bytes,n_gpus,n_nodes,hardware,op,dtype,time_us,lib,lib_version,repeat"
  for (ranks = 2; ranks <= 8; ranks *= 2) for (bytes = 1024; bytes <= 1e8; bytes *= 4)
    for (op = 1; op <= 2; ++op) for (repeat = 1; repeat <= 3; ++repeat)
      printf "%d,%d,1,<b>box</b>,%s,half,%.3f,NCCL,2,%d\n", bytes, ranks, op == 1 ? "alltoall" : "all_reduce",
        (5 * op + ranks + bytes / 1e4) * (1 + 0.02 * sin(bytes * repeat + op)), repeat
}' > "$folder/comm.csv"
# Sets of one to three tables.
awk 'BEGIN {
  print "# shardwright.timings/1\n# kind: compute"
  print "hardware,seed,set,variant,repeat,batch,optimizer,busy_ranks,tables,forward_ms,backward_ms,forward_ci,backward_ci,passes,outliers,dtype"
  for (set = 0; set < 60; ++set) {
    tables = ""; ms = 0
    for (t = 0; t <= set % 3; ++t) {
      rows = 100 * 2 ^ ((3 * set + 5 * t) % 11); dim = 4 * 2 ^ ((set + t) % 7); pooling = 1 + (7 * set + t) % 9
      tables = tables (t ? " " : "") rows "/" dim "/" pooling "/1.05"; ms += 0.01 + 1e-6 * dim * pooling * 64 * (1 + rows / 1e5)
    }
    printf "<b>CPU</b>,1,%d,0,1,64,sgd,1,%s,%.6f,%.6f,0,0,9,0,fp32\n", set, tables, ms, 3 * ms
  }
}' > "$folder/compute.csv"

fit() { "$shardwright" fit "$@" > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }; }
draw() {  # PAGE: what the browser makes of it
  timeout 60 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$folder/profile" --dump-dom \
    "file://$folder/$1" > "$folder/dom.html" 2> "$folder/browser.log"
}
expect() {
  grep -q -- "$1" "$folder/dom.html" || { echo "not in the page: $1"; head -c 3000 "$folder/dom.html"; exit 1; }
}
refuse() {  # CODE SAID ARGUMENTS...
  local code=0 wanted=$1 said=$2
  shift 2
  "$shardwright" fit "$@" > "$folder/log" 2>&1 || code=$?
  [ "$code" = "$wanted" ] && grep -q -- "$said" "$folder/log" || { echo "fit $*: exit $code"; cat "$folder/log"; exit 1; }
}

fit "$folder/comm.csv" -o "$folder/comm.json" --iterations 60 --report "$folder/comm.html"
draw comm.html
expect "<title>Fit of comm</title>"
expect 'aria-label="Predicted against measured"'
expect 'aria-label="Training curve"'
expect "<h2>Error by ranks</h2>"
expect "&lt;b&gt;box&lt;/b&gt;"
expect "<h2>Errors</h2>"  # the last thing drawn
fit "$folder/compute.csv" -o "$folder/cpu.json" --epochs 3 --resume --report "$folder/cpu.html"
[ ! -e "$folder/cpu.json.fit" ] || { echo "the state of a fit that has ended is still there"; exit 1; }
draw cpu.html
for by in tables dim batch; do expect "<h2>Error by $by</h2>"; done
expect 'aria-label="Training curve"'
expect "<h2>Errors</h2>"
fit "$folder/comm.csv" --hold-out ranks --iterations 60 --report "$folder/ranks.html"
draw ranks.html
expect "<title>Fit of --hold-out ranks</title>"
expect "Errors are of ranks kept aside in turn."
expect "<h2>Errors</h2>"

refuse 2 "comparison: give --hold-out sizes" "$folder/comm.csv" -o "$folder/x.json" --architecture neuroshard
refuse 2 "Compare them by --hold-out sizes" "$folder/comm.csv" --hold-out ranks --architecture neuroshard
refuse 2 "takes seconds: leave it out" "$folder/comm.csv" -o "$folder/x.json" --resume
refuse 2 "give -o MODEL" "$folder/comm.csv" --hold-out ranks --resume
