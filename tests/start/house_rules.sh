#!/usr/bin/env bash
# What the README and the layout of the folders promise.
#   house_rules.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "FAILED: $*"; exit 1; }

# FOLDER … -- FOLDER …: no source of the first includes one of the last.
stays_away() {
  local of=() from
  while [ "$1" != -- ]; do of+=("$1"); shift; done
  shift
  from=$(IFS='|'; echo "$*")
  ! grep -rnE "^#include \"($from)/" "${of[@]}" || fail "${of[*]} must not include $*"
}
stays_away costmodel -- planner runtime launch tests
stays_away planner -- runtime launch tests
stays_away runtime -- launch tests
stays_away launch -- tests
# The program that training is compared with shares no source with what it checks.
stays_away tests/reference -- costmodel planner runtime launch

presets=$(cmake --list-presets)
for preset in release dev asan tsan cuda ci planner; do
  grep -qF "\"$preset\"" <<<"$presets" || fail "there is no preset $preset"
done
for text in 'bash launch/quickstart.sh' 'bash tests/run.sh' 'plan.json ──► train' '| `costmodel/` |' '| `planner/` |' \
  '| `runtime/` |' '| `launch/` |' '| `tests/` |'; do
  grep -qF -- "$text" README.md || fail "the README does not have: $text"
done
