#pragma once

namespace shardwright {

/// Whether ranks of MPI_COMM_WORLD on this rank's host are more than the cores that they may run on
/// together, or Open MPI was told to yield (mpi_yield_when_idle): a rank that waits should then
/// leave its core to others. All ranks call it together; blocks. Throws EnvironmentError.
bool ranks_share_cores();

}  // namespace shardwright
