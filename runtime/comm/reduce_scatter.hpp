#pragma once

#include "runtime/comm/communicator.hpp"

#include <span>
#include <vector>

namespace shardwright {

/// The sums of this rank's slice of all ranks' values, added in rank order: what
/// ordered_all_reduce() begins with. Slices are as equal as can be. Blocks.
std::vector<float> ordered_reduce_scatter(Communicator& comm, std::span<const float> values);

}  // namespace shardwright
