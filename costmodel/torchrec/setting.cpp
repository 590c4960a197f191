#include "costmodel/torchrec/setting.hpp"

#include <algorithm>

namespace shardwright::torchrec {
namespace {

std::int64_t ranks_on_node(const Topology& topology, std::int64_t node) {
  return std::count_if(topology.ranks.begin(), topology.ranks.end(),
                       [&](const RankSpec& rank) { return rank.node == node; });
}

}  // namespace

Kernel kernel_of(ShardingType type) {
  return type == ShardingType::data_parallel ? Kernel::dense : Kernel::fused;
}

Setting setting_of(const Workload& workload, const Topology& topology, const Shard& shard) {
  const RankSpec& rank = topology.rank(shard.rank.value_or(RankId(0)));
  Setting setting;
  setting.world_size = topology.size();
  setting.local_world_size = ranks_on_node(topology, rank.node);
  setting.batch_per_rank =
      static_cast<double>(workload.batch_size) / static_cast<double>(topology.size());
  setting.kernel = kernel_of(shard.type);
  setting.device = rank.device == "cpu" ? ComputeDevice::cpu : ComputeDevice::cuda;
  return setting;
}

}  // namespace shardwright::torchrec
