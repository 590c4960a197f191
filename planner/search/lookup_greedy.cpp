#include "planner/search/algorithms.hpp"
#include "planner/search/greedy.hpp"

namespace shardwright {

Placement lookup_greedy(const Problem& problem, std::uint64_t /*seed*/) {
  return place_greedily(problem, by_weight("lookups", [](const Table& table, const Shard& shard) {
                          return table.pooling * static_cast<double>(shard.columns());
                        }));
}

}  // namespace shardwright
