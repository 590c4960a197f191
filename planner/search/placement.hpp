#pragma once

#include "costmodel/shard.hpp"

#include <string>
#include <vector>

namespace shardwright {

/// What an algorithm hands back. If something found no room, `unplaced` holds it and the rest is
/// placed all the same, so that a message can name everything that is missing.
struct Placement {
  std::vector<Shard> shards;         ///< with ranks; ordered by (table, row_begin, col_begin)
  std::vector<Shard> unplaced;       ///< without ranks
  std::vector<std::string> reasons;  ///< one per table
};

}  // namespace shardwright
