#pragma once

#include "planner/search/local/search_space.hpp"
#include "planner/search/placement.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace shardwright {

/// How far a search has come.
struct SearchProgress {
  double best_cost;  ///< ms; GiB of the fullest rank where the objective is memory
  std::optional<double> lower_bound;
  double share_done;  ///< of its limit, 0 … 1
};

/// How long a search may take. The work limit counts evaluations and gives the same plan with any
/// number of threads; the others do not.
struct Effort {
  std::int64_t work_limit = 0;  ///< 0: default_work_limit(), or none if there is a time limit
  std::optional<double> time_limit_seconds;
  unsigned threads = 0;                          ///< 0: all cores
  const std::atomic<bool>* interrupt = nullptr;  ///< when it turns true, the best so far is it
  std::function<void(const SearchProgress&)>
      progress{};  ///< called some times a second, one at a time
};

/// The question of an algorithm that prices placements.
struct Question {
  const Problem& problem;
  const CostModel& cost_model;
  Objective objective;
  ColumnWidths widths;
  std::uint64_t seed;
  Effort effort;
};

/// The model's rank-by-rank form. Throws UsageError if it has none.
std::unique_ptr<RankPricer> rank_pricer_of(const Question& question);

/// Its answer.
struct Found {
  Placement placement;
  std::int64_t evaluations = 0;
  std::string stopped_by = "work";    ///< work | time | optimal | interrupt
  std::optional<double> lower_bound;  ///< in the unit of the objective, as above
  bool optimal = false;               ///< proved: cost and bound meet
};

}  // namespace shardwright
