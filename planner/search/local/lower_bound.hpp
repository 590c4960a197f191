#pragma once

#include "planner/search/local/search_space.hpp"

#include <optional>

namespace shardwright {

/// A cost that no placement of the problem is below, whatever its cuts and ranks: ms, or, where the
/// objective is memory, GiB of the fullest rank (least_fullest()). Nothing for times by cost models
/// without a floor (RankPricer::floor).
///
/// For one kind of time (a phase, or all phases together) let c(s) be what shard s adds to its rank
/// at least, and C_t(T) the least sum of c over the shards of table t in any legal cut into shards
/// with c ≤ T that fit some rank's memory. If every rank ends by T, then Σ_t C_t(T) ≤ W·T. The
/// bound is the smallest T for which that holds: average load, the largest shard that cannot be
/// avoided, and splits forced by memory in one. Ranks of different speed are weighed by it.
/// max_sum is bounded by the T of all phases together; step by that and by the sum of the phases'.
std::optional<double> lower_bound(const SearchSpace& space);

}  // namespace shardwright
