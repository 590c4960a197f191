#pragma once

#include "runtime/comm/communicator.hpp"

#include <cstdint>
#include <functional>

namespace shardwright {

/// Runs `work` on `size` threads, each with its own rank's communicator, and returns when all are
/// done. If one throws, the others' blocked calls throw too, and the first exception is rethrown
/// here.
void run_ranks(std::int64_t size, const std::function<void(Communicator&)>& work);

}  // namespace shardwright
