#include "planner/explain/candidates.hpp"

#include "planner/placement_words.hpp"
#include "planner/unique_rows.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr std::int64_t kWidthStep = 4;
constexpr std::size_t kMostWhole = 16;  // ranks that are tried for the whole table
constexpr std::size_t kMostMoves = 4;
constexpr std::size_t kMostNodes = 4;

using Candidates = std::vector<std::vector<Shard>>;

Shard whole(const Table& table, TableId id, ShardingType type, std::optional<RankId> rank) {
  return {id, type, 0, table.rows, 0, table.dim, rank};
}

std::vector<RankId> first(const std::vector<RankId>& ranks, std::size_t count) {
  return {ranks.begin(),
          ranks.begin() + static_cast<std::ptrdiff_t>(std::min(count, ranks.size()))};
}

// Ranks of each node, nodes in the order in which `ranks` first names them.
std::vector<std::vector<RankId>> nodes_of(const Topology& topology,
                                          const std::vector<RankId>& ranks) {
  std::vector<std::vector<RankId>> nodes;
  for (const RankId rank : ranks) {
    const std::int64_t node = topology.rank(rank).node;
    const auto known = std::find_if(nodes.begin(), nodes.end(), [&](const auto& members) {
      return topology.rank(members.front()).node == node;
    });
    if (known != nodes.end()) continue;
    std::vector<RankId> members;
    for (std::int64_t r = 0; r < topology.size(); ++r) {
      if (topology.rank(RankId(r)).node == node) members.emplace_back(r);
    }
    nodes.push_back(std::move(members));
  }
  return nodes;
}

// The table's shards with one of them, in turn, on another rank.
void add_moves(const std::vector<Shard>& now, const std::vector<RankId>& ranks,
               Candidates& candidates) {
  if (now.size() < 2) return;
  for (std::size_t i = 0; i < now.size(); ++i) {
    for (const RankId rank : first(ranks, kMostMoves)) {
      std::vector<Shard> moved = now;
      moved[i].rank = rank;
      candidates.push_back(std::move(moved));
    }
  }
}

std::vector<Shard> grid_shards(const Table& table, TableId id,
                               const std::vector<std::vector<RankId>>& nodes) {
  std::vector<Shard> shards;
  const auto columns = column_shards(table, id, ShardingType::grid, 2, {nodes[0][0], nodes[1][0]});
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (Shard block : row_shards(table, id, ShardingType::grid, nodes[i])) {
      block.col_begin = columns[i].col_begin;
      block.col_end = columns[i].col_end;
      shards.push_back(block);
    }
  }
  std::stable_sort(shards.begin(), shards.end(), [](const Shard& a, const Shard& b) {
    return std::pair(a.row_begin, a.col_begin) < std::pair(b.row_begin, b.col_begin);
  });
  return shards;
}

void add_by_node(const Plan& plan, TableId id, const std::vector<RankId>& ranks,
                 Candidates& candidates) {
  const Table& table = plan.workload.table(id);
  auto nodes = nodes_of(plan.topology, ranks);
  if (nodes.size() < 2) return;
  nodes.resize(std::min(nodes.size(), kMostNodes));
  for (const auto& members : nodes) {
    candidates.push_back(row_shards(table, id, ShardingType::table_row_wise, members));
    const auto parts = static_cast<std::int64_t>(members.size());
    candidates.push_back(column_shards(table, id, ShardingType::table_column_wise, parts, members));
  }
  candidates.push_back(grid_shards(table, id, nodes));
}

}  // namespace

std::vector<RankId> ranks_by_load(const std::vector<PhaseTimes>& times) {
  std::vector<RankId> ranks;
  ranks.reserve(times.size());
  for (std::size_t rank = 0; rank < times.size(); ++rank) ranks.push_back(RankId::of(rank));
  std::stable_sort(ranks.begin(), ranks.end(), [&](RankId a, RankId b) {
    return times[a.index()].total_ms() < times[b.index()].total_ms();
  });
  return ranks;
}

std::vector<Shard> column_shards(const Table& table, TableId id, ShardingType type,
                                 std::int64_t parts, const std::vector<RankId>& ranks) {
  const std::int64_t steps = table.dim / kWidthStep;
  parts = std::min(parts, steps);
  std::vector<Shard> shards;
  for (std::int64_t part = 0; part < parts; ++part) {
    const RankId rank = ranks[static_cast<std::size_t>(part) % ranks.size()];
    const std::int64_t begin = steps * part / parts * kWidthStep;
    const std::int64_t end = steps * (part + 1) / parts * kWidthStep;
    shards.push_back({id, type, 0, table.rows, begin, end, rank});
  }
  return shards;
}

std::vector<Shard> row_shards(const Table& table, TableId id, ShardingType type,
                              const std::vector<RankId>& ranks) {
  const auto count = static_cast<std::int64_t>(ranks.size());
  const std::int64_t block = (table.rows + count - 1) / count;
  std::vector<Shard> shards;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const std::int64_t begin = static_cast<std::int64_t>(i) * block;
    if (begin >= table.rows) break;
    shards.push_back(
        {id, type, begin, std::min(begin + block, table.rows), 0, table.dim, ranks[i]});
  }
  return shards;
}

Candidates candidates_for(const Plan& plan, TableId id, const std::vector<RankId>& ranks,
                          const std::vector<ShardingType>& types) {
  const Table& table = plan.workload.table(id);
  const std::vector<Shard> now = shards_of(plan, id);
  const bool may_replicate = !sends_unique_rows(plan, id);
  Candidates all;
  for (const RankId rank : first(ranks, kMostWhole)) {
    all.push_back({whole(table, id, ShardingType::table_wise, rank)});
  }
  for (const std::int64_t parts : {2, 4}) {
    all.push_back(column_shards(table, id, ShardingType::column_wise, parts, ranks));
  }
  add_moves(now, ranks, all);
  if (plan.topology.size() > 1) {
    std::vector<RankId> in_order = ranks;
    std::sort(in_order.begin(), in_order.end());
    all.push_back(row_shards(table, id, ShardingType::row_wise, in_order));
    add_by_node(plan, id, ranks, all);
    if (may_replicate) all.push_back({whole(table, id, ShardingType::data_parallel, {})});
  }
  std::erase_if(all, [&](const std::vector<Shard>& shards) {
    const bool uncut = shards.size() == 1 && shards.front().type == ShardingType::column_wise;
    return shards == now || uncut || !contains(types, shards.front().type);
  });
  return all;
}

}  // namespace shardwright
