#include "planner/search/algorithms.hpp"
#include "planner/search/greedy.hpp"

namespace shardwright {

Placement size_lookup_greedy(const Problem& problem, std::uint64_t /*seed*/) {
  return place_greedily(
      problem, by_weight("size·lookups", [](const Table& table, const Shard& shard) {
        const auto columns = static_cast<double>(shard.columns());
        return static_cast<double>(shard.rows()) * columns * table.pooling * columns;
      }));
}

}  // namespace shardwright
