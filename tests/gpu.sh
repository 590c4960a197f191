#!/usr/bin/env bash
# What only a GPU can tell, in stages; each ends with a table of its parts and leaves their output in $OUT.
#   bash tests/gpu.sh STAGE …      tests | sanitizer | bench | profile | nccl | train
# Takes the programs that lie in $SHARDWRIGHT_PACK/bin (tests/gpu_pack.sh; source its env.sh first), else those of
# build/cuda. PROFILE_BUDGET (default 3min) is the time for timings.
set -uo pipefail
cd "$(dirname "$0")/.."
OUT=${OUT:-build/gpu_out}
mkdir -p "$OUT"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
failed=0

# program NAME: its path.
program() {
  if [ -n "${SHARDWRIGHT_PACK:-}" ]; then echo "$SHARDWRIGHT_PACK/bin/$1"; return; fi
  find build/cuda -type f -name "$1" -perm -u+x -print -quit
}

# part NAME EXPECTED_CODE COMMAND …: runs it, keeps what it prints, notes how it went.
part() {
  local name=$1 expected=$2 log=$OUT/$1.txt began code=0 result=ok
  shift 2
  began=$(date +%s.%N)
  timeout "${PART_LIMIT:-180}" "$@" >"$log" 2>&1 </dev/null || code=$?
  if [ "$code" -ne "$expected" ]; then result="FAILED ($code)"; failed=$((failed + 1)); fi
  if grep -q 'skipped: no CUDA device' "$log"; then result=skipped; fi
  printf '%-34s %-13s %7.1f s\n' "$name" "$result" "$(echo "$(date +%s.%N) - $began" | bc)" >>"$scratch/table"
  [ "$result" = ok ] || tail -n 25 "$log"
  return 0
}

# say NAME PATTERN: the lines of a part's output that belong into the table.
say() { grep -E "$2" "$OUT/$1.txt" | cut -c1-160 | sed 's/^/    /' >>"$scratch/table" || true; }

# finds NAME PATTERN: fails the part before it unless its output has the pattern.
finds() {
  if grep -qE "$2" "$OUT/$1.txt" || grep -q 'skipped: no CUDA device' "$OUT/$1.txt"; then return; fi
  failed=$((failed + 1))
  printf '    FAILED: %s does not say "%s"\n' "$1" "$2" >>"$scratch/table"
}

run_tests() {
  part device_tables_test 0 "$(program device_tables_test)" --gtest_brief=1
  part device_training_test 0 "$(program device_training_test)" --gtest_brief=1
  local ranks
  for ranks in 1 2 3; do
    part device_communicator_test_$ranks 0 mpirun -n $ranks "$(program device_communicator_test)" --gtest_brief=1
    part device_embeddings_test_$ranks 0 mpirun -n $ranks "$(program device_embeddings_test)" --gtest_brief=1
  done
  part train_on_gpus 0 bash tests/runtime/device/train_on_gpus.sh "$(program shardwright)" mpirun
  say train_on_gpus 'largest relative'
}

run_nccl() {
  part device_share 5 mpirun -n 2 "$(program device_failure)" share
  finds device_share 'Ranks 0 and 1 on .* would share one GPU'
  part device_hang 6 mpirun -n 2 "$(program device_failure)" hang
  finds device_hang "GPU exchange 'test' of step 12"
  part device_kill 137 mpirun -n 2 "$(program device_failure)" kill
  say device_hang 'GPU exchange'
  make_plan two 2 "$small_rows" "$small_hot" 32
  part bench_two_ranks 0 mpirun -n 2 "$(program shardwright)" bench "$scratch/two.json" --device cuda \
    --allow-shared-gpu --steps 10 --batch-size 4096
  say bench_two_ranks 'samples/s|exchange'
}

run_sanitizer() {
  local sanitizer tool
  sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null)
  if [ -z "$sanitizer" ]; then echo "sanitizer: skipped, there is no compute-sanitizer" >>"$scratch/table"; return; fi
  for tool in memcheck racecheck; do
    part "${tool}_tables" 0 "$sanitizer" --tool $tool --error-exitcode 9 "$(program device_tables_test)" \
      --gtest_brief=1 "--gtest_filter=${SANITIZER_FILTER:-*}"
    part "${tool}_embeddings" 0 "$sanitizer" --tool $tool --error-exitcode 9 "$(program device_embeddings_test)" \
      --gtest_brief=1
  done
  say memcheck_tables 'ERROR SUMMARY'
  say racecheck_tables 'RACECHECK SUMMARY'
}

