#include "planner/search/problem.hpp"

#include "costmodel/errors.hpp"
#include "planner/memory_model.hpp"
#include "planner/search/cuts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace shardwright {
namespace {

bool contains(const std::vector<ShardingType>& types, ShardingType type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

std::vector<std::string_view> names(const std::vector<ShardingType>& types) {
  std::vector<std::string_view> result;
  result.reserve(types.size());
  for (const ShardingType type : types) result.push_back(to_string(type));
  return result;
}

void set_types(const Table& table, const std::vector<ShardingType>& types, TableRules& rules) {
  const auto& asked = table.constraints.types;
  const auto allowed = [&](ShardingType type) {
    return contains(types, type) && (asked.empty() || contains(asked, type));
  };
  std::copy_if(kAllShardingTypes.begin(), kAllShardingTypes.end(), std::back_inserter(rules.types),
               allowed);
  rules.table_wise = rules.allows(ShardingType::table_wise);
  rules.column_wise = rules.allows(ShardingType::column_wise);
  if (!rules.types.empty()) return;
  throw InputError(
      fmt::format("Table '{}' may only be {} by its constraints, but the plan may only use {}. "
                  "Change its constraints or --types.",
                  table.name, fmt::join(names(asked), ", "), fmt::join(names(types), ", ")));
}

void set_ranks(const Table& table, const Topology& topology, TableRules& rules) {
  for (const RankId rank : table.constraints.ranks) {
    if (rank.value() < topology.size()) continue;
    throw InputError(
        fmt::format("Table '{}' is constrained to rank {}, but the topology's ranks are 0 to {}.",
                    table.name, rank.value(), topology.size() - 1));
  }
  rules.ranks = table.constraints.ranks;
  if (rules.ranks.empty()) {
    for (std::int64_t rank = 0; rank < topology.size(); ++rank) rules.ranks.emplace_back(rank);
  }
  std::sort(rules.ranks.begin(), rules.ranks.end());
  rules.ranks.erase(std::unique(rules.ranks.begin(), rules.ranks.end()), rules.ranks.end());
}

void set_widths(const Table& table, TableRules& rules) {
  const TableConstraints& asked = table.constraints;
  rules.min_width = asked.min_column_width.value_or(kWidthStep);
  rules.max_width = std::min(table.dim, asked.max_column_width.value_or(table.dim));
  rules.max_shards = asked.max_shards.value_or(table.dim / kWidthStep);
}

}  // namespace

bool TableRules::allows(ShardingType type) const { return contains(types, type); }

Problem make_problem(const Workload& workload, const Topology& topology, MemoryModel memory_model,
                     const std::vector<ShardingType>& types) {
  Problem problem{workload, topology, memory_model, {}, {}};
  const Bytes of_batch = batch_memory(memory_model, workload, topology).total();
  for (const RankSpec& rank : topology.ranks) problem.room.push_back(rank.memory - of_batch);
  for (const Table& table : workload.tables) {
    TableRules rules;
    set_types(table, types, rules);
    set_ranks(table, topology, rules);
    set_widths(table, rules);
    check_cuttable(table, rules);
    problem.rules.push_back(std::move(rules));
  }
  return problem;
}

Bytes bytes_of(const Problem& problem, const Shard& shard) {
  return shard_memory(problem.memory_model, problem.workload, problem.topology, shard).total();
}

}  // namespace shardwright
