#include "planner/search/algorithms.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "planner/search/local/local_search.hpp"
#include "planner/search/neuroshard.hpp"
#include "planner/search/torchrec_greedy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace shardwright {
namespace {

const std::vector<ShardingType> kWholeOrColumns = {ShardingType::table_wise,
                                                   ShardingType::column_wise};
const std::vector<ShardingType> kTorchrecTypes = {
    ShardingType::data_parallel, ShardingType::table_wise,     ShardingType::column_wise,
    ShardingType::row_wise,      ShardingType::table_row_wise, ShardingType::table_column_wise};

}  // namespace

const std::vector<Algorithm>& algorithms() {
  static const std::vector<Algorithm> registry = {
      {"search",
       "local search from all others' plans",
       {kAllShardingTypes.begin(), kAllShardingTypes.end()},
       nullptr,
       local_search,
       false,
       true},
      {"random", "any rank with room", kWholeOrColumns, random_placement, nullptr, false, true},
      {"round_robin", "the ranks in turn", kWholeOrColumns, round_robin, nullptr, false, true},
      {"size_greedy", "balances rows·dim", kWholeOrColumns, size_greedy, nullptr, false, true},
      {"dim_greedy", "balances dim", kWholeOrColumns, dim_greedy, nullptr, false, true},
      {"lookup_greedy", "balances dim·pooling", kWholeOrColumns, lookup_greedy, nullptr, false,
       true},
      {"size_lookup_greedy", "balances rows·dim · dim·pooling", kWholeOrColumns, size_lookup_greedy,
       nullptr, false, true},
      {"neuroshard", "beam over column halvings, as NeuroShard", kWholeOrColumns, nullptr,
       neuroshard},
      {"torchrec_greedy", "TorchRec's proposals, largest tables first", kTorchrecTypes,
       torchrec_greedy, nullptr, true},
      {"torchrec_greedy_64", "as torchrec_greedy, min_partition 64", kTorchrecTypes,
       torchrec_greedy_64, nullptr, true},
      {"torchrec_greedy_perf", "TorchRec's proposals, slowest tables first", kTorchrecTypes,
       torchrec_greedy_perf, nullptr, true},
      {"torchrec_greedy_perf_64", "as torchrec_greedy_perf, min_partition 64", kTorchrecTypes,
       torchrec_greedy_perf_64, nullptr, true},
      {"torchrec_greedy_perf_32", "as torchrec_greedy_perf, min_partition 32", kTorchrecTypes,
       torchrec_greedy_perf_32, nullptr, true},
      {"torchrec_memory_balanced", "as torchrec_greedy_perf, memory balanced", kTorchrecTypes,
       torchrec_memory_balanced, nullptr, true},
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
