#pragma once

#include "planner/plan.hpp"

#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// What another algorithm makes of a plan's question.
struct Baseline {
  std::string algorithm;
  std::optional<double>
      cost_ms;  ///< by the plan's objective; none: it found no plan, or knows no constraints
  double seconds = 0;
};

/// Solves the plan's question anew with each of `algorithms`, each with those types that it knows
/// of kDefaultTypes and the plan's own: plans of other types cost less for what they may do. Prices
/// the results by `cost_model`. Throws UsageError for an unknown algorithm.
std::vector<Baseline> run_baselines(const Plan& plan, const CostModel& cost_model,
                                    const std::vector<std::string>& algorithms);

/// Those that take no longer than a look at the plan.
std::vector<std::string> quick_baselines();

}  // namespace shardwright
