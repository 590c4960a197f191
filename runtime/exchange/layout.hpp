#pragma once

#include "planner/plan.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// A feature, in the order of the plan's tables, then of each table's features.
struct PooledFeature {
  std::string name;
  TableId table{0};
  bool weighted = false;
  std::int64_t pooled_column = 0;  ///< first of its dim columns in the pooled rows
};

/// A shard and its place in its owner's matrix: the table's k-th feature has the columns
/// [column + k·width, column + (k + 1)·width).
struct OwnedShard {
  Shard shard;
  std::int64_t column = 0;
};

/// A table of which a rank owns one or more shards. Its shards and features stand together in
/// OwnerLayout::shards and OwnerLayout::features.
struct OwnedTable {
  TableId table{0};
  std::size_t first_shard = 0;
  std::size_t num_shards = 0;
  std::size_t first_feature = 0;
  std::size_t num_features = 0;
};

/// Columns that stand side by side both in an owner's matrix and in the pooled rows.
struct ColumnRun {
  std::int64_t owner_column = 0;
  std::int64_t pooled_column = 0;
  std::int64_t width = 0;
};

/// What one rank owns. Its matrix, [samples of all ranks][columns], holds the pooled values it
/// computes and later their gradients; each source rank's samples are consecutive rows of it, so
/// that its parts are sent and received in place.
struct OwnerLayout {
  std::vector<OwnedShard> shards;  ///< ordered by (table, col_begin)
  std::vector<OwnedTable> tables;
  std::vector<std::size_t> features;  ///< whose ids it is sent, as positions in all features
  std::vector<ColumnRun> runs;        ///< cover its matrix from left to right
  std::int64_t columns = 0;
};

/// Who sends what to whom, the same on every rank.
struct ExchangeLayout {
  std::vector<PooledFeature> features;
  std::int64_t pooled_columns = 0;  ///< sum of dims over features
  std::vector<OwnerLayout> owners;  ///< one per rank
};

/// For a plan that require_supported() has accepted.
ExchangeLayout make_layout(const Plan& plan);

}  // namespace shardwright
