#pragma once

#include "planner/search/problem.hpp"

namespace shardwright {

/// Floors on what any legal placement of one table needs, whatever its type and cut; with the
/// torchrec memory model, types that cut rows count with their weights alone.

/// Over all ranks together.
Bytes least_total(const Problem& problem, TableId table);

/// On the rank that holds its largest shard, with the tables that must go there too.
Bytes least_largest(const Problem& problem, TableId table);

/// Whether the table, with those that go where it goes, lies whole on one rank in every legal plan.
bool stays_whole(const Problem& problem, TableId table);

}  // namespace shardwright
