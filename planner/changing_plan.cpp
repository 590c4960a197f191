#include "planner/changing_plan.hpp"

#include "planner/unique_rows.hpp"

#include <algorithm>
#include <utility>

namespace shardwright {

ChangingPlan::ChangingPlan(const Plan& plan, const CostModel& cost_model)
    : plan_(plan),
      workload_(workload_as_exchanged(plan)),
      prices_(cost_model, workload_, plan.topology),
      memory_model_(plan),
      shards_(plan.workload.tables.size()),
      pooling_(shards_.size()),
      memory_(plan.topology.ranks.size(), memory_model_.batch().total().value()) {
  for (const TableId table : plan.unique_rows) {
    pooling_[table.index()] = pooling_bytes(plan, table);
  }
  for (const Shard& shard : plan.shards) shards_[shard.table.index()].push_back(shard);
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    prices_.add(shards_[i]);
    count(TableId::of(i), 1);
  }
}

std::vector<Shard> ChangingPlan::all_shards() const {
  std::vector<Shard> all;
  for (const auto& table : shards_) all.insert(all.end(), table.begin(), table.end());
  return all;
}

void ChangingPlan::place(TableId table, std::vector<Shard> shards) {
  auto& own = shards_[table.index()];
  prices_.remove(own);
  count(table, -1);
  own = std::move(shards);
  prices_.add(own);
  count(table, 1);
}

void ChangingPlan::count(TableId table, int sign) {
  for (const Shard& shard : shards_[table.index()]) {
    const WideBytes bytes = sign * WideBytes{memory_model_.of(shard).total().value()};
    if (shard.rank) {
      memory_[shard.rank->index()] += bytes;
      continue;
    }
    for (WideBytes& rank : memory_) rank += bytes;
  }
}

std::vector<PhaseTimes> ChangingPlan::times() const {
  std::vector<PhaseTimes> times = prices_.times();
  PoolingBytes bytes;
  for (const TableId table : plan_.unique_rows) {
    if (!shards(table).empty()) bytes += pooling_[table.index()];
  }
  if (!plan_.unique_rows.empty()) add_pooling_work(bytes, plan_.topology, times);
  return times;
}

double ChangingPlan::cost_ms(std::span<const PhaseTimes> times) const {
  return step_cost_ms(times,
                      plan_.objective == Objective::memory ? Objective::step : plan_.objective);
}

std::vector<PhaseTimes> ChangingPlan::alone(TableId table, std::span<const RankId> ranks) {
  std::vector<PhaseTimes> times = prices_.alone(shards(table), ranks);
  if (!sends_unique_rows(plan_, table) || shards(table).empty()) return times;
  for (std::size_t i = 0; i < times.size(); ++i) {
    add_pooling_work(pooling_[table.index()], plan_.topology.rank(ranks[i]), times[i]);
  }
  return times;
}

Bytes ChangingPlan::memory(RankId rank) const {
  constexpr WideBytes kMost = std::int64_t{1} << 61;  // as saturated_sum() has it
  return Bytes(static_cast<std::int64_t>(std::min(memory_[rank.index()], kMost)));
}

Bytes ChangingPlan::fullest() const {
  Bytes most;
  for (std::size_t i = 0; i < memory_.size(); ++i) most = std::max(most, memory(RankId::of(i)));
  return most;
}

Bytes ChangingPlan::missing(RankId rank) const {
  return std::max(memory(rank) - plan_.topology.rank(rank).usable(), Bytes(0));
}

Bytes ChangingPlan::most_missing() const {
  Bytes most;
  for (std::size_t i = 0; i < memory_.size(); ++i) most = std::max(most, missing(RankId::of(i)));
  return most;
}

}  // namespace shardwright
