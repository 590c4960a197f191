#include "planner/search/algorithms.hpp"
#include "planner/search/greedy.hpp"

#include <random>

namespace shardwright {

Placement random_placement(const Problem& problem, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  // Not uniform_int_distribution, whose numbers differ between standard libraries.
  const auto draw = [&](const std::vector<RankId>& candidates, const std::vector<double>&) {
    return candidates[engine() % candidates.size()];
  };
  return place_greedily(problem, {nullptr, "", draw, "drawn"});
}

}  // namespace shardwright
