#pragma once

#include "runtime/bench/bench_result.hpp"

#include <nlohmann/json.hpp>

#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// A plan among several that took their steps in turns.
struct BenchedPlan {
  std::string name;  ///< its file
  BenchResult result;
};

/// A plan's step times over the first one's of the same turns.
struct RatioToFirst {
  double p25 = 1;
  double median = 1;
  double p75 = 1;
};

/// One for each plan; of ranks that took turns, whose steps are ordered, of times of equal order.
std::vector<RatioToFirst> ratios_to_first(std::span<const BenchedPlan> plans);

/// The document of `bench --json` of several plans: bench_to_json() of each.
nlohmann::json comparison_to_json(std::span<const BenchedPlan> plans);
/// A table for people; ends in a newline.
std::string comparison_to_text(std::span<const BenchedPlan> plans);

}  // namespace shardwright
