#pragma once

#include <string>

namespace shardwright {

/// Throws EnvironmentError unless an MPI call returned MPI_SUCCESS: `call` says what was called,
/// MPI's own text what was wrong.
void check_mpi(int code, const std::string& call);

}  // namespace shardwright
