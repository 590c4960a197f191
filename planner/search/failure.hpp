#pragma once

#include "costmodel/cost_model.hpp"
#include "planner/search/placement.hpp"
#include "planner/search/problem.hpp"
#include "planner/search/search.hpp"

#include <chrono>

namespace shardwright {

/// A search that found no plan.
struct Failure {
  const Problem& problem;
  const CostModel& cost_model;
  const SearchOptions& options;
  const Placement& placement;                   ///< with what found no room
  std::chrono::steady_clock::time_point begin;  ///< of the search
};

/// Fills in all of a result that is for those without a plan: what found no room, the proof that
/// there is none or that this is not known, and, if they are asked for, the ways out; in what is
/// left of the time limit.
void tell_failure(const Failure& failure, SearchResult& result);

}  // namespace shardwright
