#pragma once

#include "planner/search/local/search_space.hpp"

namespace shardwright {

/// Total ms of a rank that holds nothing but this piece and those that go with it, in a world that
/// holds nothing else: what pieces are compared by where the cost model has no floor.
double price_alone(const SearchSpace& space, const Piece& piece);

/// The same, summed over all tables and divided by the ranks; no bound of anything.
double mean_price_alone(const SearchSpace& space);

}  // namespace shardwright
