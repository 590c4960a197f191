#include "launch/job/job_shape.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {

std::string slurm_script(const JobShape& shape, const std::vector<std::string>& command) {
  const std::int64_t nodes = std::max<std::int64_t>(1, std::ssize(shape.hosts));
  const std::int64_t per_node = (shape.ranks + nodes - 1) / nodes;
  return fmt::format(
      "#!/bin/bash\n"
      "#SBATCH --job-name=shardwright\n"
      "#SBATCH --nodes={}\n"
      "#SBATCH --ntasks={}\n"
      "#SBATCH --ntasks-per-node={}\n"
      "#SBATCH --cpus-per-task={}\n"
      "#SBATCH --requeue\n"
      "# Two minutes before the time is up, the ranks are asked for a checkpoint.\n"
      "#SBATCH --signal=USR1@120\n"
      "# Add --partition, --time, --gpus-per-node as your cluster needs them.\n"
      "export OMP_NUM_THREADS={}\n"
      "# `srun --mpi=list` shows whether there is pmix; without it, use mpirun.\n"
      "exec srun --mpi=pmix --kill-on-bad-exit=1 --cpus-per-task={} {}\n",
      nodes, shape.ranks, per_node, shape.threads, shape.threads, shape.threads,
      shell_line(command));
}

}  // namespace shardwright
