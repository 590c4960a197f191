#pragma once

#include "planner/explain/explain_plan.hpp"

#include <string>

namespace shardwright {

// An explanation for people, at most 120 columns wide, worst first.

std::string explanation_to_text(const Plan& plan, const Explanation& explanation);
/// The same for one table, with every alternative that was priced.
std::string table_explanation_to_text(const Plan& plan, const Explanation& explanation);

}  // namespace shardwright
