#pragma once

#include "planner/plan.hpp"

#include <string>

namespace shardwright {

/// What the fullest rank holds, as predicted; 0 without a prediction.
Bytes fullest_rank(const Plan& plan);

// A plan as text for people, at most 120 columns wide.

/// What it costs: one line in all, then per rank memory, predicted ms per phase and shards.
std::string describe_prediction(const Plan& plan);

/// Where the tables are: per table its memory, type, ranks, and why.
std::string describe_placement(const Plan& plan);

}  // namespace shardwright
