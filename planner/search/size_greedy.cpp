#include "planner/search/algorithms.hpp"
#include "planner/search/greedy.hpp"

namespace shardwright {

Placement size_greedy(const Problem& problem, std::uint64_t /*seed*/) {
  return place_greedily(problem, by_weight("size", [](const Table& /*table*/, const Shard& shard) {
                          return static_cast<double>(shard.rows()) *
                                 static_cast<double>(shard.columns());
                        }));
}

}  // namespace shardwright
