#pragma once

#include "planner/search/local/layout.hpp"
#include "planner/search/local/random_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace shardwright {

/// The least loaded, by `channel`, of one to four of these ranks.
std::int32_t draw_rank(const Layout& layout, std::size_t channel,
                       std::span<const std::int32_t> ranks, RandomStream& random);

/// Draws a step that takes a whole table away and puts it back in a shape drawn from all that its
/// rules allow: in parts with all rows, in blocks of rows over some ranks or over the nodes, or on
/// every rank. False if what was drawn is not legal; memory is not looked at.
bool draw_reshape(const Layout& layout, std::size_t channel, std::int32_t table,
                  RandomStream& random, Change& change);

}  // namespace shardwright
