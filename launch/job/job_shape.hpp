#pragma once

#include "launch/job/hosts.hpp"
#include "launch/shell_line.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// How a job's ranks lie on machines.
struct JobShape {
  std::vector<JobHost> hosts{};  ///< empty: this machine alone
  std::int64_t ranks = 1;
  std::int64_t threads = 1;    ///< cores that each rank is given
  std::int64_t cores = 0;      ///< of this machine, where all ranks are on it; 0: not known
  std::int64_t mpi_major = 4;  ///< Open MPI's; 5 has another way to say some things
};

/// "2 ranks on this machine", "16 ranks on 2 hosts".
std::string describe(const JobShape& shape);

/// The mpirun line that runs `command`: places `threads` cores' worth of each rank side by side and
/// binds it to them, unless there are more ranks than cores; passes PATH, LD_LIBRARY_PATH and
/// OMP_NUM_THREADS on to other hosts, those that are set here.
std::vector<std::string> mpirun_line(const JobShape& shape,
                                     const std::vector<std::string>& command);

/// An sbatch script for a job of this shape on `nodes` nodes.
std::string slurm_script(const JobShape& shape, const std::vector<std::string>& command);

/// A manifest for Kubeflow's MPI operator, kind MPIJob of kubeflow.org/v2beta1: a worker per host.
struct MpiJobOptions {
  std::string name = "shardwright";
  std::string image;
  std::string shared_memory = "1Gi";  ///< of a worker's /dev/shm
  std::string volume_claim;           ///< persistent, mounted as /data in the workers; may be empty
  std::int64_t retries = 3;
};
std::string mpijob_manifest(const JobShape& shape, const MpiJobOptions& options,
                            const std::vector<std::string>& command);

}  // namespace shardwright
