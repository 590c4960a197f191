#pragma once

#include "runtime/comm/communicator.hpp"

#include <functional>
#include <span>
#include <vector>

namespace shardwright {

/// An all_to_all, which may leave the traffic uncounted.
using AllToAll = std::function<void(std::span<const Communicator::SendBlock>,
                                    std::span<const Communicator::ReceiveBlock>)>;

/// Communicator::ranks_beside() of ranks that are processes: lets each map a page of each other's
/// memory and look whether it holds what was sent. With the environment's
/// SHARDWRIGHT_NODE_MEMORY=off nobody is beside this rank. The ranks call it together; blocks.
/// Throws as `exchange` does.
std::vector<bool> find_ranks_beside(const Communicator& comm, const AllToAll& exchange);

}  // namespace shardwright
