#pragma once

#include "costmodel/cost_model.hpp"
#include "planner/search/effort.hpp"

#include <string>

namespace shardwright {

/// "best 1.137 ms, bound 1.099 ms, gap 3.45 %, 40 % of its limit", in the unit of the objective;
/// without bound and gap where there is no bound above 0.
std::string progress_text(const SearchProgress& progress, Objective objective);

}  // namespace shardwright
