#pragma once

#include "planner/search/effort.hpp"

#include <atomic>
#include <vector>

namespace shardwright {

/// A complete placement that holds memory and rules, and its cost.
struct Start {
  double cost;
  std::vector<Piece> pieces;
  bool ours = false;  ///< not of an algorithm that the user could have chosen instead
};

/// Placements to start from, cheapest first: those of the greedy algorithms, and of cost_greedy()
/// with tables cut to several degrees, the finest to a share of `mean_cost_ms`, and again with
/// those that `widest` says (spread.hpp) cut to that; if none of them fits, one of pack(). Empty if
/// nothing was found. Once `stop` is true, TorchRec's are left out, and all but the first of
/// cost_greedy(); once `stop_packing` is, pack() ends. Adds what it evaluated to `evaluations`.
std::vector<Start> find_starts(const SearchSpace& space, const Question& question,
                               double mean_cost_ms, const std::vector<std::int32_t>& widest,
                               const std::atomic<bool>& stop, const std::atomic<bool>& stop_packing,
                               std::int64_t& evaluations);

}  // namespace shardwright
