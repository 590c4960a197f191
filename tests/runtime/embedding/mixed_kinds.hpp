#pragma once

#include "planner/plan.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <cstdint>
#include <vector>

// Pooled tables, tables without pooling, and tables that send unique rows in one model.
namespace shardwright::synthetic {

/// Six tables of random sizes, features, weights, optimizers, number formats (where no bit
/// changes) and kinds, at least one table of each kind, on shards of every type.
Plan random_mix(std::int64_t ranks, std::uint64_t seed);

/// Four ranks: one that owns a pooled table alone, one a table without pooling, one a table that
/// sends unique rows, and one nothing; every rank has one more table without pooling.
Plan owners_of_one_kind();

/// The same tables whole on one rank, all exchanged as pooled values or vectors.
Outcome unsharded(const Plan& plan);

/// What of a table has the bits of the unsharded run (docs/training_math.md, "What a plan
/// changes").
struct KeptBits {
  bool weights = false;  ///< and optimizer state
  bool outputs = false;  ///< pooled values or vectors
};
KeptBits kept_bits(const Plan& plan, TableId table);

/// A table's columns of all pooled values of a run, or the vectors of its ids.
std::vector<float> outputs_of(const Workload& workload, const Outcome& outcome, TableId table);

}  // namespace shardwright::synthetic
