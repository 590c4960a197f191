#pragma once

#include "costmodel/topology.hpp"

#include <cstdint>
#include <map>

namespace shardwright {

/// How many ranks each node has.
inline std::map<std::int64_t, std::int64_t> ranks_on_nodes(const Topology& topology) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const RankSpec& rank : topology.ranks) ++counts[rank.node];
  return counts;
}

}  // namespace shardwright
