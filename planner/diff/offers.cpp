#include "planner/diff/offers.hpp"

#include "planner/explain/candidates.hpp"
#include "planner/explain/explain_plan.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr std::size_t kWorst = 8;    // tables looked at in a round
constexpr std::size_t kTrades = 6;   // partners tried for each of them
constexpr double kUrgentMs = 1e9;    // longer than any step
constexpr std::size_t kUrgent = 32;  // ill tables looked at in a round

Replacement placed(TableId table, std::vector<Shard> shards) {
  Replacement replacement;
  replacement.tables.emplace_back(table, std::move(shards));
  return replacement;
}

Replacement trade(const Shard& one, const Shard& other) {
  Replacement replacement = placed(one.table, {one});
  replacement.tables.emplace_back(other.table, std::vector{other});
  std::swap(replacement.tables[0].second[0].rank, replacement.tables[1].second[0].rank);
  return replacement;
}

bool is_whole_on(const std::vector<Shard>& shards, RankId rank) {
  return shards.size() == 1 && shards[0].rank == rank;
}

void add_trades(TableId table, const Standing& standing, const std::vector<RankId>& ranks,
                std::vector<Replacement>& offers) {
  const auto& own = standing.shards(table);
  if (own.size() != 1 || !own[0].rank) return;
  std::size_t tried = 0;
  for (const RankId rank : ranks) {
    if (rank == *own[0].rank) continue;
    for (std::size_t i = 0; i < standing.plan().workload.tables.size(); ++i) {
      const auto& other = standing.shards(TableId::of(i));
      if (!is_whole_on(other, rank)) continue;
      offers.push_back(trade(own[0], other[0]));
      if (++tried == kTrades) return;
    }
  }
}

}  // namespace

std::vector<Replacement> places_for(const Plan& plan, TableId table,
                                    const std::vector<PhaseTimes>& times,
                                    const std::vector<ShardingType>& types) {
  std::vector<Replacement> offers;
  for (auto& shards : candidates_for(plan, table, ranks_by_load(times), types)) {
    offers.push_back(placed(table, std::move(shards)));
  }
  return offers;
}

std::vector<TableId> worth_a_look(Standing& standing, const std::vector<PhaseTimes>& times) {
  const auto path = critical_path(times, standing.plan().objective);
  std::vector<std::pair<double, TableId>> order;
  for (std::size_t i = 0; i < standing.plan().workload.tables.size(); ++i) {
    const TableId table = TableId::of(i);
    const double urgency = standing.is_ill(table) ? kUrgentMs : 0;
    order.emplace_back(on_path(standing.changing(), path, table).total_ms() + urgency, table);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<TableId> tables;
  for (const auto& [ms, table] : order) {
    if (tables.size() < (ms >= kUrgentMs ? kUrgent : kWorst)) tables.push_back(table);
  }
  return tables;
}

std::vector<Replacement> offers_for(const std::vector<TableId>& tables, const Standing& standing,
                                    const Placements& kept, const std::vector<PhaseTimes>& times,
                                    const std::vector<ShardingType>& types) {
  const std::vector<RankId> ranks = ranks_by_load(times);
  std::vector<Replacement> offers;
  for (const TableId table : tables) {
    for (Replacement& place : places_for(standing.plan(), table, times, types)) {
      offers.push_back(std::move(place));
    }
    const auto& home = kept[table.index()];
    if (!home.empty() && home != standing.shards(table)) offers.push_back(placed(table, home));
    add_trades(table, standing, ranks, offers);
  }
  return offers;
}

}  // namespace shardwright
