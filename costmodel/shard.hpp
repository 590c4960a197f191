#pragma once

#include "costmodel/ids.hpp"
#include "costmodel/sharding_type.hpp"
#include "costmodel/storage.hpp"

#include <cstdint>
#include <optional>

namespace shardwright {

/// A rectangle of one table and the rank that holds it. Ranges are half open.
struct Shard {
  TableId table{0};
  ShardingType type = ShardingType::table_wise;
  std::int64_t row_begin = 0;
  std::int64_t row_end = 0;
  std::int64_t col_begin = 0;
  std::int64_t col_end = 0;
  std::optional<RankId> rank;  ///< empty for data_parallel only: every rank holds it
  Storage storage{};
  std::int64_t rows() const { return row_end - row_begin; }
  std::int64_t columns() const { return col_end - col_begin; }
  bool on(RankId r) const { return !rank || *rank == r; }
  bool operator==(const Shard&) const = default;
};

}  // namespace shardwright
