#include "planner/search/least_memory.hpp"

#include "planner/memory_model.hpp"
#include "planner/search/cuts.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr Bytes kMost{std::int64_t{1} << 61};

bool keeps_rows(ShardingType type) {
  return type == ShardingType::table_wise || type == ShardingType::column_wise ||
         type == ShardingType::table_column_wise;
}

bool cuts_rows(ShardingType type) {
  return !keeps_rows(type) && type != ShardingType::data_parallel;
}

template <class Predicate>
bool any_type(const TableRules& rules, const Predicate& predicate) {
  return std::any_of(rules.types.begin(), rules.types.end(), predicate);
}

Bytes weights_of(const Problem& problem, TableId id, std::int64_t rows, std::int64_t columns) {
  return weight_bytes(problem.workload.table(id), rows, columns);
}

Shard data_parallel_shard(const Problem& problem, TableId id) {
  Shard shard = whole_shard(problem, id);
  shard.type = ShardingType::data_parallel;
  return shard;
}

// Widest part of any legal cut by columns, at least.
std::int64_t least_width(const Problem& problem, TableId id) {
  TableRules rules = problem.rules[id.index()];
  rules.column_wise = rules.column_wise || rules.allows(ShardingType::table_column_wise) ||
                      rules.allows(ShardingType::grid);
  return least_widest(problem.workload.table(id), rules);
}

Bytes largest_with_all_rows(const Problem& problem, TableId id) {
  Shard shard = whole_shard(problem, id);
  const std::int64_t dim = shard.col_end;
  shard.col_end = least_width(problem, id);
  if (shard.col_end < dim) shard.type = ShardingType::column_wise;
  return bytes_with_followers(problem, shard);
}

Bytes largest_block(const Problem& problem, TableId id) {
  const TableRules& rules = problem.rules[id.index()];
  const Table& table = problem.workload.table(id);
  auto most = static_cast<std::int64_t>(rules.ranks.size());
  if (table.constraints.max_shards) most = std::min(most, *table.constraints.max_shards);
  const std::int64_t rows = (table.rows + most - 1) / most;
  const bool grid = rules.allows(ShardingType::grid);
  const std::int64_t columns = grid ? least_width(problem, id) : table.dim;
  if (problem.memory_model == MemoryModel::torchrec) return weights_of(problem, id, rows, columns);
  return bytes_of(problem, {id, ShardingType::row_wise, 0, rows, 0, columns, {}});
}

}  // namespace

Bytes least_total(const Problem& problem, TableId id) {
  const TableRules& rules = problem.rules[id.index()];
  Bytes least = kMost;
  const bool rows = any_type(rules, cuts_rows);
  if (any_type(rules, keeps_rows) || (rows && problem.memory_model != MemoryModel::torchrec)) {
    // Fewer parts need less, and blocks of rows no less than the rows together.
    Bytes sum;
    for (const Shard& shard : coarsest_cut(problem, id)) {
      sum = saturated_sum(sum, bytes_of(problem, shard));
    }
    least = sum;
  }
  if (rows && problem.memory_model == MemoryModel::torchrec) {
    const Table& table = problem.workload.table(id);
    least = std::min(least, weights_of(problem, id, table.rows, table.dim));
  }
  if (rules.allows(ShardingType::data_parallel)) {
    const Bytes one = bytes_of(problem, data_parallel_shard(problem, id));
    Bytes sum;
    for (std::size_t rank = 0; rank < problem.room.size(); ++rank) sum = saturated_sum(sum, one);
    least = std::min(least, sum);
  }
  return least;
}

Bytes least_largest(const Problem& problem, TableId id) {
  const TableRules& rules = problem.rules[id.index()];
  Bytes least = kMost;
  if (any_type(rules, keeps_rows)) least = largest_with_all_rows(problem, id);
  if (any_type(rules, cuts_rows)) least = std::min(least, largest_block(problem, id));
  if (rules.allows(ShardingType::data_parallel)) {
    least = std::min(least, bytes_of(problem, data_parallel_shard(problem, id)));
  }
  return least;
}

bool stays_whole(const Problem& problem, TableId id) {
  const TableRules& rules = problem.rules[id.index()];
  const bool only_whole = rules.types == std::vector{ShardingType::table_wise};
  const bool replicated = rules.allows(ShardingType::data_parallel);
  // Columns too few to be cut say nothing of rows.
  const bool asked = problem.workload.table(id).constraints.max_shards == 1;
  const bool one_shard = rules.max_shards == 1 && (asked || !any_type(rules, cuts_rows));
  return only_whole || (one_shard && !replicated) || !problem.companions.leads(id) ||
         !problem.companions.followers[id.index()].empty();
}

}  // namespace shardwright
