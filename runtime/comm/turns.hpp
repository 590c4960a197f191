#pragma once

#include "runtime/comm/communicator.hpp"

#include <memory>

namespace shardwright {

/// Lets the ranks of one host take turns, so that each can be timed as if it had a core of its own
/// although there are more ranks than cores. Between two all_to_all calls one rank computes at a
/// time, in rank order; then one pair of ranks exchanges its messages at a time; all others sleep.
/// clock_ms() counts a rank's own turns alone: a rank's exchange takes the sum of its pairs' times.
/// What ranks read and write in each other's memory, they do in their own turns.
///
/// `inner` must let two ranks exchange while the others do something else, as MPI's does, and must
/// outlive the result, whose wait limit, at first that of `inner`, is for a single turn of others.
/// The ranks make and destroy it together. Blocks; throws EnvironmentError if the ranks cannot
/// share memory.
std::unique_ptr<Communicator> take_turns(Communicator& inner);

}  // namespace shardwright
