#include "planner/either_exchange.hpp"

#include "planner/unique_rows.hpp"

#include <algorithm>
#include <iterator>

namespace shardwright {
namespace {

/// In their order.
std::vector<TableId> tables_that_send_rows_or_could(const Plan& plan) {
  const std::vector<TableId> could = tables_that_can_send_rows(plan);
  std::vector<TableId> tables;
  std::set_union(could.begin(), could.end(), plan.unique_rows.begin(), plan.unique_rows.end(),
                 std::back_inserter(tables));
  return tables;
}

Workload both_ways(const Plan& plan, const std::vector<TableId>& send_rows) {
  if (send_rows.empty()) return plan.workload;  // GPUs have no other way
  Plan all = plan;
  all.unique_rows = send_rows;
  Workload both = plan.workload;
  const Workload exchanged = workload_as_exchanged(all);
  both.tables.insert(both.tables.end(), exchanged.tables.begin(), exchanged.tables.end());
  return both;
}

}  // namespace

EitherExchange::EitherExchange(const Plan& plan, const CostModel& cost_model)
    : EitherExchange(plan, cost_model, tables_that_send_rows_or_could(plan)) {}

EitherExchange::EitherExchange(const Plan& plan, const CostModel& cost_model,
                               const std::vector<TableId>& send_rows)
    : topology_(plan.topology),
      workload_(both_ways(plan, send_rows)),
      prices_(cost_model, workload_, plan.topology),
      shards_(plan.workload.tables.size()),
      sends_rows_(shards_.size()),
      pooling_(shards_.size()) {
  for (const TableId table : plan.unique_rows) sends_rows_[table.index()] = true;
  for (const TableId table : send_rows) pooling_[table.index()] = pooling_bytes(plan, table);
  for (const Shard& shard : plan.shards) shards_[shard.table.index()].push_back(shard);
  for (std::size_t t = 0; t < shards_.size(); ++t) prices_.add(shards_now(TableId::of(t)));
}

std::vector<Shard> EitherExchange::shards_now(TableId table) const {
  std::vector<Shard> shards = shards_[table.index()];
  if (!sends_rows_[table.index()]) return shards;
  for (Shard& shard : shards) shard.table = TableId::of(shards_.size() + table.index());
  return shards;
}

void EitherExchange::toggle(TableId table) {
  prices_.remove(shards_now(table));
  sends_rows_[table.index()] = !sends_rows_[table.index()];
  prices_.add(shards_now(table));
}

std::vector<PhaseTimes> EitherExchange::times() const {
  std::vector<PhaseTimes> times = prices_.times();
  PoolingBytes bytes;
  for (std::size_t t = 0; t < shards_.size(); ++t) {
    if (sends_rows_[t]) bytes += pooling_[t];
  }
  add_pooling_work(bytes, topology_, times);
  return times;
}

}  // namespace shardwright
