#pragma once

#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"
#include "planner/input_file.hpp"

namespace shardwright {

/// Applies a constraints file, shardwright.constraints/1, to a workload and a topology, so that
/// plans carry what they were held to:
///   "tables": [{"name", "constraints", "dtype", "optimizer"}]: members replace those of the table
///     spec; the name "*" stands for every table
///   "together", "apart": [["a", "b", …]]: tables that share one rank, or none with each other
///   "excluded_ranks": [3]: hold no shard
///   "reserved_bytes": of every rank's memory, or one number for each rank
/// Throws InputError: file, place, what was expected.
void apply_constraints(const InputFile& input, Workload& workload, Topology& topology);

}  // namespace shardwright
