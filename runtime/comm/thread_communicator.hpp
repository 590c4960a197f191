#pragma once

#include "runtime/comm/communicator.hpp"

#include <cstdint>
#include <functional>

namespace shardwright {

/// What the threads of run_ranks() say of each other: Communicator::ranks_beside().
enum class ThreadMemory { apart, shared };

/// Runs `work` on `size` threads, each with its own rank's communicator, and returns when all are
/// done. If one throws, the others' blocked calls throw too, and the first exception is rethrown
/// here.
void run_ranks(std::int64_t size, const std::function<void(Communicator&)>& work,
               ThreadMemory memory = ThreadMemory::apart);

}  // namespace shardwright
