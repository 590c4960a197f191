#pragma once

#include "planner/plan.hpp"

#include <cstdint>

namespace shardwright {

/// Throws InputError, naming the table and what is supported, unless this runtime can train the
/// plan with this many ranks: the types of trainable_types.hpp; pooling sum and mean; fp32; every
/// weight of every table on exactly one rank, in widths that are multiples of 4, or, for
/// data_parallel, the whole table on every rank.
void require_supported(const Plan& plan, std::int64_t ranks);

}  // namespace shardwright
