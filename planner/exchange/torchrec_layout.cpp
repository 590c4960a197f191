#include "planner/exchange/torchrec_layout.hpp"

#include "costmodel/errors.hpp"
#include "planner/placement_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

namespace shardwright {
namespace {

constexpr std::string_view kGrid = "grid_shard";

std::vector<RankId> run_of_ranks(std::int64_t first, std::int64_t count) {
  std::vector<RankId> ranks;
  for (std::int64_t i = 0; i < count; ++i) ranks.emplace_back(first + i);
  return ranks;
}

// Row blocks of one column range as TorchRec cuts them, empty ones included.
std::vector<TorchrecShard> row_blocks(const Table& table, std::int64_t col_begin,
                                      std::int64_t columns, const std::vector<RankId>& ranks) {
  const auto count = static_cast<std::int64_t>(ranks.size());
  const std::int64_t block = (table.rows + count - 1) / count;
  std::vector<TorchrecShard> shards;
  shards.reserve(ranks.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t begin = std::min(i * block, table.rows);
    const std::int64_t end = std::min(begin + block, table.rows);
    shards.push_back({begin, col_begin, end - begin, columns, ranks[static_cast<std::size_t>(i)]});
  }
  return shards;
}

bool holds(const std::vector<Shard>& shards, const TorchrecShard& block) {
  return std::any_of(shards.begin(), shards.end(), [&](const Shard& shard) {
    return shard.row_begin == block.row_begin && shard.rows() == block.rows &&
           shard.col_begin == block.col_begin && shard.columns() == block.columns &&
           shard.rank == block.rank;
  });
}

// The blocks, if the plan has exactly those of them that are not empty.
std::optional<std::vector<TorchrecShard>> if_same(const std::vector<Shard>& shards,
                                                  std::vector<TorchrecShard> blocks) {
  std::size_t filled = 0;
  for (const TorchrecShard& block : blocks) {
    if (block.rows == 0) continue;
    ++filled;
    if (!holds(shards, block)) return {};
  }
  if (filled != shards.size()) return {};
  return blocks;
}

std::vector<RankId> node_of(const Shard& shard, std::int64_t per_node) {
  return run_of_ranks(shard.rank->value() / per_node * per_node, per_node);
}

std::vector<TorchrecShard> as_they_are(const std::vector<Shard>& shards) {
  std::vector<TorchrecShard> result;
  result.reserve(shards.size());
  for (const Shard& shard : shards) {
    result.push_back(
        {shard.row_begin, shard.col_begin, shard.rows(), shard.columns(), *shard.rank});
  }
  return result;
}

std::vector<TorchrecShard> grid_blocks(const Table& table, const std::vector<Shard>& shards,
                                       std::int64_t per_node) {
  std::map<std::int64_t, const Shard*> ranges;  // by first column
  for (const Shard& shard : shards) ranges.emplace(shard.col_begin, &shard);
  std::vector<TorchrecShard> blocks;
  for (const auto& [begin, shard] : ranges) {
    const auto of_range = row_blocks(table, begin, shard->columns(), node_of(*shard, per_node));
    blocks.insert(blocks.end(), of_range.begin(), of_range.end());
  }
  return blocks;
}

std::optional<std::vector<TorchrecShard>> layout_of(const Plan& plan, const Table& table,
                                                    const std::vector<Shard>& shards) {
  const std::int64_t per_node = ranks_per_node(plan.topology);
  switch (shards.front().type) {
    case ShardingType::data_parallel:
      return std::vector<TorchrecShard>();
    case ShardingType::table_wise:
    case ShardingType::column_wise:
      return as_they_are(shards);
    case ShardingType::row_wise:
      return if_same(shards,
                     row_blocks(table, 0, table.dim, run_of_ranks(0, plan.topology.size())));
    case ShardingType::table_column_wise:
      if (per_node == 0) return {};
      return as_they_are(shards);
    case ShardingType::table_row_wise:
      if (per_node == 0) return {};
      return if_same(shards, row_blocks(table, 0, table.dim, node_of(shards.front(), per_node)));
    case ShardingType::grid:
      break;
  }
  if (per_node == 0) return {};
  return if_same(shards, grid_blocks(table, shards, per_node));
}

}  // namespace

std::vector<TorchrecTable> torchrec_layout(const Plan& plan) {
  std::vector<TorchrecTable> tables;
  std::vector<std::string> refused;
  for (std::size_t i = 0; i < plan.workload.tables.size(); ++i) {
    const Table& table = plan.workload.tables[i];
    const auto shards = shards_of(plan, TableId::of(i));
    if (auto layout = layout_of(plan, table, shards)) {
      tables.push_back({table.name, shards.front().type, std::move(*layout)});
    } else {
      refused.push_back(fmt::format("'{}' ({})", table.name, placement_words(shards)));
    }
  }
  if (refused.empty()) return tables;
  throw InputError(fmt::format(
      "TorchRec's runtime has no such layout for {}. It cuts rows into blocks of rows / ranks, "
      "rounded up, over all ranks or all ranks of a node, in order, and nodes must be equally "
      "large runs of ranks.",
      fmt::join(refused, ", ")));
}

std::int64_t ranks_per_node(const Topology& topology) {
  const auto first = topology.ranks.front().node;
  const auto other = std::find_if(topology.ranks.begin(), topology.ranks.end(),
                                  [&](const RankSpec& rank) { return rank.node != first; });
  const std::int64_t size = other - topology.ranks.begin();
  if (topology.size() != size * num_nodes(topology)) return 0;
  for (std::int64_t rank = 0; rank < topology.size(); ++rank) {
    const std::int64_t head = rank / size * size;
    if (topology.rank(RankId(rank)).node != topology.rank(RankId(head)).node) return 0;
  }
  return size;
}

std::string torchrec_name(ShardingType type) {
  return std::string(type == ShardingType::grid ? kGrid : to_string(type));
}

ShardingType parse_torchrec_type(std::string_view name) {
  return name == kGrid ? ShardingType::grid : parse_sharding_type(name);
}

std::string torchrec_device(const Topology& topology) {
  return topology.ranks.front().device == "cpu" ? "cpu" : "cuda";
}

}  // namespace shardwright
