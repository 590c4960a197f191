#include "planner/search/algorithms.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace shardwright {
namespace {

const std::vector<ShardingType> kWholeOrColumns = {ShardingType::table_wise,
                                                   ShardingType::column_wise};

}  // namespace

const std::vector<Algorithm>& algorithms() {
  static const std::vector<Algorithm> registry = {
      {"random", "any rank with room", kWholeOrColumns, random_placement},
      {"round_robin", "the ranks in turn", kWholeOrColumns, round_robin},
      {"size_greedy", "balances rows·dim", kWholeOrColumns, size_greedy},
      {"dim_greedy", "balances dim", kWholeOrColumns, dim_greedy},
      {"lookup_greedy", "balances dim·pooling", kWholeOrColumns, lookup_greedy},
      {"size_lookup_greedy", "balances rows·dim · dim·pooling", kWholeOrColumns,
       size_lookup_greedy},
  };
  return registry;
}

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names;
  for (const Algorithm& algorithm : algorithms()) names.emplace_back(algorithm.name);
  return names;
}

const Algorithm& find_algorithm(std::string_view name) {
  for (const Algorithm& algorithm : algorithms()) {
    if (algorithm.name == name) return algorithm;
  }
  const std::string guess = nearest(name, algorithm_names());
  throw UsageError(fmt::format("'{}' is not an algorithm{} Allowed are {}.", name,
                               guess.empty() ? "." : fmt::format("; did you mean '{}'?", guess),
                               fmt::join(algorithm_names(), ", ")));
}

}  // namespace shardwright
