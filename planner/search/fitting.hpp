#pragma once

#include "planner/search/packing.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

namespace shardwright {

/// Steps of packing (PackingEffort) that find_fitting() may take where many are asked about, and
/// that search always takes: so what was found to fit, search finds.
std::int64_t steps_of_fitting(const Problem& problem);

/// Tables that may keep their rows and may be cut by them, or be held everywhere, too: those that
/// need most first.
std::vector<TableId> tables_for_rows(const Problem& problem, bool even_rows);

/// Any placement that fits memory and rules, whatever it costs, by pack_exactly(): with as few
/// tables cut by rows as must be, then with the first 1, 2, 4 … of tables_for_rows(). `impossible`
/// as there. A placement found with fewer steps is found with more.
Packing find_fitting(const Problem& problem, PackingEffort effort);

}  // namespace shardwright
