#pragma once

#include "planner/plan.hpp"

#include <cstdint>

// Random plans of the tables that synthetic runs train.
namespace shardwright::synthetic {

enum class Sharding {
  table_wise,
  column_wise,
  mixed,  ///< of these two
  row_wise,
  table_row_wise,
  table_column_wise,
  grid,
  data_parallel,
  every,  ///< each table another of these
};

/// How the four tables of every run are trained.
struct Training {
  OptimizerKind optimizer = OptimizerKind::sgd;
  PoolingMode mode = PoolingMode::sum;
  bool weighted = false;
  DataType dtype = DataType::fp32;
  bool unpooled = false;  ///< "users" and "items" have no pooling, whatever the mode
};

/// Five features over four tables; one table has two features, one a single row, one once a bag of
/// 3,000 ids.
Workload make_workload(const Training& training);
/// Nodes have two ranks. Splits are uneven; shards lie on random ranks, several of a table on one
/// rank too, but the types that cut the rows over a node have one on each of its ranks.
Plan make_plan(const Training& training, Sharding sharding, std::int64_t ranks, std::uint64_t seed);
/// The same of any tables.
Plan place(const Workload& workload, Sharding sharding, std::int64_t ranks, std::uint64_t seed);
/// The same shards on one rank: splits stay. Not for data_parallel.
Plan on_one_rank(Plan plan);

}  // namespace shardwright::synthetic
