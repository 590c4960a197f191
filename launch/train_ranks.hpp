#pragma once

#include "runtime/comm/communicator.hpp"

#include <functional>

namespace shardwright {

/// Runs `work` on this rank of the MPI job that the process belongs to (mpirun, srun, or one
/// process alone), prints what goes wrong, once, and returns the exit code, the same on every rank.
/// A failure that the other ranks do not know of ends the whole job. Call it once per process.
int run_on_ranks(const std::function<void(Communicator&)>& work);

}  // namespace shardwright
