#pragma once

#include "runtime/device/optimizer_steps.cuh"
#include "runtime/device/row_gradients.cuh"

namespace shardwright {

/// The threads that work on one row together: `lanes` neighbours of a warp.
struct Team {
  std::int32_t lanes = 32;
  std::int32_t lane = 0;  ///< of this thread
  unsigned mask = kEveryLane;

  __device__ static Team of(std::int32_t lanes) {
    const auto in_warp = static_cast<std::int32_t>(threadIdx.x % kWarp);
    const unsigned all = lanes == kWarp ? kEveryLane : (1U << lanes) - 1;
    return {lanes, in_warp % lanes, all << (in_warp / lanes * lanes)};
  }
  /// The same on every thread.
  __device__ double sum(double value) const {
    for (std::int32_t step = lanes / 2; step > 0; step /= 2) {
      value += __shfl_xor_sync(mask, value, step);
    }
    return value;
  }
  /// The thread's columns among those from `first` on.
  __device__ Columns columns(std::int64_t first, std::int64_t width) const {
    return {first + lane * kColumnsPerPart, lanes * kColumnsPerPart, width};
  }
  /// Columns that all of them hold together.
  __device__ std::int64_t num_columns() const { return lanes * kParts * kColumnsPerPart; }
};

/// What an update is made of: of tables with kNumStates values of state per weight.
template <class Source, int kNumStates>
struct UpdateJob {
  static constexpr int kStates = kNumStates;
  static constexpr int kTermsInFlight = Source::kTermsInFlight;
  const UpdateTables& tables;
  const UpdateStep& step;
  const double* row_squares;
  Source source;
};

/// A thread's columns of a row, in registers.
struct RowParts {
  float4 w[kParts];
  float4 g[kParts];
  float4 first[kParts];
  float4 second[kParts];
};

template <class Weight>
__device__ Weight* row_of(const DevicePiece& piece, std::int64_t row) {
  return static_cast<Weight*>(piece.weights) + row * piece.width;
}

template <class Weight, int kStates>
__device__ void load_row(const DevicePiece& piece, std::int64_t row, const Columns& columns,
                         RowParts& parts) {
  const std::int64_t at = row * piece.width;
#pragma unroll
  for (int p = 0; p < kParts; ++p) {
    parts.w[p] = parts.g[p] = {0, 0, 0, 0};
    if (!columns.has(p)) continue;
    parts.w[p] = load4(row_of<Weight>(piece, row) + columns.of(p));
    if constexpr (kStates >= 1) parts.first[p] = load4(piece.first + at + columns.of(p));
    if constexpr (kStates >= 2) parts.second[p] = load4(piece.second + at + columns.of(p));
  }
}

/// What all columns of a row share in this step's rounding; nothing for floats.
template <class Weight>
__device__ std::uint64_t rounding_key(const DeviceBlock& block, const DevicePiece& piece,
                                      const UpdateStep& step, std::int64_t row) {
  if constexpr (std::is_same_v<Weight, float>) return 0;
  return rounding_row_key(piece.rounding_key, block.first_row + row, step.step);
}

template <class Weight, class Job>
__device__ void apply_and_store(const Job& job, const DeviceBlock& block, const DevicePiece& piece,
                                std::int64_t row, const Columns& columns, float divisor,
                                RowParts& parts) {
  const std::int64_t at = row * piece.width;
  const std::uint64_t key = rounding_key<Weight>(block, piece, job.step, row);
#pragma unroll
  for (int p = 0; p < kParts; ++p) {
    if (!columns.has(p)) continue;
    const std::int64_t column = columns.of(p);
    RowState state{parts.first[p], parts.second[p], divisor};
    apply<Job::kStates>(block.optimizer, job.step, parts.g[p], parts.w[p], state);
    store4(row_of<Weight>(piece, row) + column, parts.w[p], key, piece.column_in_table + column);
    if constexpr (Job::kStates >= 1) store4(piece.first + at + column, state.first, 0, 0);
    if constexpr (Job::kStates >= 2) store4(piece.second + at + column, state.second, 0, 0);
  }
}

/// Sums the gradient of the thread's columns, as the optimizer takes it. Returns Σ g² of them.
template <class Job>
__device__ double sum_gradient(const Job& job, const DeviceBlock& block, const DevicePiece& piece,
                               const RowRef& ref, const Columns& columns, RowParts& parts) {
  add_terms<Job::kTermsInFlight>(job.source.terms(job.tables, ref, block, piece), columns, parts.g);
  double squares = 0;
#pragma unroll
  for (int p = 0; p < kParts; ++p) {
    if (!columns.has(p)) continue;
    parts.g[p] = adjusted(job.step, parts.g[p], parts.w[p]);
    if (has_statistic(block.optimizer)) squares += squares_of(parts.g[p]);
  }
  return squares;
}

/// Σ g² of a row over the columns of a piece, kMostColumns at a time.
template <class Weight, class Job>
__device__ double squares_of_piece(const Job& job, const DeviceBlock& block,
                                   const DevicePiece& piece, const Team& team, const RowRef& ref) {
  double squares = 0;
  for (std::int64_t first = 0; first < piece.width; first += team.num_columns()) {
    const Columns columns = team.columns(first, piece.width);
    RowParts parts;
    load_row<Weight, 0>(piece, ref.row, columns, parts);
    add_terms<Job::kTermsInFlight>(job.source.terms(job.tables, ref, block, piece), columns,
                                   parts.g);
#pragma unroll
    for (int p = 0; p < kParts; ++p) {
      if (columns.has(p)) squares += squares_of(adjusted(job.step, parts.g[p], parts.w[p]));
    }
  }
  return team.sum(squares);
}

/// Updates one row of one piece that the team holds at once: all loads first.
template <class Weight, class Job>
__device__ void update_narrow_row(const Job& job, const DeviceBlock& block,
                                  const DevicePiece& piece, const Team& team, const RowRef& ref) {
  const bool statistic = has_statistic(block.optimizer);
  float row_state = statistic ? piece.row_state[ref.row] : 0;
  const Columns columns = team.columns(0, piece.width);
  RowParts parts;
  load_row<Weight, Job::kStates>(piece, ref.row, columns, parts);
  double squares = sum_gradient(job, block, piece, ref, columns, parts);
  float divisor = 1;
  if (statistic) {
    squares = block.shares_squares ? job.row_squares[ref.number] : team.sum(squares);
    divisor = advance_statistic(block.optimizer, job.step, squares, block.per_column, row_state);
    __syncwarp(team.mask);  // all have read it
    if (team.lane == 0) piece.row_state[ref.row] = row_state;
  }
  apply_and_store<Weight>(job, block, piece, ref.row, columns, divisor, parts);
}

/// Updates one row of a wider piece, part after part; its gradient is summed twice where the row
/// statistic must be known first.
template <class Weight, class Job>
__device__ void update_wide_row(const Job& job, const DeviceBlock& block, const DevicePiece& piece,
                                const Team& team, const RowRef& ref) {
  float divisor = 1;
  if (has_statistic(block.optimizer)) {
    const double squares = block.shares_squares
                               ? job.row_squares[ref.number]
                               : squares_of_piece<Weight>(job, block, piece, team, ref);
    float row_state = piece.row_state[ref.row];
    divisor = advance_statistic(block.optimizer, job.step, squares, block.per_column, row_state);
    __syncwarp(team.mask);
    if (team.lane == 0) piece.row_state[ref.row] = row_state;
  }
  for (std::int64_t first = 0; first < piece.width; first += team.num_columns()) {
    const Columns columns = team.columns(first, piece.width);
    RowParts parts;
    load_row<Weight, Job::kStates>(piece, ref.row, columns, parts);
    sum_gradient(job, block, piece, ref, columns, parts);
    apply_and_store<Weight>(job, block, piece, ref.row, columns, divisor, parts);
  }
}

/// Updates one row of a block in those of its pieces that the team holds at once.
template <class Job>
__device__ void update_narrow_pieces(const Job& job, const DeviceBlock& block, const Team& team,
                                     const RowRef& ref) {
  for (std::int32_t p = 0; p < block.num_pieces; ++p) {
    const DevicePiece& piece = job.tables.pieces[block.first_piece + p];
    if (piece.width > team.num_columns()) continue;
    with_weight_type(piece.dtype, [&](auto* type) {
      update_narrow_row<std::remove_pointer_t<decltype(type)>>(job, block, piece, team, ref);
    });
  }
}

/// The same in its other pieces.
template <class Job>
__device__ void update_wide_pieces(const Job& job, const DeviceBlock& block, const Team& team,
                                   const RowRef& ref) {
  for (std::int32_t p = 0; p < block.num_pieces; ++p) {
    const DevicePiece& piece = job.tables.pieces[block.first_piece + p];
    if (piece.width <= team.num_columns()) continue;
    with_weight_type(piece.dtype, [&](auto* type) {
      update_wide_row<std::remove_pointer_t<decltype(type)>>(job, block, piece, team, ref);
    });
  }
}

/// Asks for what an update of the row will load first, so that it need not come from afar then.
template <class Job>
__device__ void prefetch_row(const Job& job, const RowRef& ref) {
  const DeviceBlock& block = job.tables.blocks[ref.block];
  for (std::int32_t p = 0; p < block.num_pieces; ++p) {
    const DevicePiece& piece = job.tables.pieces[block.first_piece + p];
    const std::int64_t at = ref.row * piece.width;
    const std::int64_t bytes = piece.width * static_cast<std::int64_t>(sizeof(float));
    const std::int64_t element = piece.dtype == DataType::fp32 ? 4 : 2;
    prefetch(static_cast<const char*>(piece.weights) + at * element, piece.width * element);
    prefetch(job.source.terms(job.tables, ref, block, piece)[0].values, bytes);
    if constexpr (Job::kStates >= 1) prefetch(piece.first + at, bytes);
    if constexpr (Job::kStates >= 2) prefetch(piece.second + at, bytes);
    if (has_statistic(block.optimizer)) prefetch(piece.row_state + ref.row, sizeof(float));
  }
}

}  // namespace shardwright
