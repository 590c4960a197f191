#pragma once

#include "planner/contradiction.hpp"
#include "planner/search/problem.hpp"
#include "planner/search/search.hpp"
#include "tests/planner/sample_workload.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// A small random planning task: memory from far too little to plenty, constraints that each table
/// can meet in some shape of the types drawn from.
struct RandomSpec {
  Workload workload;
  Topology topology;
};

/// What random specs are drawn from.
struct SpecDraw {
  std::vector<ShardingType> types = kDefaultTypes;  ///< of constraints
  bool companions = false;                          ///< tables together and apart
  std::int64_t most_percent = 1000;                 ///< of a rank's even share of the weights
};

/// One of `types`, and perhaps more.
inline std::vector<ShardingType> random_types(const std::vector<ShardingType>& types) {
  std::vector<ShardingType> drawn = {*rc::gen::elementOf(types)};
  for (const ShardingType type : types) {
    if (!contains(drawn, type) && *rc::gen::inRange(0, 4) == 0) drawn.push_back(type);
  }
  return drawn;
}

inline TableConstraints random_constraints(std::int64_t dim, std::int64_t num_ranks,
                                           const std::vector<ShardingType>& types) {
  TableConstraints constraints;
  if (*rc::gen::inRange(0, 3) == 0) constraints.types = random_types(types);
  if (*rc::gen::inRange(0, 3) == 0) {
    const auto count = *rc::gen::inRange<std::size_t>(1, 4);
    for (std::size_t i = 0; i < count; ++i) {
      constraints.ranks.emplace_back(*rc::gen::inRange<std::int64_t>(0, num_ranks));
    }
  }
  if (*rc::gen::inRange(0, 6) == 0) {
    constraints.nodes = {*rc::gen::inRange<std::int64_t>(0, num_ranks)};
  }
  if (*rc::gen::inRange(0, 4) == 0) constraints.min_column_width = 8;
  if (*rc::gen::inRange(0, 4) == 0) constraints.max_column_width = 16;
  // 16 columns at most make dim / 16 parts, rounded up.
  if (*rc::gen::inRange(0, 4) == 0) constraints.max_shards = (dim + 15) / 16 + 1;
  if (*rc::gen::inRange(0, 8) == 0) constraints.max_shards = *rc::gen::inRange(1, 5);
  return constraints;
}

inline Table random_table(std::size_t index, std::int64_t num_ranks,
                          const std::vector<ShardingType>& types) {
  Table table =
      sample_table(fmt::format("t{}", index), *rc::gen::inRange<std::int64_t>(1, 200),
                   4 * *rc::gen::inRange<std::int64_t>(1, 17), *rc::gen::inRange(0, 20) * 0.5);
  table.optimizer =
      *rc::gen::element(OptimizerKind::sgd, OptimizerKind::rowwise_adagrad, OptimizerKind::adam);
  table.dtype = *rc::gen::element(DataType::fp32, DataType::bf16);
  table.weighted = *rc::gen::arbitrary<bool>();
  table.mode = *rc::gen::element(PoolingMode::sum, PoolingMode::mean, PoolingMode::none);
  table.constraints = random_constraints(table.dim, num_ranks, types);
  return table;
}

/// Constraints that nothing could meet go.
inline void drop_contradictions(const Topology& topology, const std::vector<ShardingType>& types,
                                Table& table) {
  const Workload alone{{table}, 1};
  try {
    make_problem(alone, topology, MemoryModel::weights, types);
  } catch (const Contradiction&) {
    table.constraints = {};
  }
}

inline void relate(std::vector<Table>& tables) {
  for (Table& table : tables) {
    const Table& other = *rc::gen::elementOf(tables);
    const int kind = other.name == table.name ? 2 : *rc::gen::inRange(0, 20);
    if (kind == 0) table.constraints.together = {other.name};
    if (kind == 1) table.constraints.apart = {other.name};
  }
}

inline Topology random_topology(std::int64_t num_ranks, std::int64_t weights,
                                std::int64_t most_percent) {
  std::vector<std::int64_t> memory;
  for (std::int64_t rank = 0; rank < num_ranks; ++rank) {
    const std::int64_t percent = *rc::gen::inRange<std::int64_t>(50, most_percent);
    memory.push_back(1 + weights * percent / 100 / num_ranks);
  }
  return sample_topology(memory, *rc::gen::inRange<std::int64_t>(1, 4));
}

inline RandomSpec random_spec(const SpecDraw& draw = {}) {
  const auto num_ranks = *rc::gen::inRange<std::int64_t>(1, 9);
  const auto num_tables = *rc::gen::inRange<std::size_t>(1, 12);
  RandomSpec spec;
  std::int64_t weights = 0;
  for (std::size_t i = 0; i < num_tables; ++i) {
    spec.workload.tables.push_back(random_table(i, num_ranks, draw.types));
    weights += 4 * spec.workload.tables.back().rows * spec.workload.tables.back().dim;
  }
  spec.workload.batch_size = *rc::gen::inRange<std::int64_t>(1, 30);
  spec.topology = random_topology(num_ranks, weights, draw.most_percent);
  for (Table& table : spec.workload.tables) drop_contradictions(spec.topology, draw.types, table);
  if (draw.companions) relate(spec.workload.tables);
  return spec;
}

}  // namespace shardwright
