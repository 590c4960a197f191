#pragma once

#include "planner/unique_rows.hpp"

#include <cstddef>

namespace shardwright::synthetic {

/// All tables that can be, or of these every second one, beginning with `first`.
inline Plan with_unique_rows(Plan plan, std::size_t first = 0, std::size_t step = 1) {
  for (std::size_t t = first; t < plan.workload.tables.size(); t += step) {
    if (why_not_unique_rows(plan, TableId::of(t)).empty()) {
      plan.unique_rows.push_back(TableId::of(t));
    }
  }
  return plan;
}

}  // namespace shardwright::synthetic
