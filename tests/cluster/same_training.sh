# To be sourced in a folder of one's own: a short training of MovieLens on four ranks, and what it comes to.
# Needs: shardwright (path). Defines: train (arguments), prepare, same A B, figure FILE KEY, fail TEXT.

fail() {
  echo "FAILED: $*"
  [ ! -f said ] || cat said
  exit 1
}

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
train=(train "$repository/launch/recipes/movielens.json" --data data --plan plan.json --max-steps 20)

prepare() {
  "$shardwright" data movielens "$repository/data/movielens_latest_small" -o data >said 2>&1 || fail "data"
  "$shardwright" plan data/tables.json --topology 2x2xcpu-1GiB --batch-size 2048 --types table_wise,column_wise -o plan.json \
    >said 2>&1 || fail "plan"
}

figure() { grep -o "^ \"$2\": *[^,]*" "$1" | head -n 1 | sed 's/.*: *//'; }
losses() { sed -n 's/^{"event":"step",.*"step":\([0-9]*\),.*"loss":\([^,]*\),.*/\1 \2/p' "$1/metrics.jsonl"; }

# same A B: outputs A and B, with summaries A.json and B.json, have the same losses and weights, bit for bit.
same() {
  local name
  [ "$(figure "$2.json" ranks)" = 4 ] || fail "$2 has $(figure "$2.json" ranks) ranks"
  [ "$(losses "$1" | wc -l)" -ge 20 ] && [ "$(losses "$1")" = "$(losses "$2")" ] || fail "the losses of $1 and $2 differ"
  for name in "$1"/model/*.safetensors; do cmp "$name" "$2/model/$(basename "$name")" || fail "the weights differ"; done
  echo "$2: 4 ranks, loss $(figure "$2.json" last_loss), AUC $(figure "$2.json" auc), the same bits as $1"
}
