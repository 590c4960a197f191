#pragma once

#include "planner/search/local/search_space.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// A change to the question after which the algorithm search finds a plan under the same
/// constraints: one was found, if only by packing (fitting.hpp).
struct WayOut {
  std::string kind;                 ///< more_ranks | more_memory | row_wise | bf16 | smaller_batch
  std::int64_t amount = 0;          ///< ranks; bytes on every rank; tables; tables; samples
  std::vector<std::string> tables;  ///< of row_wise and bf16: those that change, largest first
  std::string sentence;             ///< "2 more ranks like these"
};

/// What was asked beside the problem.
struct WaysOutQuestion {
  const std::vector<ShardingType>& types;
  ColumnWidths widths = ColumnWidths::any;
  bool even_rows = false;         ///< by the cost model: BlockCuts
  const std::atomic<bool>& stop;  ///< when it turns true, what is known by then is the answer
};

/// Of each kind the smallest change that helps, found by bisection; kinds that do not help by
/// themselves are left out. To be asked where no plan was found. Deterministic but for `stop`.
std::vector<WayOut> ways_out(const Problem& problem, const WaysOutQuestion& question);

}  // namespace shardwright
