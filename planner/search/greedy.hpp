#pragma once

#include "planner/search/placement.hpp"
#include "planner/search/problem.hpp"

#include <functional>
#include <string>
#include <vector>

namespace shardwright {

/// What tells the greedy algorithms apart: the order of the shards and the choice of their ranks.
struct GreedyRule {
  /// Heaviest first; equal weights in the order of the tables. Empty: the order of the tables.
  std::function<double(const Table&, const Shard&)> weight;
  std::string weight_name;  ///< for the reasons: "size", "lookups"
  /// One of `candidates` (ascending, not empty), given every rank's summed weight.
  std::function<RankId(const std::vector<RankId>& candidates, const std::vector<double>& loads)>
      choose;
  std::string choice_name;  ///< "least loaded", "drawn"
};

/// The driver all of them share: takes the heaviest shard, gives it to the chosen one of its ranks
/// that have room, and halves it first if there is none. The result depends on nothing but the
/// arguments. S shards over W ranks: O(S·(W + log S)) steps.
Placement place_greedily(const Problem& problem, const GreedyRule& rule);

/// Rule of the keyed algorithms: the least loaded rank, the lowest of equals.
GreedyRule by_weight(std::string name, std::function<double(const Table&, const Shard&)> weight);

}  // namespace shardwright
