#pragma once

#include "planner/search/local/search_space.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// A change to the question after which the algorithm search finds a plan, with all else as it is:
/// one was found, if only by packing (fitting.hpp).
struct WayOut {
  /// more_ranks | more_memory | row_wise | bf16 | smaller_batch | constraint | algorithm (search
  /// itself, where another one failed)
  std::string kind;
  std::int64_t amount = 0;  ///< ranks; bytes on every rank; tables; tables; samples; tables; 1
  std::vector<std::string> tables;  ///< row_wise, bf16, constraint: those changed, largest first
  std::string sentence;             ///< "2 more ranks like these"
  std::string constraint = {};      ///< which is dropped: "max_shards"
};

/// What was asked beside the problem.
struct WaysOutQuestion {
  const std::vector<ShardingType>& types;
  ColumnWidths widths = ColumnWidths::any;
  bool even_rows = false;         ///< by the cost model: BlockCuts
  const std::atomic<bool>& stop;  ///< when it turns true, what is known by then is the answer
  bool is_search = true;          ///< whether that is the algorithm that failed
};

/// Of each kind, and each constraint, the smallest change that helps, found by bisection; what does
/// not help by itself is left out. To be asked where no plan was found. Deterministic but for
/// `stop`.
std::vector<WayOut> ways_out(const Problem& problem, const WaysOutQuestion& question);

}  // namespace shardwright
