#pragma once

#include "planner/plan.hpp"

namespace shardwright {

/// Says in plan.reasons, if it has one for each table, of every table that is exchanged as distinct
/// rows how many different ones of its ids a rank asks for. What they said of that before goes.
void say_unique_rows(Plan& plan);

}  // namespace shardwright
