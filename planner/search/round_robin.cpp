#include "planner/search/algorithms.hpp"
#include "planner/search/greedy.hpp"

#include <algorithm>

namespace shardwright {

Placement round_robin(const Problem& problem, std::uint64_t /*seed*/) {
  RankId turn(0);
  const auto next = [&](const std::vector<RankId>& candidates, const std::vector<double>&) {
    const auto found = std::lower_bound(candidates.begin(), candidates.end(), turn);
    const RankId rank = found == candidates.end() ? candidates.front() : *found;
    turn = RankId(rank.value() + 1);
    return rank;
  };
  return place_greedily(problem, {nullptr, "", next, "next in turn"});
}

}  // namespace shardwright
