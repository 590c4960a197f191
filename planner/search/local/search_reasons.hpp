#pragma once

#include "planner/search/local/search_space.hpp"

#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// One line per table: how it lies, why it is cut if it is (room, rules, what it would take whole),
/// and what part of its rank's load it is. Loads are times of pieces alone, or memory where that is
/// the objective. `pieces` are all of a legal layout.
std::vector<std::string> search_reasons(const SearchSpace& space, std::span<const Piece> pieces);

}  // namespace shardwright
