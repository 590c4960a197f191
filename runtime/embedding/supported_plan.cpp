#include "runtime/embedding/supported_plan.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace shardwright {
namespace {

void require_ranks(const Plan& plan, std::int64_t ranks) {
  if (plan.topology.size() == ranks) return;
  throw InputError(
      fmt::format("The plan is for {0} ranks, but this job has {1}: start it with "
                  "`mpirun -n {0}`, or make a plan whose topology has {1} ranks.",
                  plan.topology.size(), ranks));
}

template <class Value>
[[noreturn]] void refuse(const Table& table, std::string_view what, Value value,
                         std::string_view supported) {
  throw InputError(fmt::format("Table '{}' has {} {}, which training does not support: use {}.",
                               table.name, what, to_string(value), supported));
}

void require_supported_table(const Table& table) {
  if (table.mode == PoolingMode::none) refuse(table, "pooling mode", table.mode, "sum or mean");
  if (table.dtype != DataType::fp32) refuse(table, "dtype", table.dtype, "fp32");
  if (table.optimizer != OptimizerKind::sgd && table.optimizer != OptimizerKind::adagrad &&
      table.optimizer != OptimizerKind::rowwise_adagrad) {
    refuse(table, "optimizer", table.optimizer, "sgd, adagrad or rowwise_adagrad");
  }
  if (table.rows < 1 || table.dim < 1) {
    throw InputError(fmt::format("Table '{}' has {} rows and {} columns; both must be positive.",
                                 table.name, table.rows, table.dim));
  }
}

void require_supported_shard(const Table& table, const Shard& shard, std::int64_t ranks) {
  if (shard.type != ShardingType::table_wise && shard.type != ShardingType::column_wise) {
    refuse(table, "sharding type", shard.type, "table_wise or column_wise");
  }
  const bool legal = shard.rank && shard.rank->value() >= 0 && shard.rank->value() < ranks &&
                     shard.row_begin == 0 && shard.row_end == table.rows &&
                     shard.columns() % 4 == 0;
  if (legal) return;
  throw InputError(fmt::format(
      "Table '{}' has a shard of rows [{}, {}) and columns [{}, {}) on {}; it must hold "
      "all {} rows, a multiple of 4 columns, and be on a rank in [0, {}).",
      table.name, shard.row_begin, shard.row_end, shard.col_begin, shard.col_end,
      shard.rank ? fmt::format("rank {}", shard.rank->value()) : "no rank", table.rows, ranks));
}

/// The table's shards, ordered by their first column.
std::vector<Shard> shards_of(const Plan& plan, TableId table) {
  std::vector<Shard> shards;
  for (const Shard& shard : plan.shards) {
    if (shard.table == table) shards.push_back(shard);
  }
  std::sort(shards.begin(), shards.end(),
            [](const Shard& a, const Shard& b) { return a.col_begin < b.col_begin; });
  return shards;
}

void require_each_column_once(const Table& table, const std::vector<Shard>& shards) {
  std::int64_t covered = 0;
  for (const Shard& shard : shards) {
    if (shard.col_begin != covered || shard.columns() < 1) break;
    covered = shard.col_end;
  }
  if (covered == table.dim && !shards.empty() && shards.back().col_end == table.dim) return;
  throw InputError(
      fmt::format("Table '{}' has {} columns, but the plan's shards place column {} "
                  "twice or not at all (see `shardwright check`).",
                  table.name, table.dim, covered));
}

}  // namespace

void require_supported(const Plan& plan, std::int64_t ranks) {
  require_ranks(plan, ranks);
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    const Table& table = plan.workload.tables[t];
    require_supported_table(table);
    const std::vector<Shard> shards = shards_of(plan, TableId::of(t));
    for (const Shard& shard : shards) require_supported_shard(table, shard, ranks);
    require_each_column_once(table, shards);
  }
}

}  // namespace shardwright
