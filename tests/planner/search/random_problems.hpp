#pragma once

#include "costmodel/topology.hpp"
#include "planner/search/local/random_stream.hpp"
#include "planner/search/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace shardwright::testing {

/// What random workloads may contain.
struct Draw {
  std::size_t most_tables = 20;
  std::size_t widest = 32;  ///< in steps of 4 columns
  bool constraints = false;
};

inline Table draw_table(RandomStream& random, const std::string& name, const Draw& draw) {
  Table table;
  table.name = name;
  table.features = {name};
  table.rows = static_cast<std::int64_t>(std::exp(2 + 12 * random.uniform()));
  table.dim = 4 * static_cast<std::int64_t>(1 + random.below(draw.widest));
  table.pooling = std::exp(5 * random.uniform() - 0.5);
  if (random.below(4) == 0) table.mode = PoolingMode::none;
  table.weighted = random.below(4) == 0;
  if (random.below(3) == 0) table.dtype = DataType::bf16;
  if (random.below(3) == 0) table.optimizer = OptimizerKind::adam;
  if (random.below(4) == 0) table.features.push_back(name + ".1");
  return table;
}

inline Workload draw_workload(RandomStream& random, const Draw& draw) {
  Workload workload;
  workload.batch_size = static_cast<std::int64_t>(64 + random.below(4096));
  const std::size_t tables = 1 + random.below(draw.most_tables);
  for (std::size_t i = 0; i < tables; ++i) {
    workload.tables.push_back(draw_table(random, fmt::format("t{}", i), draw));
  }
  return workload;
}

/// One to three nodes of one to four ranks, some of other speeds or devices.
inline Topology draw_topology(RandomStream& random) {
  const std::size_t nodes = 1 + random.below(3);
  Topology topology = read_topology(fmt::format("{}x{}x{}", nodes, 1 + random.below(4),
                                                random.below(2) == 0 ? "H100-80GB" : "cpu-16GiB"));
  for (RankSpec& rank : topology.ranks) {
    if (random.below(4) == 0) rank.speed = 0.5 + random.uniform();
    if (random.below(8) == 0) rank.device = "A100";
  }
  if (random.below(4) == 0 && topology.ranks.size() > 2) topology.ranks.pop_back();
  topology.intra = default_intra(topology.ranks);
  topology.inter = default_inter(topology.ranks);
  return topology;
}

/// A compute and a communication model.
inline constexpr const char* kFittedModels = "cpu-epyc9004-compute,nccl-h100";

/// A communication model, computation being analytic.
inline constexpr const char* kFittedComm = "nccl-h100";

/// One that the cost model may be asked about: fitted ones know one kind of device, one node.
inline Topology draw_topology_for(std::string_view cost_model, RandomStream& random) {
  Topology topology = draw_topology(random);
  for (RankSpec& rank : topology.ranks) {
    if (cost_model.find("compute") != std::string_view::npos) rank.device = "cpu";
    if (cost_model.find("nccl") != std::string_view::npos) rank.node = 0;
  }
  return topology;
}

/// So few ranks that all placements can be tried.
inline Topology at_most_three(Topology topology) {
  topology.ranks.resize(std::min<std::size_t>(topology.ranks.size(), 3), topology.ranks.front());
  return topology;
}

}  // namespace shardwright::testing
