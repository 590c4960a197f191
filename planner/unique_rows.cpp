#include "planner/unique_rows.hpp"

#include "costmodel/device.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {

bool sends_unique_rows(const Plan& plan, TableId table) {
  return std::find(plan.unique_rows.begin(), plan.unique_rows.end(), table) !=
         plan.unique_rows.end();
}

void toggle_unique_rows(Plan& plan, TableId table) {
  auto& tables = plan.unique_rows;
  const auto place = std::lower_bound(tables.begin(), tables.end(), table);
  if (place != tables.end() && *place == table) {
    tables.erase(place);
  } else {
    tables.insert(place, table);
  }
}

std::string why_not_unique_rows(const Plan& plan, TableId table) {
  if (plan.workload.table(table).mode == PoolingMode::none) return "is not pooled";
  const bool replicated =
      std::any_of(plan.shards.begin(), plan.shards.end(),
                  [&](const Shard& shard) { return shard.table == table && !shard.rank; });
  return replicated ? "is data_parallel, so that every rank has its rows" : "";
}

bool has_unique_rows(const Table& table, const Topology& topology) {
  return table.mode != PoolingMode::none && on_cpus(topology);
}

bool can_send_rows(const Plan& plan, TableId table) {
  return has_unique_rows(plan.workload.table(table), plan.topology) &&
         why_not_unique_rows(plan, table).empty();
}

std::vector<TableId> tables_that_can_send_rows(const Plan& plan) {
  if (!on_cpus(plan.topology)) return {};
  std::vector<bool> may(plan.workload.tables.size());
  for (std::size_t t = 0; t < may.size(); ++t) {
    may[t] = plan.workload.tables[t].mode != PoolingMode::none;
  }
  for (const Shard& shard : plan.shards) {
    if (!shard.rank) may[shard.table.index()] = false;
  }
  std::vector<TableId> tables;
  for (std::size_t t = 0; t < may.size(); ++t) {
    if (may[t]) tables.push_back(TableId::of(t));
  }
  return tables;
}

std::vector<std::string> unique_rows_problems(const Plan& plan) {
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < plan.unique_rows.size(); ++i) {
    const TableId table = plan.unique_rows[i];
    if (table.index() >= plan.workload.tables.size()) {
      problems.push_back(
          fmt::format("unique_rows has a table {}, which does not exist.", table.index()));
      continue;
    }
    const std::string& name = plan.workload.table(table).name;
    if (i > 0 && !(plan.unique_rows[i - 1] < table)) {
      problems.push_back(fmt::format(
          "unique_rows must have each table once and in their order, unlike '{}'.", name));
    }
    const std::string why = why_not_unique_rows(plan, table);
    if (!why.empty()) {
      problems.push_back(fmt::format(
          "Table '{}' {}: it cannot be exchanged as distinct rows; leave it out of unique_rows.",
          name, why));
    }
  }
  return problems;
}

}  // namespace shardwright