dcnv2_rows=40000000,39060,17295,7424,20265,3,7122,1543,63,40000000,3067956,405282,10,2209,11938,155,4,976,14,40000000,40000000,40000000,590152,12973,108,36
dcnv2_hot=3,2,1,2,6,1,1,1,1,7,3,8,1,6,9,5,1,1,1,12,100,27,10,3,1,1
small_rows=100000,20000,3000,500
small_hot=10,3,1,1

# divided ROWS,… N: rows over N, but at least 4 where there were.
divided() { tr , '\n' <<<"$1" | awk -v n="$2" '{m = $1 < 4 ? $1 : 4; r = int($1 / n); print r < m ? m : r}' | paste -sd,; }

# make_plan NAME RANKS ROWS HOT DIM [OPTION …]: $scratch/NAME.json, for ranks with a GPU.
make_plan() {
  local name=$1 ranks=$2 rows=$3 hot=$4 dim=$5
  shift 5
  "$(program shardwright)" plan --num-embeddings-per-feature "$rows" --multi-hot-sizes "$hot" --embedding-dim "$dim" \
    --batch-size 16384 --topology "${ranks}x${GPU:-H200-141GB}" --types table_wise,column_wise,row_wise \
    -o "$scratch/$name.json" "$@" >"$OUT/plan_$name.txt" 2>&1 || { cat "$OUT/plan_$name.txt"; failed=$((failed + 1)); }
}

run_bench() {
  local dim
  part device_operator_bench 0 "$(program device_operator_bench)" ${BENCH_CASES:-}
  say device_operator_bench '"dim":128,"pooling":20'
  part torch_embedding_bag 0 sh -c "python3 tests/bench/gpu/torch_embedding_bag.py <$OUT/device_operator_bench.txt"
  say torch_embedding_bag '"dim": 128, "pooling": 20'
  for dim in 32 128; do
    make_plan d$dim 1 5000000,5000000 20,20 $dim
    part bench_d$dim 0 "$(program shardwright)" bench "$scratch/d$dim.json" --device cuda --steps 20 --zipf 0 \
      --batch-size 16384 --optimizer rowwise_adagrad
    say bench_d$dim 'GB/s|samples/s|device memory'
  done
}

run_profile() {
  PART_LIMIT=${PROFILE_LIMIT:-560} part profile_compute 0 "$(program shardwright)" profile compute --device cuda \
    -o "$OUT/timings_cuda.csv" --budget "${PROFILE_BUDGET:-3min}" --dtypes fp32,bf16,fp16 ${PROFILE_OPTIONS:-}
  say profile_compute 'table sets' && wc -l "$OUT/timings_cuda.csv" >>"$scratch/table"
}

run_train() {
  local shardwright device
  shardwright=$(program shardwright)
  "$shardwright" data movielens data/movielens_latest_small -o "$scratch/movielens" >/dev/null || failed=$((failed + 1))
  for device in cpu cuda; do
    part movielens_$device 0 "$shardwright" train launch/recipes/movielens.json --data "$scratch/movielens" \
      --output "$scratch/run_$device" --device $device --no-save-model
    say movielens_$device 'samples/s|test:|device memory'
  done
  make_plan dcnv2 1 "$(divided $dcnv2_rows "${DCNV2_DIVISOR:-2}")" $dcnv2_hot 128
  part dcnv2 0 "$shardwright" bench "$scratch/dcnv2.json" --device cuda --dense --steps 10 --batch-size 16384 \
    --optimizer rowwise_adagrad
  say dcnv2 'samples/s|ms per step|^(input|lookup|output|dense|gradient|update)|device memory|GB/s|distinct'
}

[ $# -gt 0 ] || { sed -n '2,5p' "$0"; exit 2; }
nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.mem,memory.used --format=csv >"$OUT/gpu.csv" 2>/dev/null || true
for stage in "$@"; do
  case $stage in
    tests | nccl | sanitizer | bench | profile | train) ;;
    *) echo "gpu.sh: no stage '$stage'" >&2; exit 2 ;;
  esac
  : >"$scratch/table"
  "run_$stage"
  printf '\n---- %s\n' "$stage" | tee -a "$OUT/tables.txt"
  tee -a "$OUT/tables.txt" <"$scratch/table"
done
[ "$failed" -eq 0 ] || echo "$failed parts failed"
[ "$failed" -eq 0 ]
