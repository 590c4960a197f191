#!/usr/bin/env bash
# With NO_COLOR set, nothing that a person reads on a terminal is coloured.
#   no_color.sh SHARDWRIGHT
set -euo pipefail
shardwright=$1
command -v script >/dev/null || { echo "skipped: no script(1) to make a terminal with"; exit 77; }
script --quiet --command true /dev/null </dev/null >/dev/null 2>&1 ||
  { echo "skipped: no pseudo-terminals here"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/tables.json" <<'JSON'
{"schema": "shardwright.tables/1", "batch_size": 64, "tables": [{"name": "a", "rows": 100, "dim": 8}]}
JSON
cd "$work"
on_terminal() { NO_COLOR=1 TERM=xterm-256color script --quiet --return --command "$1" /dev/null </dev/null; }
{
  on_terminal "$shardwright plan tables.json --topology 2xcpu-1GiB -o plan.json"
  on_terminal "$shardwright rate plan.json"
  on_terminal "$shardwright check plan.json"
  on_terminal "$shardwright models"
  on_terminal "$shardwright version"
  on_terminal "$shardwright --help"
  on_terminal "$shardwright plan missing.json --topology 2xcpu-1GiB" && exit 1
} >said || true
grep -q 'missing.json' said || { cat said; echo "FAILED: the commands did not run to the last"; exit 1; }
! grep -nP '\x1b\[[0-9;]*m' said || exit 1
# Without it there is something to switch off.
TERM=xterm-256color script --quiet --return --command "$shardwright plan missing.json --topology 2xcpu-1GiB" \
  /dev/null </dev/null >coloured && exit 1
grep -qP '\x1b\[[0-9;]*m' coloured
