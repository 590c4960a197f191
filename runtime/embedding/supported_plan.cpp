#include "runtime/embedding/supported_plan.hpp"

#include "costmodel/errors.hpp"
#include "planner/coverage.hpp"
#include "planner/unique_rows.hpp"
#include "runtime/embedding/trainable_types.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <string_view>
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

std::string names_of_types() {
  std::vector<std::string_view> names;
  names.reserve(kTrainableTypes.size());
  for (const ShardingType type : kTrainableTypes) names.push_back(to_string(type));
  return fmt::to_string(fmt::join(names, ", "));
}

template <class Value>
[[noreturn]] void refuse(const Table& table, std::string_view what, Value value,
                         std::string_view supported) {
  throw InputError(fmt::format("Table '{}' has {} {}, which training does not support: use {}.",
                               table.name, what, to_string(value), supported));
}

void require_supported_table(const Table& table) {
  if (table.rows < 1 || table.dim < 1) {
    throw InputError(fmt::format("Table '{}' has {} rows and {} columns; both must be positive.",
                                 table.name, table.rows, table.dim));
  }
}

std::string describe(const Shard& shard) {
  return fmt::format("rows [{}, {}) and columns [{}, {}) on {}", shard.row_begin, shard.row_end,
                     shard.col_begin, shard.col_end,
                     shard.rank ? fmt::format("rank {}", shard.rank->value()) : "every rank");
}

void require_supported_shard(const Table& table, const Shard& shard, std::int64_t ranks) {
  if (!std::ranges::count(kTrainableTypes, shard.type)) {
    refuse(table, "sharding type", shard.type, names_of_types());
  }
  const bool whole = shard.rows() == table.rows && shard.columns() == table.dim;
  const bool placed = shard.type == ShardingType::data_parallel
                          ? !shard.rank && whole
                          : shard.rank && shard.rank->value() >= 0 && shard.rank->value() < ranks;
  const bool inside = shard.row_begin >= 0 && shard.row_end <= table.rows && shard.col_begin >= 0 &&
                      shard.col_end <= table.dim;
  const bool filled = shard.rows() > 0 && shard.columns() > 0 && shard.columns() % 4 == 0;
  if (placed && inside && filled) return;
  throw InputError(
      fmt::format("Table '{}' has a shard of {}; it must hold rows, lie inside the table, have a "
                  "multiple of 4 columns, and be on a rank in [0, {}), or, if it is data_parallel, "
                  "hold the whole table on every rank.",
                  table.name, describe(shard), ranks));
}

std::vector<Shard> shards_of(const Plan& plan, TableId table) {
  std::vector<Shard> shards;
  for (const Shard& shard : plan.shards) {
    if (shard.table == table) shards.push_back(shard);
  }
  return shards;
}

void require_each_weight_once(const Table& table, const std::vector<Shard>& shards) {
  const std::vector<std::string> problems = coverage_problems(table, shards);
  if (!problems.empty()) throw InputError(problems.front() + " See `shardwright check`.");
}

void require_unique_rows(const Plan& plan) {
  const std::vector<std::string> problems = unique_rows_problems(plan);
  if (!problems.empty()) throw InputError(problems.front());
}

}  // namespace

void require_supported(const Plan& plan, std::int64_t ranks) {
  require_ranks(plan, ranks);
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    const Table& table = plan.workload.tables[t];
    require_supported_table(table);
    const std::vector<Shard> shards = shards_of(plan, TableId::of(t));
    for (const Shard& shard : shards) require_supported_shard(table, shard, ranks);
    require_each_weight_once(table, shards);
  }
  require_unique_rows(plan);
}

}  // namespace shardwright
