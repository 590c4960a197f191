#pragma once

#include "planner/search/effort.hpp"

namespace shardwright {

/// The algorithm `search`: greedy placements as starts, then simulated annealing in several lines
/// at once. Deterministic for a seed and a work limit, whatever the number of threads; never worse
/// than any of its starts. docs/search.md.
Found local_search(const Question& question);

/// Evaluations that local_search() makes where it is not told.
std::int64_t default_work_limit(const Problem& problem);

}  // namespace shardwright
