#pragma once

#include "costmodel/json/json_view.hpp"
#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"
#include "planner/dense_memory.hpp"

#include <string>

namespace shardwright {

/// The dense part that a train config ("shardwright.train/1") asks for around these tables, with
/// the defaults of `train`. The data say how many dense features there are; `num_dense` is taken.
/// Throws InputError: place, value, what was expected.
DenseSizes dense_sizes_of(const JsonView& config, const Workload& workload, std::int64_t num_dense);

/// Adds what it takes to the memory that every rank has reserved, and returns the sentence that
/// says so. Throws InputError if a rank has less.
std::string reserve_dense_part(const DenseSizes& sizes, std::int64_t batch_size,
                               Topology& topology);

}  // namespace shardwright
