#pragma once

#include "planner/check.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/search.hpp"
#include "tests/planner/search/random_problems.hpp"
#include "tests/sanitized.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright::testing {

inline constexpr std::int64_t kLittleWork = 2'000;
inline constexpr std::uint64_t kProblems = kSanitized ? 50 : 1'000;

/// The default ones, all, or a few.
inline std::vector<ShardingType> draw_types(RandomStream& random) {
  const std::size_t kind = random.below(3);
  if (kind == 0) return kDefaultTypes;
  std::vector<ShardingType> types;
  while (types.empty()) {
    for (const ShardingType type : kAllShardingTypes) {
      if (kind == 1 || random.below(3) == 0) types.push_back(type);
    }
  }
  return types;
}

inline SearchOptions options_of(RandomStream& random) {
  SearchOptions options;
  options.types = draw_types(random);
  options.memory_model = static_cast<MemoryModel>(random.below(4));
  options.objective = static_cast<Objective>(random.below(3));
  options.effort.work_limit = kLittleWork;
  options.effort.threads = 1;
  return options;
}

/// Ranks with little more memory than the tables need.
inline void tighten(RandomStream& random, const Workload& workload, Topology& topology) {
  double bytes = 0;
  for (const Table& table : workload.tables) {
    bytes += 12.0 * static_cast<double>(table.rows * table.dim);
  }
  const double share = bytes / static_cast<double>(topology.size());
  for (RankSpec& rank : topology.ranks) {
    rank.memory = Bytes(static_cast<std::int64_t>(share * (0.5 + 2 * random.uniform()) + 1e6));
  }
}

/// Constraints of some tables, to one or several of `types` and to what goes with each or not.
inline void constrain(RandomStream& random, const Topology& topology,
                      const std::vector<ShardingType>& types, Table& table) {
  if (random.below(3) == 0) return;
  TableConstraints& asked = table.constraints;
  if (random.below(2) == 0) asked.types = {types[random.below(types.size())]};
  if (random.below(4) == 0) asked.types.push_back(types[random.below(types.size())]);
  for (std::size_t rank = 0; rank < topology.ranks.size() && random.below(4) == 0; ++rank) {
    asked.ranks.push_back(RankId(static_cast<std::int64_t>(random.below(topology.ranks.size()))));
  }
  if (random.below(3) == 0) asked.min_column_width = 8;
  if (random.below(8) == 0) asked.max_column_width = 32;
  if (random.below(3) == 0) asked.max_shards = static_cast<std::int64_t>(2 + random.below(6));
}

/// What tables ask of each other and of nodes, and ranks that are not all theirs.
inline void relate(RandomStream& random, Workload& workload, Topology& topology) {
  for (Table& table : workload.tables) {
    const Table& other = workload.tables[random.below(workload.tables.size())];
    if (other.name == table.name) continue;
    if (random.below(8) == 0) table.constraints.together = {other.name};
    if (random.below(4) == 0) table.constraints.apart = {other.name};
    if (random.below(8) == 0) {
      table.constraints.nodes = {topology.ranks[random.below(topology.ranks.size())].node};
    }
  }
  for (RankSpec& rank : topology.ranks) {
    rank.excluded = random.below(8) == 0;
    if (random.below(4) == 0) rank.reserved = Bytes(rank.memory.value() / 8);
  }
}

inline bool has_companions(const Workload& workload) {
  return std::any_of(workload.tables.begin(), workload.tables.end(), [](const Table& table) {
    return !table.constraints.together.empty() || !table.constraints.apart.empty();
  });
}

inline void expect_sound(const Plan& plan, const CostModel& model) {
  EXPECT_EQ(check_plan(plan), std::vector<std::string>{});
  Plan rated = plan;
  rate_plan(rated, model);
  EXPECT_DOUBLE_EQ(rated.cost_ms, plan.cost_ms);
}

/// With each cost model that a search may ask.
class SearchProperties : public ::testing::TestWithParam<std::string> {
 protected:
  // Nets take longer to ask, and no bound is valid for those of computation.
  static bool fitted() { return GetParam() == kFittedModels; }
  static std::uint64_t problems() {
    if (GetParam() == kFittedComm) return kProblems / 10;
    return fitted() ? kProblems / 5 : kProblems;
  }
};

}  // namespace shardwright::testing
