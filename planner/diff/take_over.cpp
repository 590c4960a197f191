#include "planner/diff/take_over.hpp"

#include "planner/unique_rows.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace shardwright {
namespace {

std::vector<Shard> of_table(std::vector<Shard> shards, TableId table) {
  for (Shard& shard : shards) shard.table = table;
  return shards;
}

/// With the rows that `table` has now; nothing if a rank or a shard is gone.
std::vector<Shard> kept_shards(std::vector<Shard> shards, const Table& table,
                               const Topology& topology) {
  std::int64_t last = 0;
  for (const Shard& shard : shards) last = std::max(last, shard.row_end);
  for (Shard& shard : shards) {
    if (shard.row_end == last) shard.row_end = table.rows;
    if (shard.row_begin >= shard.row_end || shard.row_end > table.rows) return {};
    if (shard.rank && shard.rank->value() >= topology.size()) return {};
  }
  return shards;
}

/// Shards of every table, in one go through the plan.
Placements placements_of(const Plan& plan) {
  Placements tables(plan.workload.tables.size());
  for (const Shard& shard : plan.shards) tables[shard.table.index()].push_back(shard);
  return tables;
}

}  // namespace

TakenOver take_over(const Plan& earlier, const Workload& workload, const Topology& topology) {
  std::map<std::string, TableId> ids;
  for (std::size_t i = 0; i < earlier.workload.tables.size(); ++i) {
    ids.emplace(earlier.workload.tables[i].name, TableId::of(i));
  }
  const Placements old = placements_of(earlier);
  TakenOver result{Placements(workload.tables.size()), Placements(workload.tables.size()), {}};
  for (std::size_t i = 0; i < workload.tables.size(); ++i) {
    const Table& table = workload.tables[i];
    const auto found = ids.find(table.name);
    if (found == ids.end()) continue;
    result.before[i] = of_table(old[found->second.index()], TableId::of(i));
    const bool fits = earlier.workload.table(found->second).dim == table.dim;
    if (fits) result.kept[i] = kept_shards(result.before[i], table, topology);
    if (sends_unique_rows(earlier, found->second) && has_unique_rows(table, topology)) {
      result.unique_rows.push_back(TableId::of(i));
    }
  }
  return result;
}

}  // namespace shardwright
