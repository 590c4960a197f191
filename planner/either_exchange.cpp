#include "planner/either_exchange.hpp"

#include "planner/unique_rows.hpp"

namespace shardwright {
namespace {

Workload both_ways(const Plan& plan) {
  Plan all = plan;
  all.unique_rows.clear();
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    const TableId table = TableId::of(t);
    const bool sends_rows = sends_unique_rows(plan, table);
    if (sends_rows || can_send_rows(plan, table)) all.unique_rows.push_back(table);
  }
  if (all.unique_rows.empty()) return plan.workload;  // GPUs have no other way
  Workload both = plan.workload;
  const Workload exchanged = workload_as_exchanged(all);
  both.tables.insert(both.tables.end(), exchanged.tables.begin(), exchanged.tables.end());
  return both;
}

}  // namespace

EitherExchange::EitherExchange(const Plan& plan, const CostModel& cost_model)
    : topology_(plan.topology),
      workload_(both_ways(plan)),
      prices_(cost_model, workload_, plan.topology),
      shards_(plan.workload.tables.size()),
      sends_rows_(shards_.size()) {
  for (const TableId table : plan.unique_rows) sends_rows_[table.index()] = true;
  for (const Shard& shard : plan.shards) shards_[shard.table.index()].push_back(shard);
  for (std::size_t t = 0; t < shards_.size(); ++t) {
    prices_.add(shards_now(TableId::of(t)));
    pooling_.push_back(pooling_bytes(plan, TableId::of(t)));
  }
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
