# To be sourced by benchmarks that measure plans. Expects `shardwright` to name the binary; works in the current folder.
# From the environment: SAMPLES_PER_RANK (2048).
plans_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
samples_per_rank=${SAMPLES_PER_RANK:-2048}

# MLPerf DCNv2's tables, rows divided by 40.
dcnv2=(--num-embeddings-per-feature 1000000,976,432,185,506,3,178,38,4,1000000,76699,10132,10,55,298,4,4,24,14,1000000,1000000,1000000,14753,324,4,4
  --multi-hot-sizes 3,2,1,2,6,1,1,1,1,7,3,8,1,6,9,5,1,1,1,12,100,27,10,3,1,1 --embedding-dim 128)

# Sets the array `tables` to what names a task's tables for `plan`: dcnv2, or pool_SEED, 24 drawn from production's.
tables_of() {  # TASK
  tables=("${dcnv2[@]}")
  [ "$1" != dcnv2 ] || return 0
  awk -v count=24 -v seed="${1#pool_}" -f "$plans_folder/draw_tables.awk" \
    "$plans_folder/../../../data/table_pool/production_table_pool.csv" >"$1.csv"
  tables=("$1.csv")
}

# Sets `topology`. Where bench lets more ranks than cores take turns, each has the memory channels for itself.
topology_of() {  # RANKS
  topology=${1}xcpu-6GiB
  [ "$1" -gt "$(nproc)" ] || return 0
  topology=ranks_$1.json
  awk -v ranks="$1" 'BEGIN {
    printf "{\"schema\": \"shardwright.topology/1\", \"ranks\": ["
    for (r = 0; r < ranks; ++r) printf "%s{\"memory_bytes\": 6442450944, \"memory_domain\": %d}", r ? ", " : "", r
    print "]}"
  }' >"$topology"
}

number_in() {  # FILE.json NAME: the first number of that name
  sed -n "s/.*\"$2\": *\([-+0-9.e]*\).*/\1/p" "$1" | head -n 1
}

# Embedding-only steps of one plan, or of several in turns. Leaves the document in bench.json.
bench() {  # RANKS STEPS PLAN.json…
  local ranks=$1 steps=$2
  source "$plans_folder/../../../launch/mpi_environment.sh"
  mpirun -n "$ranks" "${mpirun_flags[@]}" "$shardwright" bench "${@:3}" --steps "$steps" --warmup 2 \
    --patience "${PATIENCE:-4}" --json >bench.json 2>bench.error && return 0
  printf '\n%s could not be measured:\n' "${*:3}" >&2
  cat bench.error >&2
  return 1
}

# A line "PLAN.json MILLISECONDS PROBE" for each of several plans, the median of the turns, of the least disturbed ones if
# there were more, and what the processors did meanwhile, as `rate --probe` takes it.
bench_plans() {  # RANKS STEPS PLAN.json…
  bench "$@" || return 1
  awk -f "$plans_folder/benched_plans.awk" bench.json
}

# Milliseconds of a step of a plan: the median of the steps, of the least disturbed ones if there were more.
step_ms() {  # PLAN.json RANKS STEPS
  bench "$2" "$3" "$1" || return 1
  number_in bench.json median
}
