#pragma once

#include "planner/search/local/deadline.hpp"
#include "planner/search/local/starts.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

/// Improves the cheapest of `starts` for `steps` changes each, nearly without steps upwards, and
/// puts those first that then cost least: what a start costs says little about where it leads.
/// Starts that hold the widths `widest` (spread.hpp; empty: none are asked for) keep to them, and
/// the cheapest of those is let in. The others keep their order, behind. The result does not depend
/// on `threads`, but where a time limit is near: the race takes no more than a third of what is
/// left of it. Adds what it evaluated to `evaluations`.
void race(const SearchSpace& space, std::vector<Start>& starts,
          const std::vector<std::int32_t>& widest, std::uint64_t seed, std::int64_t steps,
          unsigned threads, const Deadline& deadline, std::int64_t& evaluations);

}  // namespace shardwright
