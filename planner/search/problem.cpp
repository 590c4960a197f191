#include "planner/search/problem.hpp"

#include "planner/contradiction.hpp"
#include "planner/list_some.hpp"
#include "planner/memory_model.hpp"
#include "planner/search/check_shapes.hpp"
#include "planner/search/cuts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace shardwright {
namespace {

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
  throw Contradiction(
      fmt::format("Table '{}' may only be {} by its constraints, but the plan may only use {}. "
                  "Change its constraints or --types.",
                  table.name, fmt::join(names(asked), ", "), fmt::join(names(types), ", ")),
      constraints_of(table.name, {"types"}));
}

void check_ranks_exist(const Table& table, const Topology& topology) {
  for (const RankId rank : table.constraints.ranks) {
    if (rank.value() < topology.size()) continue;
    throw Contradiction(
        fmt::format("Table '{}' is constrained to rank {}, but the topology's ranks are 0 to {}. "
                    "Change its constraint ranks, or plan for more ranks (--topology).",
                    table.name, rank.value(), topology.size() - 1),
        constraints_of(table.name, {"ranks"}));
  }
  for (const std::int64_t node : table.constraints.nodes) {
    const bool exists = std::any_of(topology.ranks.begin(), topology.ranks.end(),
                                    [&](const RankSpec& rank) { return rank.node == node; });
    if (exists) continue;
    throw Contradiction(
        fmt::format("Table '{}' is constrained to node {}, but no rank of the topology is on that "
                    "node. Change its constraint nodes, or plan for more nodes (--topology).",
                    table.name, node),
        constraints_of(table.name, {"nodes"}));
  }
}

template <class Value>
bool allows(const std::vector<Value>& asked, const Value& value) {
  return asked.empty() || std::find(asked.begin(), asked.end(), value) != asked.end();
}

void set_ranks(const Table& table, const Topology& topology, TableRules& rules) {
  const TableConstraints& asked = table.constraints;
  check_ranks_exist(table, topology);
  for (std::int64_t i = 0; i < topology.size(); ++i) {
    const RankSpec& rank = topology.rank(RankId(i));
    if (rank.excluded || !allows(asked.ranks, RankId(i)) || !allows(asked.nodes, rank.node)) {
      continue;
    }
    rules.ranks.emplace_back(i);
  }
  if (!rules.ranks.empty()) return;
  if (asked.ranks.empty() && asked.nodes.empty()) {
    throw Contradiction(
        "Every rank of the topology is excluded from holding tables. Take some out of "
        "excluded_ranks.",
        {{"", "excluded_ranks"}});
  }
  throw Contradiction(
      fmt::format("Table '{}' may use no rank: none of the ranks and nodes that its constraints "
                  "allow is left when excluded ranks are taken away. Change its constraints.",
                  table.name),
      rank_constraints_of(table.name));
}

void set_widths(const Table& table, TableRules& rules) {
  const TableConstraints& asked = table.constraints;
  rules.min_width = asked.min_column_width.value_or(kWidthStep);
  rules.max_width = std::min(table.dim, asked.max_column_width.value_or(table.dim));
  rules.max_shards = asked.max_shards.value_or(table.dim / kWidthStep);
}

// What holds every rank cannot keep away from some.
void check_data_parallel(const Table& table, std::size_t num_ranks, TableRules& rules) {
  if (rules.types != std::vector{ShardingType::data_parallel}) return;
  if (rules.ranks.size() == num_ranks) return;
  auto blamed = constraints_of(table.name, {"types"});
  append(rank_constraints_of(table.name), blamed);
  throw Contradiction(
      fmt::format("Table '{}' may only be data_parallel, which every rank holds, but its "
                  "constraints or excluded ranks keep it from some ranks. Change one of them.",
                  table.name),
      std::move(blamed));
}

std::string names_of(const Workload& workload, TableId leader, const Companions& companions) {
  std::vector<TableId> tables = companions.followers[leader.index()];
  tables.insert(tables.begin(), leader);
  return list_some(tables,
                   [&](TableId id) { return fmt::format("'{}'", workload.table(id).name); });
}

