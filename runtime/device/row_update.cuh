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
};

/// What an update is made of: of tables with kStates values of state per weight.
template <class Source, int kNumStates>
struct UpdateJob {
  static constexpr int kStates = kNumStates;
  const UpdateTables& tables;
  const UpdateStep& step;
  const double* row_squares;
  Source source;
};

/// Whether the row statistic of a block comes with row_squares; else its one piece has it all.
template <class Job>
__device__ bool shares_squares(const Job& job, const DeviceBlock& block) {
  return block.shares_squares && job.row_squares != nullptr;
}

template <class Weight>
__device__ Weight* weights_at(const DevicePiece& piece, std::int64_t row, std::int64_t column) {
  return static_cast<Weight*>(piece.weights) + row * piece.width + column;
}

/// Four columns of a row in registers.
struct RowPart {
  float4 w = {0, 0, 0, 0};
  RowState state;
};

template <class Weight, int kStates>
__device__ RowPart load_part(const DevicePiece& piece, std::int64_t row, std::int64_t column) {
  RowPart part;
  const std::int64_t at = row * piece.width + column;
  part.w = load4(weights_at<Weight>(piece, row, column));
  if constexpr (kStates >= 1) part.state.first = load4(piece.first + at);
  if constexpr (kStates >= 2) part.state.second = load4(piece.second + at);
  return part;
}

template <class Weight, int kStates>
__device__ void store_part(const DevicePiece& piece, const DeviceBlock& block,
                           const UpdateStep& step, std::int64_t row, std::int64_t column,
                           const RowPart& part) {
  const std::int64_t at = row * piece.width + column;
  const std::uint64_t key =
      piece.dtype == DataType::fp32
          ? 0
          : rounding_row_key(piece.rounding_key, block.first_row + row, step.step);
  store4(weights_at<Weight>(piece, row, column), part.w, key, piece.column_in_table + column);
  if constexpr (kStates >= 1) store4(piece.first + at, part.state.first, 0, 0);
  if constexpr (kStates >= 2) store4(piece.second + at, part.state.second, 0, 0);
}

/// Updates `kRows` rows of a piece that is no wider than the team: all loads first.
template <class Weight, int kRows, class Job>
__device__ void update_narrow(const Job& job, const DeviceBlock& block, const DevicePiece& piece,
                              const Team& team, const RowRef (&refs)[kRows]) {
  const std::int64_t column = team.lane * kColumnsPerLane;
  const bool is_mine = column < piece.width;
  const bool statistic = has_statistic(block.optimizer);
  RowPart part[kRows];
  Term first[kRows];
  float row_state[kRows];
#pragma unroll
  for (int k = 0; k < kRows; ++k) {
    if (!refs[k].counts) continue;
    if (is_mine) {
      part[k] = load_part<Weight, Job::kStates>(piece, refs[k].row, column);
      first[k] = job.source.terms(job.tables, refs[k], block, piece, column)[0];
    }
    if (statistic) row_state[k] = piece.row_state[refs[k].row];
  }
#pragma unroll
  for (int k = 0; k < kRows; ++k) {
    if (!refs[k].counts) continue;
    float4 g = {0, 0, 0, 0};
    if (is_mine) {
      add(g, first[k].coefficient, first[k].value);
      add_terms(job.source.terms(job.tables, refs[k], block, piece, column), 1, g);
      g = adjusted(job.step, g, part[k].w);
    }
    if (statistic) {
      const double squares =
          shares_squares(job, block) ? job.row_squares[refs[k].number] : team.sum(squares_of(g));
      part[k].state.divisor =
          advance_statistic(block.optimizer, job.step, squares, block.dim, row_state[k]);
      if (team.lane == 0) piece.row_state[refs[k].row] = row_state[k];
    }
    if (!is_mine) continue;
    apply<Job::kStates>(block.optimizer, job.step, g, part[k].w, part[k].state);
    store_part<Weight, Job::kStates>(piece, block, job.step, refs[k].row, column, part[k]);
  }
}

/// Four columns' gradient as the optimizer takes it.
template <class Weight, class Job>
__device__ float4 adjusted_gradient(const Job& job, const DeviceBlock& block,
                                    const DevicePiece& piece, const RowRef& ref,
                                    std::int64_t column, float4 w) {
  float4 g = {0, 0, 0, 0};
  add_terms(job.source.terms(job.tables, ref, block, piece, column), 0, g);
  return adjusted(job.step, g, w);
}

/// Σ g² of a row over the columns of a piece.
template <class Weight, class Job>
__device__ double squares_of_piece(const Job& job, const DeviceBlock& block,
                                   const DevicePiece& piece, const Team& team, const RowRef& ref) {
  double squares = 0;
  for (std::int64_t column = team.lane * kColumnsPerLane; column < piece.width;
       column += team.lanes * kColumnsPerLane) {
    const float4 w = load4(weights_at<Weight>(piece, ref.row, column));
    squares += squares_of(adjusted_gradient<Weight>(job, block, piece, ref, column, w));
  }
  return team.sum(squares);
}

/// Updates a row of a piece of any width, 128 columns at a time.
template <class Weight, class Job>
__device__ void update_wide(const Job& job, const DeviceBlock& block, const DevicePiece& piece,
                            const Team& team, const RowRef& ref) {
  float divisor = 1;
  if (has_statistic(block.optimizer)) {
    const double squares = shares_squares(job, block)
                               ? job.row_squares[ref.number]
                               : squares_of_piece<Weight>(job, block, piece, team, ref);
    float row_state = piece.row_state[ref.row];
    divisor = advance_statistic(block.optimizer, job.step, squares, block.dim, row_state);
    __syncwarp(team.mask);
    if (team.lane == 0) piece.row_state[ref.row] = row_state;
  }
  for (std::int64_t column = team.lane * kColumnsPerLane; column < piece.width;
       column += team.lanes * kColumnsPerLane) {
    RowPart part = load_part<Weight, Job::kStates>(piece, ref.row, column);
    part.state.divisor = divisor;
    const float4 g = adjusted_gradient<Weight>(job, block, piece, ref, column, part.w);
    apply<Job::kStates>(block.optimizer, job.step, g, part.w, part.state);
    store_part<Weight, Job::kStates>(piece, block, job.step, ref.row, column, part);
  }
}

/// Updates rows of one block in all its pieces.
template <int kRows, class Job>
__device__ void update_rows_of_block(const Job& job, const DeviceBlock& block, const Team& team,
                                     const RowRef (&refs)[kRows]) {
  for (std::int32_t p = 0; p < block.num_pieces; ++p) {
    const DevicePiece piece = job.tables.pieces[block.first_piece + p];
    with_weight_type(piece.dtype, [&](auto* type) {
      using Weight = std::remove_pointer_t<decltype(type)>;
      if (piece.width <= team.lanes * kColumnsPerLane) {
        update_narrow<Weight, kRows>(job, block, piece, team, refs);
        return;
      }
      for (const RowRef& ref : refs) {
        if (ref.counts) update_wide<Weight>(job, block, piece, team, ref);
      }
    });
  }
}

}  // namespace shardwright
