#pragma once

#include "runtime/comm/communicator.hpp"

#include <cstdint>
#include <string>

namespace shardwright {

/// After an operation that did not end: which ranks are missing, as a sentence. Every rank that
/// waits for the operation calls it and tells the others how many operations it has begun; those
/// that do not answer within seconds, or are behind, are named. The communicator is good for
/// nothing but abort() then. Blocks for some seconds.
std::string call_roll(Communicator& comm, std::int64_t operations);

}  // namespace shardwright
