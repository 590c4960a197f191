#pragma once

#include "planner/memory_model.hpp"
#include "planner/plan.hpp"

#include <span>
#include <vector>

namespace shardwright {

/// memory_of_ranks() of `shards` for the plan's tables, plan.unique_rows regarded where the memory
/// model is full: such a table counts as workload_as_exchanged() says, and beside that, with b
/// samples and u different ids a rank, L ids of e bytes a sample (8, 12 if weighted), F features
/// and D columns, each rank needs
///     ids          e·L·b + 4·F·b + 8·u             (as they were read; the different ones twice)
///     buffers      e·L·b + 4·F·b                   (with positions for ids), and of the largest
///                                                  such table 48·L·b while ids are made unique
///     activations  8·D·F·b − 4·D·u                 (pooled vectors and gradients; rows and sums
///                                                  of gradients share their place)
///     grouping     40·L·b + 16·u
///   and an owner of d columns of r of R rows, of W ranks,
///     activations  4·d·u·(W + 1)·r/R               (rows as they are sent, and the rank's own)
std::vector<RankMemory> memory_of_plan(const Plan& plan, std::span<const Shard> shards);

}  // namespace shardwright
