#pragma once

#include "planner/search/local/search_space.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// A change to the question after which a plan exists: one was found, if only by packing.
struct WayOut {
  std::string kind;                 ///< more_ranks | more_memory | row_wise | bf16 | smaller_batch
  std::int64_t amount = 0;          ///< ranks; bytes on every rank; tables; tables; samples
  std::vector<std::string> tables;  ///< of row_wise and bf16: those that change, largest first
  std::string sentence;             ///< "2 more ranks like these"
};

/// Of each kind the smallest change that helps, found by bisection; kinds that do not help by
/// themselves are left out. To be asked where no plan was found. Deterministic.
std::vector<WayOut> ways_out(const Problem& problem, const std::vector<ShardingType>& types,
                             ColumnWidths widths);

}  // namespace shardwright
