#pragma once

#include "costmodel/cost_model.hpp"
#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// A table of `rows` × `dim` floats trained by SGD: its memory is its weights, 4·rows·dim bytes.
inline Table sample_table(const std::string& name, std::int64_t rows, std::int64_t dim,
                          double pooling = 1) {
  Table table;
  table.name = name;
  table.rows = rows;
  table.dim = dim;
  table.pooling = pooling;
  table.optimizer = OptimizerKind::sgd;
  table.features = {name};
  return table;
}

/// CPU ranks with the given bytes of memory each, `per_node` to a node.
inline Topology sample_topology(const std::vector<std::int64_t>& memory,
                                std::int64_t per_node = 1000) {
  Topology topology;
  for (const std::int64_t bytes : memory) {
    RankSpec rank;
    rank.node = topology.size() / per_node;
    rank.memory = Bytes(bytes);
    topology.ranks.push_back(rank);
  }
  topology.intra = default_intra(topology.ranks);
  topology.inter = default_inter(topology.ranks);
  return topology;
}

/// Says that a rank computes one ms per column it holds, so that costs can be counted by hand.
class ColumnCostModel final : public CostModel {
 public:
  std::string_view name() const override { return "columns"; }
  std::string_view provenance() const override { return "made up"; }
  std::vector<PhaseTimes> price(const Workload& /*workload*/, const Topology& topology,
                                std::span<const Shard> shards) const override {
    std::vector<PhaseTimes> times(topology.ranks.size());
    for (std::size_t rank = 0; rank < times.size(); ++rank) {
      for (const Shard& shard : shards) {
        if (!shard.on(RankId::of(rank))) continue;
        times[rank].compute_forward_ms += static_cast<double>(shard.columns());
      }
    }
    return times;
  }
};

}  // namespace shardwright
