#pragma once

#include <string_view>

namespace shardwright {

/// What looks rows up and updates them. A further one is added here and wherever a cost model, the
/// memory model and the runtime tell kernels apart.
enum class ComputeKernel {
  fused,  ///< rows are pooled as they are read, and updated in the backward pass
};

/// Where a shard's weights and optimizer state lie.
enum class MemoryTier {
  device,  ///< the memory of the rank's device; of a CPU rank its host's
};

/// How one shard is kept and worked on.
struct Storage {
  ComputeKernel kernel = ComputeKernel::fused;
  MemoryTier tier = MemoryTier::device;
  bool operator==(const Storage&) const = default;
};

/// Both throw InputError listing the names.
ComputeKernel parse_compute_kernel(std::string_view text);
MemoryTier parse_memory_tier(std::string_view text);

}  // namespace shardwright
