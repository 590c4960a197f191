#pragma once

#include <string>

namespace shardwright {

/// For wrong arguments, which every rank of a job reads: prints `message`, once for the whole job
/// if a launcher (mpirun, srun) started this process, and returns the exit code: usage, or that of
/// a rank that failed before. Ranks whose arguments were right hear of it too. Without the runtime
/// it prints. Call it once per process, instead of run_on_ranks().
int refuse_arguments(const std::string& message);

}  // namespace shardwright
