#pragma once

#include "runtime/embedding/number_format.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/embedding/weight_rows.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace shardwright {

/// Weights and optimizer state of consecutive rows of a shard, in the shard's memory; rows count
/// from the first of them.
struct ShardRows {
  std::span<float> weights;            ///< of an fp32 table
  std::span<std::uint16_t> weights16;  ///< of any other: bits of Bf16 or Fp16
  std::span<float> state;
  std::size_t width = 0;        ///< weights per row
  std::size_t state_width = 0;  ///< values of state per row
  DataType dtype = DataType::fp32;
  std::uint64_t rounding_key = 0;  ///< rounding_table_key() of the table
  std::int64_t first_row = 0;      ///< of the table's rows
  std::int64_t first_column = 0;   ///< of the table's columns

  /// One row of an fp32 table.
  std::span<float> weights_of(std::int64_t row) const {
    return weights.subspan(static_cast<std::size_t>(row) * width, width);
  }
  std::span<std::uint16_t> weights16_of(std::int64_t row) const {
    return weights16.subspan(static_cast<std::size_t>(row) * width, width);
  }
  std::span<float> state_of(std::int64_t row) const {
    return state.subspan(static_cast<std::size_t>(row) * state_width, state_width);
  }
  /// For stochastic rounding in the update that is `step`.
  std::uint64_t rounding_key_of(std::int64_t row, std::int64_t step) const {
    return rounding_row_key(rounding_key, first_row + row, step);
  }
  WeightRows to_read() const {
    const bool is_float = dtype == DataType::fp32;
    const void* const data = is_float ? static_cast<const void*>(weights.data()) : weights16.data();
    return {data, dtype, static_cast<std::int64_t>(width)};
  }
};

/// The rows of a shard from `first_row` on.
inline ShardRows rows_from(ShardedEmbeddings::LocalShard& local, std::int64_t first_row) {
  const auto first = static_cast<std::size_t>(first_row);
  ShardRows rows;
  rows.dtype = local.dtype;
  rows.width = static_cast<std::size_t>(local.shard.columns());
  rows.state_width = local.state.size() / static_cast<std::size_t>(local.shard.rows());
  rows.state = std::span(local.state).subspan(first * rows.state_width);
  if (local.dtype == DataType::fp32) {
    rows.weights = std::span(local.weights).subspan(first * rows.width);
  } else {
    rows.weights16 = std::span(local.weights16).subspan(first * rows.width);
  }
  rows.rounding_key = local.rounding_key;
  rows.first_row = local.shard.row_begin + first_row;
  rows.first_column = local.shard.col_begin;
  return rows;
}

}  // namespace shardwright
