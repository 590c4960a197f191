#pragma once

#include "planner/plan.hpp"

#include <cstdint>

namespace shardwright {

/// Throws InputError, naming the table and what is supported, unless this runtime can train the
/// plan with this many ranks: types table_wise and column_wise; pooling sum and mean; fp32; sgd,
/// adagrad, rowwise_adagrad; every column of every table on exactly one rank, in widths that are
/// multiples of 4.
void require_supported(const Plan& plan, std::int64_t ranks);

}  // namespace shardwright
