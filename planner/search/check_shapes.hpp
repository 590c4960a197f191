#pragma once

#include "planner/search/problem.hpp"

namespace shardwright {

/// Throws Contradiction if the rules of a table leave it no shape, whatever memory ranks have
/// (block_cuts.hpp), or if tables that must be apart need more ranks than they may use together.
/// `even_rows`: by the cost model in use, which then is named as a cause.
void check_shapes(const Problem& problem, bool even_rows);

}  // namespace shardwright
