#include "planner/check_shards.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>
#include <string_view>

namespace shardwright {
namespace {

constexpr std::int64_t kWidthStep = 4;

using Problems = std::vector<std::string>;

std::string range(std::int64_t begin, std::int64_t end) {
  return fmt::format("[{}, {})", begin, end);
}

bool whole_rows(const Table& table, const Shard& shard) { return shard.rows() == table.rows; }
bool whole_columns(const Table& table, const Shard& shard) { return shard.columns() == table.dim; }

// What a type asks of the shape of each shard; empty if it is met.
std::string_view shape_rule(const Table& table, const Shard& shard) {
  switch (shard.type) {
    case ShardingType::data_parallel:
    case ShardingType::table_wise:
      if (!whole_rows(table, shard) || !whole_columns(table, shard)) return "the whole table";
      break;
    case ShardingType::column_wise:
    case ShardingType::table_column_wise:
      if (!whole_rows(table, shard)) return "all rows of the table";
      break;
    case ShardingType::row_wise:
    case ShardingType::table_row_wise:
      if (!whole_columns(table, shard)) return "all columns of the table";
      break;
    case ShardingType::grid:
      break;
  }
  return "";
}

}  // namespace

bool lies_inside(const Table& table, const Shard& shard) {
  return shard.row_begin >= 0 && shard.row_begin < shard.row_end && shard.row_end <= table.rows &&
         shard.col_begin >= 0 && shard.col_begin < shard.col_end && shard.col_end <= table.dim;
}

bool is_rank_of(const Topology& topology, RankId rank) {
  return rank.value() >= 0 && rank.value() < topology.size();
}

std::string name_shard(const Table& table, const Shard& shard) {
  return fmt::format("Table '{}': the {} shard of rows {} x columns {}", table.name,
                     to_string(shard.type), range(shard.row_begin, shard.row_end),
                     range(shard.col_begin, shard.col_end));
}

void check_shard(const Plan& plan, const Table& table, const Shard& shard, Problems& problems) {
  const auto complain = [&](const std::string& what) {
    problems.push_back(name_shard(table, shard) + " " + what);
  };
  if (!lies_inside(table, shard)) {
    complain(fmt::format("is empty or leaves the table, expected a part of rows {} x columns {}.",
                         range(0, table.rows), range(0, table.dim)));
    return;
  }
  if (const auto rule = shape_rule(table, shard); !rule.empty()) {
    complain(fmt::format("is not what that type means, expected {}.", rule));
  }
  if (shard.col_begin % kWidthStep != 0 || shard.col_end % kWidthStep != 0) {
    complain(
        fmt::format("is cut between multiples of {}, expected column ranges that begin and "
                    "end at one.",
                    kWidthStep));
  }
  if (shard.type == ShardingType::data_parallel) {
    if (shard.rank) complain("has a rank, expected null: every rank holds it.");
  } else if (!shard.rank) {
    complain("has no rank, expected one; only data_parallel shards have none.");
  } else if (!is_rank_of(plan.topology, *shard.rank)) {
    complain(fmt::format("is on rank {}, expected a rank from 0 to {}.", shard.rank->value(),
                         plan.topology.size() - 1));
  }
}

// Shards of a table that hang together: one type, as many as it allows, on one node where it says.
void check_shards_together(const Plan& plan, const Table& table, const std::vector<Shard>& shards,
                           Problems& problems) {
  std::set<std::string_view> types;
  std::map<std::int64_t, std::set<std::int64_t>> nodes;  // of each column range, or of all
  for (const Shard& shard : shards) {
    types.insert(to_string(shard.type));
    if (!shard.rank || !is_rank_of(plan.topology, *shard.rank)) continue;
    const std::int64_t group = shard.type == ShardingType::grid ? shard.col_begin : 0;
    nodes[group].insert(plan.topology.rank(*shard.rank).node);
  }
  if (types.size() > 1) {
    problems.push_back(
        fmt::format("Table '{}' mixes the types {}, expected one type for all of it.", table.name,
                    fmt::join(types, ", ")));
    return;
  }
  const ShardingType type = shards.front().type;
  const bool by_node = type == ShardingType::table_row_wise ||
                       type == ShardingType::table_column_wise || type == ShardingType::grid;
  for (const auto& [group, of_group] : nodes) {
    if (!by_node || of_group.size() < 2) continue;
    problems.push_back(fmt::format(
        "Table '{}'{} is spread over the nodes {}, expected ranks of one node for {}.", table.name,
        type == ShardingType::grid ? fmt::format(" from column {}", group) : "",
        fmt::join(of_group, ", "), to_string(type)));
  }
  const bool single = type == ShardingType::data_parallel || type == ShardingType::table_wise;
  if (single && shards.size() > 1) {
    problems.push_back(fmt::format("Table '{}' has {} {} shards, expected exactly one.", table.name,
                                   shards.size(), to_string(type)));
  }
}

}  // namespace shardwright
