#pragma once

#include "planner/search/local/layout.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace shardwright {

/// How cost_greedy() places a piece.
enum class Fit {
  cheapest,  ///< on the rank where the objective, then the balance, rises least
  roomiest,  ///< on the rank with most memory left, largest pieces first
};

/// Takes the costliest piece first and gives it to one of the ranks that have room. Tables that
/// alone cost more than `widest_cost_ms`, or are wider than `widest` says (spread.hpp; empty: no
/// table is), are first cut into equal parts that do not and are not; what fits nowhere is cut to
/// fill the roomiest rank. Nothing if a piece is left over. Adds what it evaluated to
/// `evaluations`.
std::optional<std::vector<Piece>> cost_greedy(const SearchSpace& space, Fit fit,
                                              double widest_cost_ms, std::int64_t& evaluations,
                                              std::span<const std::int32_t> widest = {});

}  // namespace shardwright
