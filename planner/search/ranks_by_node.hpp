#pragma once

#include "costmodel/topology.hpp"

#include <vector>

namespace shardwright {

/// Ranks of each node in ascending order, nodes in the order of their first rank.
std::vector<std::vector<RankId>> ranks_by_node(const Topology& topology);

}  // namespace shardwright
