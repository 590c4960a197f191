#!/usr/bin/env bash
# The quick start does its whole job, and a second start rebuilds nothing.
#   quickstart.sh BUILD_DIR        a folder in build/ of this checkout
set -euo pipefail
build=$1
cd "$(dirname "$0")/../.."
if [ "$(cd "$build/.." && pwd)" != "$PWD/build" ]; then
  echo "skipped: $build is not a folder in $PWD/build, where quickstart.sh builds"
  exit 77
fi
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
fail() { printf 'FAILED: %s\n' "$*"; cat "$output"/said; exit 1; }

for start in first second; do
  bash launch/quickstart.sh --preset "$(basename "$build")" --output "$output/results" \
    >"$output/line" 2>"$output/said" || fail "the $start start gave exit status $?"
done
grep -q 'up to date, nothing was rebuilt' "$output/said" || fail "the second start built something"

last=$(tail -n 1 "$output/line")
echo "$last"
number='-?[0-9.]+(e[-+][0-9]+)?'
[[ $last =~ ^auc_sharded=($number)\ auc_reference=($number)\ max_relative_loss_difference=($number)$ ]] ||
  fail "the last line is: $last"
awk -v sharded="${BASH_REMATCH[1]}" -v reference="${BASH_REMATCH[3]}" 'BEGIN {
  difference = sharded - reference
  exit !(sharded > 0.75 && reference > 0.75 && difference < 0.001 && difference > -0.001)}' ||
  fail "the AUCs are not both above 0.75 and within 0.001 of each other: $last"
awk -v difference="${BASH_REMATCH[5]}" 'BEGIN { exit !(difference >= 0 && difference <= 1e-5) }' ||
  fail "the losses differ by more than 1e-5: $last"
for text in 'ms a step' 'why' 'Results: ' 'samples/s' 'bytes sent per rank and step'; do
  grep -qF -- "$text" "$output/line" "$output/said" || fail "'$text' was not printed"
done
grep -qE '^step: [0-9.]+ ms measured, 4 ranks' "$output/results/comparison.txt" &&
  grep -qE '[0-9.]+ ms measured, [0-9.]+ ms predicted' "$output/results/comparison.txt" ||
  fail "no measured time beside the predicted one"

# What the README shows is what was printed, but for the numbers (and units, and how many cores there are), and for what
# depends on measured times.
shape() {
  sed -E -e '/^rank +host/,/^test:/{/^test:/!d}' -e 's/[0-9a-f]{16}/ID/g; s/4 ranks (share|on) [0-9]+ cores?/RANKS/g; s/, in [a-z_]+$//' \
    -e 's/-?[0-9]+(\.[0-9]+)?(e[-+][0-9]+)?/N/g; s/N [KM]iB/N B/g; s/ +/ /g'
}
sed -n '/^Plan [0-9a-f]*: /,/^auc_sharded=/p' README.md | shape >"$output/shown"
sed -n '/^Plan [0-9a-f]*: /,/^auc_sharded=/p' "$output/line" | shape >"$output/printed"
[ -s "$output/shown" ] || fail "the README shows no output"
diff "$output/shown" "$output/printed" || fail "the README shows other output than this (see the difference)"

for result in data/tables.json plan.json train/metrics.jsonl train/model/index.json; do
  [ -s "$output/results/$result" ] || fail "$result is missing"
done
