#pragma once

#include "planner/search/greedy.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// What happened to one table while it was placed.
struct Story {
  double weight = 0;             ///< of the whole table
  std::int64_t first_parts = 1;  ///< that its constraints ask for
  std::int64_t parts = 1;        ///< in the end
  Bytes fitted_nowhere;          ///< the first part that had to be halved
  std::size_t candidates = 0;    ///< ranks that had room for the last part placed; 0: none had
};

/// One line per table: its place in the order, why it was cut, how its ranks were chosen.
std::vector<std::string> reasons_of(const Problem& problem, const GreedyRule& rule,
                                    const std::vector<Story>& stories);

}  // namespace shardwright
