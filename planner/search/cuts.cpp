#include "planner/search/cuts.hpp"

#include "planner/contradiction.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

// Width of the widest of `parts` parts as equal as steps of 4 allow.
std::int64_t widest_part(const Table& table, std::int64_t parts) {
  return kWidthStep * divide_up(table.dim / kWidthStep, parts);
}

std::int64_t narrowest_part(const Table& table, std::int64_t parts) {
  return kWidthStep * (table.dim / kWidthStep / parts);
}

[[noreturn]] void refuse(const Table& table, const std::string& cause) {
  throw Contradiction(
      fmt::format(
          "The constraints of table '{}' ({} columns) cannot be met: {}. Change its constraints.",
          table.name, table.dim, cause),
      constraints_of(table.name, {"types", "max_shards", "min_column_width", "max_column_width"}));
}

bool cuts_columns(const TableRules& rules) {
  return rules.column_wise || rules.allows(ShardingType::table_column_wise) ||
         rules.allows(ShardingType::grid);
}

}  // namespace

std::int64_t fewest_parts(const Table& table, const TableRules& rules) {
  return divide_up(table.dim, rules.max_width);
}

void check_cuttable(const Table& table, const TableRules& rules) {
  const std::int64_t parts = fewest_parts(table, rules);
  if (parts == 1) return;
  if (!cuts_columns(rules)) {
    refuse(table, fmt::format("max_column_width {} needs {} parts, but column_wise is not allowed",
                              rules.max_width, parts));
  }
  if (parts > rules.max_shards) {
    refuse(table, fmt::format("max_column_width {} needs {} parts, but max_shards is {}",
                              rules.max_width, parts, rules.max_shards));
  }
  if (narrowest_part(table, parts) < rules.min_width) {
    refuse(table, fmt::format("no number of parts has widths from {} to {}, multiples of {}",
                              rules.min_width, rules.max_width, kWidthStep));
  }
}

std::vector<Shard> coarsest_cut(const Problem& problem, TableId id) {
  const Table& table = problem.workload.table(id);
  const TableRules& rules = problem.rules[id.index()];
  const std::int64_t parts = fewest_parts(table, rules);
  std::vector<Shard> shards;
  std::int64_t begin = 0;
  for (std::int64_t left = parts; left > 0; --left) {
    const std::int64_t width = kWidthStep * divide_up((table.dim - begin) / kWidthStep, left);
    const ShardingType type =
        parts == 1 && rules.table_wise ? ShardingType::table_wise : ShardingType::column_wise;
    shards.push_back({id, type, 0, table.rows, begin, begin + width, {}});
    begin += width;
  }
  return shards;
}

std::optional<std::pair<Shard, Shard>> halve(const Problem& problem, const Shard& shard,
                                             std::int64_t num_shards) {
  const TableRules& rules = problem.rules[shard.table.index()];
  const std::int64_t steps = shard.columns() / kWidthStep;
  if (!rules.column_wise || num_shards >= rules.max_shards) return {};
  if (kWidthStep * (steps / 2) < rules.min_width) return {};
  Shard left = shard;
  left.type = ShardingType::column_wise;
  left.col_end = shard.col_begin + kWidthStep * divide_up(steps, 2);
  Shard right = left;
  right.col_begin = left.col_end;
  right.col_end = shard.col_end;
  return std::pair(left, right);
}

std::int64_t least_widest(const Table& table, const TableRules& rules) {
  const std::int64_t parts = fewest_parts(table, rules);
  if (!rules.column_wise) return table.dim;
  // More parts are narrower, until one falls below min_width or there are too many.
  const std::int64_t most = std::min(rules.max_shards, table.dim / rules.min_width);
  return widest_part(table, std::max(parts, most));
}

}  // namespace shardwright
