#pragma once

#include "costmodel/topology.hpp"

#include <vector>

namespace shardwright {

/// For each rank how many ranks, itself among them, share its memory: those of the same node and
/// memory domain.
std::vector<double> ranks_on_memory(const Topology& topology);

}  // namespace shardwright