// Tables that share one rank stay whole and may use the ranks that all of them may.
void join_rules(const Workload& workload, const Companions& companions,
                std::vector<TableRules>& rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (companions.followers[i].empty()) continue;
    std::vector<TableId> group = companions.followers[i];
    group.insert(group.begin(), TableId::of(i));
    const auto refuse = [&](const std::string& cause, std::vector<AskedConstraint> blamed) {
      for (const TableId id : group) {
        append(constraints_of(workload.table(id).name, {"together"}), blamed);
      }
      throw Contradiction(
          fmt::format("Tables {} must share one rank, but {}. Change their constraints.",
                      names_of(workload, group.front(), companions), cause),
          std::move(blamed));
    };
    std::vector<RankId> common = rules[i].ranks;
    for (const TableId id : group) {
      TableRules& of_table = rules[id.index()];
      const std::string& name = workload.table(id).name;
      std::erase_if(common, [&](RankId rank) {
        return !std::binary_search(of_table.ranks.begin(), of_table.ranks.end(), rank);
      });
      std::erase_if(of_table.types, [](ShardingType type) {
        return type != ShardingType::table_wise && type != ShardingType::column_wise;
      });
      if (of_table.types.empty()) {
        refuse(fmt::format("'{}' may be neither table_wise nor column_wise", name),
               constraints_of(name, {"types"}));
      }
      if (of_table.max_width < workload.table(id).dim) {
        refuse(
            fmt::format("'{}' must be cut to a max_column_width of {}", name, of_table.max_width),
            constraints_of(name, {"max_column_width"}));
      }
      of_table.max_shards = 1;
    }
    if (common.empty()) {
      std::vector<AskedConstraint> blamed;
      for (const TableId id : group) append(rank_constraints_of(workload.table(id).name), blamed);
      refuse("no rank is allowed for all of them", std::move(blamed));
    }
    for (const TableId id : group) rules[id.index()].ranks = common;
  }
}

void separate_rules(const Workload& workload, const Companions& companions,
                    std::vector<TableRules>& rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (companions.apart[i].empty()) continue;
    std::erase(rules[i].types, ShardingType::data_parallel);
    if (!rules[i].types.empty()) continue;
    const std::string& name = workload.tables[i].name;
    const std::string& other = workload.table(companions.apart[i].front()).name;
    auto blamed = constraints_of(name, {"types", "apart"});
    append(constraints_of(other, {"apart"}), blamed);
    throw Contradiction(
        fmt::format("Table '{}' may only be data_parallel, which every rank holds, but it must be "
                    "apart from '{}'. Change their constraints.",
                    name, other),
        std::move(blamed));
  }
}

}  // namespace

bool TableRules::allows(ShardingType type) const { return contains(types, type); }

Problem make_problem(const Workload& workload, const Topology& topology, MemoryModel memory_model,
                     const std::vector<ShardingType>& types) {
  Problem problem{workload, topology, memory_model, {}, {}, find_companions(workload)};
  const Bytes of_batch = batch_memory(memory_model, workload, topology).total();
  for (const RankSpec& rank : topology.ranks) problem.room.push_back(rank.usable() - of_batch);
  for (const Table& table : workload.tables) {
    TableRules rules;
    set_types(table, types, rules);
    set_ranks(table, topology, rules);
    set_widths(table, rules);
    check_data_parallel(table, topology.ranks.size(), rules);
    check_cuttable(table, rules);
    problem.rules.push_back(std::move(rules));
  }
  join_rules(workload, problem.companions, problem.rules);
  separate_rules(workload, problem.companions, problem.rules);
  check_shapes(problem, false);
  return problem;
}

Bytes bytes_of(const Problem& problem, const Shard& shard) {
  return shard_memory(problem.memory_model, problem.workload, problem.topology, shard).total();
}

Bytes bytes_with_followers(const Problem& problem, const Shard& shard) {
  Bytes sum = bytes_of(problem, shard);
  for (const TableId other : problem.companions.followers[shard.table.index()]) {
    sum = saturated_sum(sum, bytes_of(problem, whole_shard(problem, other)));
  }
  return sum;
}

Shard whole_shard(const Problem& problem, TableId id) {
  const Table& table = problem.workload.table(id);
  const TableRules& rules = problem.rules[id.index()];
  const ShardingType type = rules.table_wise ? ShardingType::table_wise : ShardingType::column_wise;
  return {id, type, 0, table.rows, 0, table.dim, {}};
}

}  // namespace shardwright
