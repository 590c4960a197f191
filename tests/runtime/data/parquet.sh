#!/bin/sh
# A Parquet file becomes arrays, and these a data folder. SHARDWRIGHT_PYTHON (default python3) must have pyarrow, or the test is skipped.
#   parquet.sh SHARDWRIGHT SOURCE_DIR
set -eu
shardwright=$1
source_dir=$2
python=${SHARDWRIGHT_PYTHON:-python3}
"$python" -c "import pyarrow.parquet" 2>/dev/null || { echo "skipped: $python has no pyarrow" >&2; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "FAILED: $*" >&2; exit 1; }

cat >make.py <<'END'
import pyarrow as pa
import pyarrow.parquet as pq

n = 70000  # more than are read at a time
table = pa.table({
    "price": pa.array([None if i == 5 else i / 4 for i in range(n)], pa.float64()),
    "click": pa.array([i % 2 for i in range(n)], pa.int8()),
    "user": pa.array([None if i == 3 else i % 100 for i in range(n)], pa.int32()),
    "seen": pa.array([None if i == 2 else list(range(i % 3)) for i in range(n)], pa.list_(pa.int64())),
    "name": pa.array(["x"] * n)})
pq.write_table(table, "run.parquet", row_group_size=30000)
pq.write_table(table.slice(0, 10), "test.parquet")
bad = table.slice(0, 10).set_column(1, "click", pa.array([None] + [1] * 9, pa.int8()))
pq.write_table(bad, "null_label.parquet")
pq.write_table(table.slice(0, 1).set_column(2, "user", pa.array([-4])), "negative.parquet")
END
"$python" make.py
convert() { "$python" "$source_dir/launch/parquet_to_numpy.py" "$@"; }

convert run.parquet test.parquet -o arrays --label click >said
grep -q "arrays/run: 70000 samples, dense price, ids user,seen" said || fail "it says: $(cat said)"
"$shardwright" data numpy arrays --test arrays/test -o out --padding-id=-1 --batch-size 1000 >/dev/null 2>&1 ||
  fail "data numpy does not take the arrays"
"$python" - <<'END' || fail "the data folder has other values"
import array

def values(name, kind, count):
    numbers = array.array(kind)
    with open("out/train/" + name, "rb") as file:
        numbers.frombytes(file.read())
    return list(numbers[:count])

assert values("labels.f32", "f", 4) == [0, 1, 0, 1]
assert values("dense.f32", "f", 7) == [0, 0.25, 0.5, 0.75, 1, 0, 1.5]
assert values("feature_0.offsets.u64", "Q", 6) == [0, 1, 2, 3, 3, 4]  # no user in sample 3
assert values("feature_0.ids.i64", "q", 5) == [0, 1, 2, 4, 5]
assert values("feature_1.offsets.u64", "Q", 7) == [0, 0, 1, 1, 1, 2, 4]  # a null bag is sample 2
assert values("feature_1.ids.i64", "q", 4) == [0, 0, 0, 1]
assert len(values("labels.f32", "f", 10**6)) == 70000
END
grep -q '"name": "seen"' out/tables.json || fail "features are not called as columns"
! convert null_label.parquet -o bad --label click 2>said || fail "a null label is taken"
grep -q "null_label.parquet: column click: a label is null" said || fail "it says: $(cat said)"
! convert negative.parquet -o bad --label click 2>said || fail "a negative id is taken"
grep -q "negative.parquet: column user: an id is -4" said || fail "it says: $(cat said)"
! convert run.parquet -o bad --label klick 2>said || fail "a label that is not there is taken"
grep -q "column klick: there is none" said || fail "it says: $(cat said)"
! convert run.parquet -o bad --label click --ids name 2>said || fail "text is taken as ids"
grep -q "column name: ids of type string" said || fail "it says: $(cat said)"
