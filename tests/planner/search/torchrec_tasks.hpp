#pragma once

#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace shardwright::testing {

inline constexpr std::int64_t kTorchrecRanks = 8;

/// The draws of tests/torchrec_planner/tasks.py: integers only, from SplitMix64.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
  std::int64_t below(std::uint64_t bound) {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return static_cast<std::int64_t>((z ^ (z >> 31)) % bound);
  }

 private:
  std::uint64_t state_;
};

/// Task `task` of tests/torchrec_planner/tasks.py: 10 to 60 tables without optimizer state, 512
/// samples for each of 8 ranks.
inline Workload torchrec_task(std::uint64_t task) {
  SplitMix64 random(task);
  Workload workload;
  workload.batch_size = 512 * kTorchrecRanks;
  const std::int64_t count = 10 + random.below(51);
  for (std::int64_t i = 0; i < count; ++i) {
    Table table;
    table.name = fmt::format("t{}", i);
    table.features = {table.name};
    table.rows = 1000 + random.below(9000);
    for (std::int64_t tens = 1 + random.below(3); tens > 0; --tens) table.rows *= 10;
    table.dim = 32 * (1 + random.below(8));
    table.pooling = static_cast<double>(1 + random.below(40));
    table.optimizer = OptimizerKind::sgd;
    workload.tables.push_back(table);
  }
  return workload;
}

/// 8 GPUs of one node with this much memory each.
inline Topology torchrec_topology(Bytes memory) {
  Topology topology = read_topology("8xH100");
  for (RankSpec& rank : topology.ranks) rank.memory = memory;
  return topology;
}

}  // namespace shardwright::testing
