#include "runtime/embedding/look_up_task.hpp"

#include "runtime/embedding/simd/kernels.hpp"

namespace shardwright {

void run_look_ups(Workers& workers, std::span<const LookUpTask> tasks) {
  const EmbeddingKernels& kernels = embedding_kernels();
  workers.run(tasks.size(), [&](std::size_t i, std::size_t) {
    const LookUpTask& task = tasks[i];
    kernels.pool_bags(task.bags, task.mode, task.rows, task.out, task.stride);
  });
}

}  // namespace shardwright
