#include "planner/search/block_cuts.hpp"

#include "planner/search/cuts.hpp"
#include "planner/search/ranks_by_node.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace shardwright {
namespace {

// Ranks that a table may be cut over by rows, besides all that it may use.
constexpr std::array<std::size_t, 4> kFewRanks = {2, 4, 8, 16};

bool is_cut_by_nodes(const TableRules& rules) {
  return rules.allows(ShardingType::grid) || rules.allows(ShardingType::table_row_wise);
}

bool allows_shards(const Table& table, std::int64_t count) {
  const auto most = table.constraints.max_shards;
  return !most || count <= *most;
}

}  // namespace

bool may_keep_rows(const Table& table, const TableRules& rules) {
  return rules.column_wise || rules.allows(ShardingType::table_column_wise) ||
         (rules.table_wise && fewest_parts(table, rules) == 1);
}

BlockCuts::BlockCuts(const Problem& problem, bool even_rows)
    : problem_(problem), even_rows_(even_rows) {
  if (std::any_of(problem.rules.begin(), problem.rules.end(), is_cut_by_nodes)) {
    nodes_ = ranks_by_node(problem.topology);
  }
}

std::vector<BlockCut> BlockCuts::of(TableId table) const {
  std::vector<BlockCut> cuts;
  const TableRules& rules = problem_.rules[table.index()];
  const bool uncut = fewest_parts(problem_.workload.table(table), rules) == 1;
  if (rules.allows(ShardingType::row_wise) && uncut) add_row_wise(table, cuts);
  if (rules.allows(ShardingType::grid) || (rules.allows(ShardingType::table_row_wise) && uncut)) {
    add_in_nodes(table, cuts);
  }
  return cuts;
}

std::vector<std::vector<RankId>> BlockCuts::nodes_for(TableId table, std::int64_t num_ranks) const {
  std::vector<std::vector<RankId>> nodes;
  for (const auto& node : nodes_) {
    const bool as_large = node.size() == static_cast<std::size_t>(num_ranks);
    if (as_large && may_use_all(table, node)) nodes.push_back(node);
  }
  return nodes;
}

bool BlockCuts::may_use_a_node(TableId table) const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [&](const auto& node) { return may_use_all(table, node); });
}

bool BlockCuts::may_replicate(TableId table) const {
  const TableRules& rules = problem_.rules[table.index()];
  return rules.allows(ShardingType::data_parallel) && rules.ranks.size() == problem_.room.size() &&
         fewest_parts(problem_.workload.table(table), rules) == 1;
}

BlockCut BlockCuts::cut(TableId id, ShardingType type, std::int64_t num_ranks) const {
  const Table& table = problem_.workload.table(id);
  const std::int64_t rows = divide_up(table.rows, num_ranks);
  const std::int64_t parts = fewest_parts(table, problem_.rules[id.index()]);
  return {type, num_ranks, rows, divide_up(table.rows, rows), parts};
}

void BlockCuts::add_row_wise(TableId id, std::vector<BlockCut>& cuts) const {
  const std::size_t ranks = problem_.rules[id.index()].ranks.size();
  const auto add = [&](std::size_t num_ranks) {
    const BlockCut one = cut(id, ShardingType::row_wise, static_cast<std::int64_t>(num_ranks));
    if (allows_shards(problem_.workload.table(id), one.num_shards())) cuts.push_back(one);
  };
  if (even_rows_ && ranks != problem_.room.size()) return;
  for (const std::size_t few : kFewRanks) {
    if (few < ranks && !even_rows_) add(few);
  }
  add(ranks);
}

void BlockCuts::add_in_nodes(TableId id, std::vector<BlockCut>& cuts) const {
  std::map<std::size_t, std::int64_t> count_of_size;
  for (const auto& node : nodes_) {
    if (may_use_all(id, node)) ++count_of_size[node.size()];
  }
  for (const auto& [size, count] : count_of_size) {
    const BlockCut one = cut(id, ShardingType::grid, static_cast<std::int64_t>(size));
    const bool legal = allows_shards(problem_.workload.table(id), one.num_shards());
    if (legal && one.num_parts <= count) cuts.push_back(one);
  }
}

bool BlockCuts::may_use_all(TableId table, const std::vector<RankId>& node) const {
  const auto& ranks = problem_.rules[table.index()].ranks;
  return ranks.size() == problem_.room.size() ||
         std::includes(ranks.begin(), ranks.end(), node.begin(), node.end());
}

}  // namespace shardwright
