#include "runtime/trainer/plan_for_data.hpp"

#include "costmodel/errors.hpp"
#include "planner/plan_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

const Table* find_table(const Workload& workload, const std::string& name) {
  const auto found = std::find_if(workload.tables.begin(), workload.tables.end(),
                                  [&](const Table& table) { return table.name == name; });
  return found == workload.tables.end() ? nullptr : &*found;
}

/// What the two say differently, or "".
std::string difference(const Table& plan, const Table& data) {
  if (plan.rows != data.rows) {
    return fmt::format("has {} rows in the plan and {} in the data", plan.rows, data.rows);
  }
  if (plan.dim != data.dim) {
    return fmt::format("has dim {} in the plan and {} in the data", plan.dim, data.dim);
  }
  if (plan.mode != data.mode) {
    return fmt::format("has mode {} in the plan and {} in the data", to_string(plan.mode),
                       to_string(data.mode));
  }
  if (plan.weighted != data.weighted) {
    return fmt::format("is {} in the plan and not in the data",
                       plan.weighted ? "weighted" : "unweighted");
  }
  return "";
}

}  // namespace

Plan plan_for_data(const std::string& plan_file, std::int64_t num_ranks, const Workload& data,
                   const std::string& tables_file) {
  if (plan_file.empty()) return round_robin_plan(data, num_ranks);
  Plan plan = read_plan(plan_file);
  if (plan.topology.size() != num_ranks) {
    throw InputError(fmt::format(
        "The plan {} is for {} ranks, but this job has {}. Start it with `mpirun -n {}`, or plan "
        "again with a --topology of {} ranks.",
        plan_file, plan.topology.size(), num_ranks, plan.topology.size(), num_ranks));
  }
  require_same_tables(plan.workload, plan_file, data, tables_file);
  return plan;
}

Plan round_robin_plan(const Workload& workload, std::int64_t num_ranks) {
  Plan plan;
  plan.workload = workload;
  plan.topology.ranks.resize(static_cast<std::size_t>(num_ranks));
  for (std::size_t t = 0; t < workload.tables.size(); ++t) {
    const Table& table = workload.tables[t];
    plan.shards.push_back({.table = TableId::of(t),
                           .type = ShardingType::table_wise,
                           .row_begin = 0,
                           .row_end = table.rows,
                           .col_begin = 0,
                           .col_end = table.dim,
                           .rank = RankId{static_cast<std::int64_t>(t) % num_ranks}});
  }
  return plan;
}

void require_same_tables(const Workload& plan, const std::string& plan_file, const Workload& data,
                         const std::string& tables_file) {
  const auto refuse = [&](const std::string& table, const std::string& what) {
    throw InputError(
        fmt::format("The plan {} is for other tables than {}: table {} {}. Plan again with "
                    "`shardwright plan {} …`.",
                    plan_file, tables_file, table, what, tables_file));
  };
  for (const Table& table : plan.tables) {
    const Table* other = find_table(data, table.name);
    if (other == nullptr) refuse(table.name, "is in the plan alone");
    const std::string what = difference(table, *other);
    if (!what.empty()) refuse(table.name, what);
  }
  for (const Table& table : data.tables) {
    if (find_table(plan, table.name) == nullptr) refuse(table.name, "is in the data alone");
  }
}

}  // namespace shardwright
