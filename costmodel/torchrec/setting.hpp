#pragma once

#include "costmodel/shard.hpp"
#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"

#include <cstdint>

namespace shardwright::torchrec {

/// TorchRec's compute kernels for training: where weights live and how they are updated.
enum class Kernel {
  dense,              ///< device memory, gradients of the whole table; data_parallel's kernel
  fused,              ///< device memory, optimizer fused into the backward pass
  fused_uvm,          ///< host memory, read over the bus
  fused_uvm_caching,  ///< host memory behind a device cache
};

enum class ComputeDevice { cuda, cpu };

/// What TorchRec's estimators know besides the table and its shard.
struct Setting {
  std::int64_t world_size = 1;
  std::int64_t local_world_size = 1;  ///< ranks of one node
  double batch_per_rank = 512;
  Kernel kernel = Kernel::fused;
  ComputeDevice device = ComputeDevice::cuda;
  double cache_load_factor = 0.2;  ///< of fused_uvm_caching
};

/// dense for data_parallel, else fused.
Kernel kernel_of(ShardingType type);

/// The setting TorchRec would price `shard` with.
Setting setting_of(const Workload& workload, const Topology& topology, const Shard& shard);

}  // namespace shardwright::torchrec
