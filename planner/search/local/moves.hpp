#pragma once

#include "planner/search/local/layout.hpp"
#include "planner/search/local/random_stream.hpp"

namespace shardwright {

/// Draws a step for `layout`, mostly one that takes load off a rank that the objective waits for:
/// a piece moves, trades places, is split at any width, joins a sibling, hands columns to it, or
/// its table is cut anew. False if what was drawn is not legal; memory is not looked at.
bool draw_change(const Layout& layout, RandomStream& random, Change& change);

}  // namespace shardwright
