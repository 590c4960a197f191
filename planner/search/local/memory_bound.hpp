#pragma once

#include "planner/search/problem.hpp"

namespace shardwright {

/// What the fullest rank of any legal plan needs at least, with its share of the batch: the largest
/// of even shares, of all tables and of those kept to a few ranks, as far as the smaller ranks have
/// room for theirs, and of the largest shard of each table in its finest cut. There is at least one
/// table.
Bytes least_fullest(const Problem& problem);

}  // namespace shardwright
