#pragma once

#include "tests/planner/sample_workload.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// A small random planning task: memory from far too little to plenty, constraints that some cut
/// meets.
struct RandomSpec {
  Workload workload;
  Topology topology;
};

inline TableConstraints random_constraints(std::int64_t dim, std::int64_t num_ranks) {
  TableConstraints constraints;
  if (*rc::gen::inRange(0, 4) == 0) constraints.types = {ShardingType::column_wise};
  if (*rc::gen::inRange(0, 3) == 0) {
    const auto count = *rc::gen::inRange<std::size_t>(1, 4);
    for (std::size_t i = 0; i < count; ++i) {
      constraints.ranks.emplace_back(*rc::gen::inRange<std::int64_t>(0, num_ranks));
    }
  }
  if (*rc::gen::inRange(0, 4) == 0) constraints.min_column_width = 8;
  if (*rc::gen::inRange(0, 4) == 0) constraints.max_column_width = 16;
  // 16 columns at most make dim / 16 parts, rounded up.
  if (*rc::gen::inRange(0, 4) == 0) constraints.max_shards = (dim + 15) / 16 + 1;
  return constraints;
}

inline Table random_table(std::size_t index, std::int64_t num_ranks) {
  Table table =
      sample_table(fmt::format("t{}", index), *rc::gen::inRange<std::int64_t>(1, 200),
                   4 * *rc::gen::inRange<std::int64_t>(1, 17), *rc::gen::inRange(0, 20) * 0.5);
  table.optimizer =
      *rc::gen::element(OptimizerKind::sgd, OptimizerKind::rowwise_adagrad, OptimizerKind::adam);
  table.dtype = *rc::gen::element(DataType::fp32, DataType::bf16);
  table.weighted = *rc::gen::arbitrary<bool>();
  table.mode = *rc::gen::element(PoolingMode::sum, PoolingMode::mean, PoolingMode::none);
  table.constraints = random_constraints(table.dim, num_ranks);
  return table;
}

inline RandomSpec random_spec() {
  const auto num_ranks = *rc::gen::inRange<std::int64_t>(1, 9);
  const auto num_tables = *rc::gen::inRange<std::size_t>(1, 12);
  RandomSpec spec;
  std::int64_t weights = 0;
  for (std::size_t i = 0; i < num_tables; ++i) {
    spec.workload.tables.push_back(random_table(i, num_ranks));
    weights += 4 * spec.workload.tables.back().rows * spec.workload.tables.back().dim;
  }
  spec.workload.batch_size = *rc::gen::inRange<std::int64_t>(1, 30);
  std::vector<std::int64_t> memory;
  for (std::int64_t rank = 0; rank < num_ranks; ++rank) {
    const std::int64_t percent = *rc::gen::inRange<std::int64_t>(50, 1000);
    memory.push_back(1 + weights * percent / 100 / num_ranks);
  }
  spec.topology = sample_topology(memory, *rc::gen::inRange<std::int64_t>(1, 4));
  return spec;
}

}  // namespace shardwright
