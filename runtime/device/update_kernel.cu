#include "runtime/device/cuda_check.cuh"
#include "runtime/device/grid.cuh"
#include "runtime/device/row_update.cuh"

namespace shardwright {
namespace {

__device__ std::uint32_t warp_number() { return (blockIdx.x * kThreads + threadIdx.x) / kWarp; }
__device__ std::uint32_t num_warps() { return gridDim.x * (kThreads / kWarp); }

__device__ RowRef from_lane(const RowRef& mine, int lane) {
  RowRef ref;
  ref.number = __shfl_sync(kEveryLane, mine.number, lane);
  ref.begin = __shfl_sync(kEveryLane, mine.begin, lane);
  ref.end = __shfl_sync(kEveryLane, mine.end, lane);
  ref.block = __shfl_sync(kEveryLane, mine.block, lane);
  ref.row = __shfl_sync(kEveryLane, mine.row, lane);
  return ref;
}

/// Updates those of the 32 rows that the lanes of a warp hold which are of one block and have few
/// ids, one of each team at once.
template <class Job>
__device__ void update_tile(const Job& job, const RowRef& mine, std::uint32_t rows,
                            std::int32_t of) {
  const DeviceBlock& block = job.tables.blocks[of];
  const Team team = Team::of(block.lanes);
  const std::uint32_t teams = kWarp / block.lanes;
  const std::uint32_t own = threadIdx.x % kWarp / block.lanes;
  for (std::uint32_t first = 0; first < rows; first += teams) {
    const RowRef ref = from_lane(mine, static_cast<int>((first + own) % kWarp));
    const bool counts = first + own < rows && ref.block == of && ref.size() <= kRunLength;
    if (counts) update_narrow_pieces(job, block, team, ref);
  }
}

template <int kStates>
__device__ bool has_states(const UpdateTables& tables, const UpdateStep& step, std::int32_t block) {
  return states_per_weight(tables.blocks[block].optimizer, step.settings.momentum) == kStates;
}

template <class Value, int kStates>
__global__ void __launch_bounds__(kThreads, kStates == 0 ? 3 : 2)
    update_kernel(const UpdateTables tables, const SortedIds<Value> ids, const UpdateStep step,
                  const double* row_squares) {
  const UpdateJob<ShortRows<Value>, kStates> job{tables, step, row_squares, {ids}};
  const std::uint32_t num_rows = *ids.num_rows;
  const std::uint32_t lane = threadIdx.x % kWarp;
  for (std::uint32_t tile = warp_number() * kWarp; tile < num_rows; tile += num_warps() * kWarp) {
    const RowRef mine = row_ref(tables, ids, min(tile + lane, num_rows - 1));
    const std::int32_t last = __shfl_sync(kEveryLane, mine.block, static_cast<int>(kWarp) - 1);
    // Rows, and so blocks, ascend; few tiles have rows of several.
    for (std::int32_t of = __shfl_sync(kEveryLane, mine.block, 0); of <= last; ++of) {
      if (has_states<kStates>(tables, step, of)) {
        update_tile(job, mine, min(num_rows - tile, static_cast<std::uint32_t>(kWarp)), of);
      }
    }
  }
}

/// A warp updates a row in the pieces that are too wide for update_kernel.
template <class Value, int kStates>
__global__ void __launch_bounds__(kThreads)
    update_wide_kernel(const UpdateTables tables, const SortedIds<Value> ids, const UpdateStep step,
                       const double* row_squares) {
  const UpdateJob<ShortRows<Value>, kStates> job{tables, step, row_squares, {ids}};
  const std::uint32_t num_rows = *ids.num_rows;
  for (std::uint32_t i = warp_number(); i < num_rows; i += num_warps()) {
    const RowRef ref = row_ref(tables, ids, i);
    if (ref.size() > kRunLength || !has_states<kStates>(tables, step, ref.block)) continue;
    update_wide_pieces(job, tables.blocks[ref.block], Team::of(kWarp), ref);
  }
}

template <class Value>
__global__ void __launch_bounds__(kThreads)
    find_long_rows(const SortedIds<Value> ids, typename RowUpdate<Value>::LongRows rows) {
  const std::uint32_t num_rows = *ids.num_rows;
  for (std::uint32_t row = blockIdx.x * kThreads + threadIdx.x; row < num_rows;
       row += gridDim.x * kThreads) {
    const std::uint32_t size = ids.begins[row + 1] - ids.begins[row];
    if (size <= kRunLength) continue;
    const std::uint32_t num_runs = (size + kRunLength - 1) / kRunLength;
    const std::uint32_t first_run = atomicAdd(&rows.counts->runs, num_runs);
    rows.rows[atomicAdd(&rows.counts->long_rows, 1U)] = {row, first_run, num_runs};
    for (std::uint32_t i = 0; i < num_runs; ++i) rows.runs[first_run + i] = {row, i};
  }
}

/// A warp sums a run of ids in all columns of their block.
template <class Value>
__global__ void __launch_bounds__(kThreads)
    sum_runs_kernel(const UpdateTables tables, const SortedIds<Value> ids,
                    typename RowUpdate<Value>::LongRows rows) {
  const std::uint32_t num_runs = rows.counts->runs;
  for (std::uint32_t r = warp_number(); r < num_runs; r += num_warps()) {
    const RowRef ref = row_ref(tables, ids, rows.runs[r].row);
    const DeviceBlock& block = tables.blocks[ref.block];
    const std::uint32_t begin = ref.begin + rows.runs[r].number * kRunLength;
    const std::uint32_t size = min(kRunLength, ref.end - begin);
    for (std::int32_t p = 0; p < block.num_pieces; ++p) {
      const DevicePiece& piece = tables.pieces[block.first_piece + p];
      float* const sums = rows.sums + r * tables.most_columns + piece.column_in_block;
      const auto terms = id_terms(tables, ids, block, piece, begin, size);
      for (std::int64_t first = 0; first < piece.width; first += kWarp * kColumnsPerPart) {
        const std::int64_t column = first + threadIdx.x % kWarp * kColumnsPerPart;
        if (column >= piece.width) continue;
        float4 sum[1] = {};
        add_terms<8>(terms, Columns{column, 0, piece.width}, sum);
        store4(sums + column, sum[0]);
      }
    }
  }
}

template <class Value, int kStates>
__global__ void __launch_bounds__(kThreads)
    update_long_kernel(const UpdateTables tables, const SortedIds<Value> ids,
                       typename RowUpdate<Value>::LongRows rows, const UpdateStep step,
                       const double* row_squares) {
  const std::uint32_t num_rows = rows.counts->long_rows;
  for (std::uint32_t i = warp_number(); i < num_rows; i += num_warps()) {
    const auto row = rows.rows[i];
    const RowRef ref = row_ref(tables, ids, row.row);
    if (!has_states<kStates>(tables, step, ref.block)) continue;
    const SummedRuns source{rows.sums + row.first_run * tables.most_columns, row.num_runs};
    const UpdateJob<SummedRuns, kStates> job{tables, step, row_squares, source};
    update_narrow_pieces(job, tables.blocks[ref.block], Team::of(kWarp), ref);
    update_wide_pieces(job, tables.blocks[ref.block], Team::of(kWarp), ref);
  }
}

/// What to sum the squares of.
struct SquaresOf {
  std::int64_t block = -1;  ///< −1: every one
  std::int64_t piece = -1;
};

/// A warp sums the squares of one row.
template <class Job>
__device__ void sum_squares_of_row(const Job& job, const SquaresOf& of, const RowRef& ref,
                                   double* squares) {
  if (of.block >= 0 && ref.block != of.block) return;
  const DeviceBlock& block = job.tables.blocks[ref.block];
  const Team team = Team::of(kWarp);
  double sum = 0;
  for (std::int32_t p = 0; p < block.num_pieces; ++p) {
    if (of.piece >= 0 && p != of.piece) continue;
    const DevicePiece& piece = job.tables.pieces[block.first_piece + p];
    with_weight_type(piece.dtype, [&](auto* type) {
      sum += squares_of_piece<std::remove_pointer_t<decltype(type)>>(job, block, piece, team, ref);
    });
  }
  if (team.lane == 0) squares[ref.number] = sum;
}

template <class Value>
__global__ void __launch_bounds__(kThreads)
    squares_kernel(const UpdateTables tables, const SortedIds<Value> ids, const UpdateStep step,
                   const SquaresOf of, double* squares) {
  const UpdateJob<ShortRows<Value>, 0> job{tables, step, nullptr, {ids}};
  const std::uint32_t num_rows = *ids.num_rows;
  for (std::uint32_t i = warp_number(); i < num_rows; i += num_warps()) {
    const RowRef ref = row_ref(tables, ids, i);
    if (ref.size() <= kRunLength) sum_squares_of_row(job, of, ref, squares);
  }
}

template <class Value>
__global__ void __launch_bounds__(kThreads)
    squares_of_long_kernel(const UpdateTables tables, const SortedIds<Value> ids,
                           typename RowUpdate<Value>::LongRows rows, const UpdateStep step,
                           const SquaresOf of, double* squares) {
  const std::uint32_t num_rows = rows.counts->long_rows;
  for (std::uint32_t i = warp_number(); i < num_rows; i += num_warps()) {
    const auto row = rows.rows[i];
    const SummedRuns source{rows.sums + row.first_run * tables.most_columns, row.num_runs};
    const UpdateJob<SummedRuns, 0> job{tables, step, nullptr, source};
    sum_squares_of_row(job, of, row_ref(tables, ids, row.row), squares);
  }
}

}  // namespace

UpdateStep update_step(const OptimizerSettings& settings, const StepSize& step) {
  const AdamScales adam(settings, step);
  UpdateStep result;
  result.settings = settings;
  result.learning_rate = step.learning_rate;
  result.gradient_scale = step.gradient_scale;
  result.step = step.step;
  result.adjusts = step.gradient_scale != 1.0F || settings.weight_decay != 0.0F;
  result.adam_of_m = adam.of_m;
  result.adam_of_root_v = adam.of_root_v;
  return result;
}

template <class Value>
RowUpdate<Value>::RowUpdate(DeviceStream stream)
    : stream_(stream),
      rows_(stream, "rows with many ids"),
      runs_(stream, "runs of ids"),
      counts_(stream, "counts of runs"),
      sums_(stream, "sums of runs") {}

template <class Value>
typename RowUpdate<Value>::LongRows RowUpdate<Value>::long_rows() const {
  return {rows_.data(), runs_.data(), counts_.data(), sums_.data()};
}

template <class Value>
void RowUpdate<Value>::sum_runs(const UpdateTables& tables, const Ids& ids) {
  const auto most_rows = static_cast<std::size_t>(ids.num_ids / kRunLength);
  rows_.resize(most_rows);
  runs_.resize(2 * most_rows);  // a row with more than one run has at most one that is not full
  counts_.resize(1);
  sums_.resize(2 * most_rows * static_cast<std::size_t>(tables.most_columns));
  check_cuda(cudaMemsetAsync(counts_.data(), 0, sizeof(Counts), stream_), "clear counts");
  if (most_rows == 0) return;
  find_long_rows<Value><<<full_grid(), kThreads, 0, stream_>>>(ids, long_rows());
  check_launch("find rows with many ids");
  sum_runs_kernel<Value><<<full_grid(), kThreads, 0, stream_>>>(tables, ids, long_rows());
  check_launch("sum runs of ids");
}

template <class Value>
template <int kStates>
void RowUpdate<Value>::update_tables_with(const UpdateTables& tables, const Ids& ids,
                                          const UpdateStep& step, const double* row_squares) {
  if ((tables.states & 1 << kStates) == 0) return;
  update_kernel<Value, kStates>
      <<<full_grid(), kThreads, 0, stream_>>>(tables, ids, step, row_squares);
  check_launch("update rows");
  if (tables.widest > kMostColumns) {
    update_wide_kernel<Value, kStates>
        <<<full_grid(), kThreads, 0, stream_>>>(tables, ids, step, row_squares);
    check_launch("update wide rows");
  }
  if (rows_.size() == 0) return;
  update_long_kernel<Value, kStates>
      <<<full_grid(), kThreads, 0, stream_>>>(tables, ids, long_rows(), step, row_squares);
  check_launch("update rows with many ids");
}

template <class Value>
void RowUpdate<Value>::update(const UpdateTables& tables, const Ids& ids, const UpdateStep& step,
                              const double* row_squares) {
  if (ids.num_ids == 0) return;
  update_tables_with<0>(tables, ids, step, row_squares);
  update_tables_with<1>(tables, ids, step, row_squares);
  update_tables_with<2>(tables, ids, step, row_squares);
}

template <class Value>
void RowUpdate<Value>::sum_squares(const UpdateTables& tables, const Ids& ids,
                                   const UpdateStep& step, std::int64_t block, std::int64_t piece,
                                   double* squares) {
  if (ids.num_ids == 0) return;
  const SquaresOf of{block, piece};
  squares_kernel<Value><<<full_grid(), kThreads, 0, stream_>>>(tables, ids, step, of, squares);
  check_launch("sum squares of gradients");
  if (rows_.size() == 0) return;
  squares_of_long_kernel<Value>
      <<<full_grid(), kThreads, 0, stream_>>>(tables, ids, long_rows(), step, of, squares);
  check_launch("sum squares of rows with many ids");
}

template class RowUpdate<std::uint32_t>;
template class RowUpdate<BagAndCoefficient>;

}  // namespace shardwright
