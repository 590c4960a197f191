#!/bin/sh
# The data command from outside: exit codes, what stands on standard output, and that nothing is left behind.
#   data_command.sh SHARDWRIGHT SOURCE_DIR
set -eu
shardwright=$1
source_dir=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "FAILED: $*" >&2; exit 1; }
# expect CODE TEXT ARGUMENTS…: the exit code, and a text on standard error.
expect() {
  code=$1 text=$2
  shift 2
  found=0
  "$shardwright" data "$@" >stdout 2>stderr || found=$?
  [ "$found" -eq "$code" ] || { cat stderr >&2; fail "data $* gave $found, expected $code"; }
  grep -qF -- "$text" stderr || { cat stderr >&2; fail "data $* does not say '$text'"; }
}

movielens=$source_dir/tests/data/movielens_tiny
criteo=$source_dir/tests/data/criteo_20.tsv
numpy=$source_dir/tests/data/numpy
python=${SHARDWRIGHT_PYTHON:-python3}

expect 0 "Split at random" movielens "$movielens" -o ml
grep -q "^train  *8 " stdout || fail "no table of parts on standard output"
expect 0 "Split by time" movielens "$movielens" -o ml --split time --json
case $(cat stdout) in {*\"train\":*}) ;; *) fail "--json printed no document" ;; esac
expect 0 "Wrote cr/tables.json" criteo "$criteo" -o cr --rows 100 --test "$criteo"
grep -q '"command": "shardwright data criteo .*criteo_20.tsv --rows 100 .* -o cr"' cr/tables.json ||
  fail "tables.json does not say its command"
expect 0 "Zipf law" synthetic ml/tables.json -o sy --samples 50 --test-samples 50 --batch-size 10
grep -q "AUC ceiling" stdout || fail "no ceiling on standard output"
"$shardwright" data criteo - -o piped --test "$criteo" <"$criteo" >/dev/null 2>&1 || fail "standard input is not read"
cmp piped/train/feature_3.offsets.u64 cr/train/feature_3.offsets.u64

expect 0 "Wrote np/tables.json" numpy "$numpy" -o np --test "$numpy/day_10" --rows 20 --wrap --padding-id=-1
grep -q '"command": "shardwright data numpy .*numpy --rows 20 --wrap --padding-id -1 --embedding-dim 16 --test .*day_10 .* -o np"' np/tables.json ||
  fail "tables.json does not say its command"
grep -q 'day_10_labels.npy": "[0-9a-f]\{16\}"' np/tables.json || fail "the inputs' hashes are missing"
"$shardwright" data throughput np --batch-size 3 >stdout || fail "throughput ended with $?"
grep -q "^4 samples in 2 batches, .* samples/s" stdout || fail "throughput prints $(cat stdout)"
"$shardwright" data throughput np --part test --shuffle --batch-size 2 --batches 5 --read-threads 2 --json >stdout ||
  fail "throughput ended with $?"
grep -q '"samples": 8' stdout || fail "throughput prints $(cat stdout)"

# Arrays that this machine's numpy writes now, where it has one.
if "$python" "$source_dir/tests/data/make_numpy.py" fresh 2>/dev/null; then
  expect 0 "Wrote fresh_out" numpy fresh -o fresh_out --test fresh/day_10 --rows 20
  for column in labels.f32 dense.f32 feature_0.ids.i64 feature_1.ids.i64; do
    cmp "fresh_out/train/$column" "np/train/$column"
  done
fi

expect 2 "multiple of 4" movielens "$movielens" -o x --embedding-dim 6
expect 2 "above 0 and below 1" movielens "$movielens" -o x --test-share nan
expect 2 "expected 26 numbers" criteo "$criteo" -o x --rows 1,2
expect 2 "excludes" criteo "$criteo" -o x --test "$criteo" --test-share 0.2
expect 2 "from 0 to 1" synthetic ml/tables.json -o x --label-noise 2
expect 2 "No tables" synthetic -o x
expect 2 "--rows" numpy "$numpy" -o x --wrap
expect 2 "3 numbers, expected 2" numpy "$numpy" -o x --rows 1,2,3
expect 3 "from 0 to 4 (feature C2)" numpy "$numpy" -o x --rows 5
expect 3 "neither a folder" numpy none -o x
expect 3 "none/train" throughput none
expect 3 "movies.csv" movielens none -o x
expect 3 "expected 40" criteo "$movielens/movies.csv" -o x
expect 3 "tables.json" synthetic none/tables.json -o x
mkdir letters
echo "Dear …" >letters/letter.txt
expect 2 "letter.txt" movielens "$movielens" -o letters
[ -f letters/letter.txt ] || fail "a folder that holds other files was replaced"

before=$(cat ml/train/meta.json)
found=0
(ulimit -f 1 && exec "$shardwright" data synthetic cr/tables.json -o ml --samples 1000 >/dev/null 2>&1) || found=$?
[ "$found" -eq 5 ] || fail "a file over the size limit gave $found, expected 5"
[ "$(cat ml/train/meta.json)" = "$before" ] || fail "the old folder did not stay"
for left in ./*.partial x; do
  [ ! -e "$left" ] || fail "$left was left behind"
done
