#include "planner/check.hpp"

#include "planner/check_constraints.hpp"
#include "planner/check_shards.hpp"
#include "planner/coverage.hpp"
#include "planner/memory_model.hpp"
#include "planner/unique_rows.hpp"
#include "planner/unique_rows_memory.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

using Problems = std::vector<std::string>;

void check_table(const Plan& plan, const Table& table, const std::vector<Shard>& shards,
                 Problems& problems) {
  if (shards.empty()) {
    problems.push_back(fmt::format("Table '{}' is placed nowhere.", table.name));
    return;
  }
  std::vector<Shard> sound;
  for (const Shard& shard : shards) {
    check_shard(plan, table, shard, problems);
    if (lies_inside(table, shard)) sound.push_back(shard);
  }
  check_shards_together(plan, table, shards, problems);
  check_constraints(plan, table, shards, problems);
  for (std::string& problem : coverage_problems(table, sound)) {
    problems.push_back(std::move(problem));
  }
}

// Counts the shards that can be counted; the others were complained about.
void check_memory(const Plan& plan, Problems& problems) {
  std::vector<Shard> sound;
  for (const Shard& shard : plan.shards) {
    if (lies_inside(plan.workload.table(shard.table), shard) &&
        (!shard.rank || is_rank_of(plan.topology, *shard.rank))) {
      sound.push_back(shard);
    }
  }
  const auto memory = unique_rows_problems(plan).empty()
                          ? memory_of_plan(plan, sound)
                          : memory_of_ranks(plan.memory_model, plan.workload, plan.topology, sound);
  for (std::size_t rank = 0; rank < memory.size(); ++rank) {
    const Bytes has = plan.topology.ranks[rank].usable();
    const Bytes needs = memory[rank].total();
    if (needs <= has) continue;
    problems.push_back(
        fmt::format("Rank {} needs {} by the memory model {}, but has {}: {} too much.", rank,
                    format_bytes(needs), to_string(plan.memory_model), format_bytes(has),
                    format_bytes(needs - has)));
  }
}

}  // namespace

std::vector<std::string> check_placement(const Plan& plan, TableId table,
                                         const std::vector<Shard>& shards) {
  Problems problems = check_alone(plan, table, shards);
  check_companions_of(plan, table, shards, problems);
  return problems;
}

std::vector<std::string> check_alone(const Plan& plan, TableId table,
                                     const std::vector<Shard>& shards) {
  Problems problems;
  check_table(plan, plan.workload.table(table), shards, problems);
  return problems;
}

std::vector<std::string> check_plan(const Plan& plan) {
  Problems problems;
  std::vector<std::vector<Shard>> by_table(plan.workload.tables.size());
  for (const Shard& shard : plan.shards) by_table[shard.table.index()].push_back(shard);
  for (std::size_t i = 0; i < by_table.size(); ++i) {
    check_table(plan, plan.workload.tables[i], by_table[i], problems);
  }
  check_companions(plan, by_table, problems);
  for (std::string& problem : unique_rows_problems(plan)) problems.push_back(std::move(problem));
  check_memory(plan, problems);
  return problems;
}

}  // namespace shardwright
