#pragma once

#include "planner/plan.hpp"
#include "planner/search/companions.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

/// What may be done with one table: its constraints and --types, in one place.
struct TableRules {
  std::vector<ShardingType> types;  ///< never empty; in the order of kAllShardingTypes
  bool table_wise = false;          ///< one of them: may stay whole under that name
  bool column_wise = false;         ///< one of them: may be cut by columns, each on any rank
  std::vector<RankId> ranks;        ///< where its shards may live, ascending; never empty
  std::int64_t min_width = 4;       ///< of a cut; a multiple of 4
  std::int64_t max_width = 4;       ///< of every shard; a multiple of 4, at most the table's dim
  std::int64_t max_shards = 1;
  bool allows(ShardingType type) const;
};

/// The question every algorithm answers, with what it must respect. Borrows workload and topology.
struct Problem {
  const Workload& workload;
  const Topology& topology;
  MemoryModel memory_model;
  std::vector<Bytes> room;        ///< per rank: memory left for shards; negative if there is none
  std::vector<TableRules> rules;  ///< per table; of tables that go together the same ranks, uncut
  Companions companions;
};

/// Combines the tables' constraints with `types`, those that the user allows and the algorithm
/// knows. Throws Contradiction for constraints that nothing could meet, with the tables and what
/// contradicts: ranks, nodes and tables that do not exist; types, widths, shards or ranks that
/// exclude each other, alone or among tables that go together; tables that must be apart on too few
/// ranks.
Problem make_problem(const Workload& workload, const Topology& topology, MemoryModel memory_model,
                     const std::vector<ShardingType>& types);

/// Memory that `shard` takes on the rank that holds it.
Bytes bytes_of(const Problem& problem, const Shard& shard);

/// The same with all tables that go where its table goes.
Bytes bytes_with_followers(const Problem& problem, const Shard& shard);

/// All of a table in one shard, without a rank.
Shard whole_shard(const Problem& problem, TableId table);

}  // namespace shardwright
