#include "planner/placement_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

namespace shardwright {
namespace {

std::string widths_of(std::span<const Shard> shards) {
  std::vector<std::int64_t> widths;
  for (const Shard& shard : shards) widths.push_back(shard.columns());
  if (std::adjacent_find(widths.begin(), widths.end(), std::not_equal_to<>()) == widths.end()) {
    return fmt::format("{} x {}", widths.size(), widths.front());
  }
  return fmt::to_string(fmt::join(widths, "+"));
}

}  // namespace

std::string runs_of(const std::set<std::int64_t>& numbers) {
  std::vector<std::string> runs;
  for (auto at = numbers.begin(); at != numbers.end();) {
    const std::int64_t first = *at;
    std::int64_t last = first;
    while (++at != numbers.end() && *at == last + 1) ++last;
    runs.push_back(first == last ? fmt::to_string(first) : fmt::format("{}-{}", first, last));
  }
  return fmt::to_string(fmt::join(runs, ","));
}

std::set<std::int64_t> ranks_of(std::span<const Shard> shards) {
  std::set<std::int64_t> ranks;
  for (const Shard& shard : shards) {
    if (shard.rank) ranks.insert(shard.rank->value());
  }
  return ranks;
}

std::string placement_words(std::span<const Shard> shards) {
  const ShardingType type = shards.front().type;
  const auto ranks = ranks_of(shards);
  if (ranks.empty()) return fmt::format("{} on all ranks", to_string(type));
  const bool columns = type == ShardingType::column_wise || type == ShardingType::table_column_wise;
  return fmt::format("{}{} on rank{} {}", to_string(type),
                     columns ? fmt::format(" {}", widths_of(shards)) : "",
                     ranks.size() == 1 ? "" : "s", runs_of(ranks));
}

std::vector<Shard> shards_of(const Plan& plan, TableId table) {
  std::vector<Shard> shards;
  for (const Shard& shard : plan.shards) {
    if (shard.table == table) shards.push_back(shard);
  }
  return shards;
}

}  // namespace shardwright
