#include "planner/search/fitting.hpp"

#include "planner/search/block_cuts.hpp"
#include "planner/search/least_memory.hpp"

#include <algorithm>
#include <utility>

namespace shardwright {

std::int64_t steps_of_fitting(const Problem& problem) {
  constexpr std::int64_t kMost = 20'000;
  constexpr std::int64_t kLeast = 2'000;
  constexpr std::int64_t kRanksLookedAt = 2'000'000;  // each step looks at all of them
  const auto ranks = static_cast<std::int64_t>(problem.room.size());
  return std::clamp(kRanksLookedAt / ranks, kLeast, kMost);
}

std::vector<TableId> tables_for_rows(const Problem& problem, bool even_rows) {
  const BlockCuts cuts(problem, even_rows);
  std::vector<std::pair<Bytes, TableId>> sizes;
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    const TableId id = TableId::of(i);
    if (!problem.companions.leads(id) || stays_whole(problem, id)) continue;
    const bool may = !cuts.of(id).empty() || cuts.may_replicate(id);
    if (!may || !may_keep_rows(problem.workload.tables[i], problem.rules[i])) continue;
    sizes.emplace_back(least_total(problem, id), id);
  }
  std::stable_sort(sizes.begin(), sizes.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<TableId> tables;
  tables.reserve(sizes.size());
  for (const auto& [bytes, id] : sizes) tables.push_back(id);
  return tables;
}

Packing find_fitting(const Problem& problem, PackingEffort effort) {
  Packing packing = pack_exactly(problem, effort);
  if (packing.shards || packing.impossible) return packing;
  const auto order = tables_for_rows(problem, effort.even_rows);
  for (std::size_t count = 1; !order.empty(); count *= 2) {
    const std::size_t now = std::min(count, order.size());
    effort.by_rows.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(now));
    packing = pack_exactly(problem, effort);
    const bool stopped = effort.stop != nullptr && *effort.stop;
    if (packing.shards || now == order.size() || stopped) break;
  }
  return packing;
}

}  // namespace shardwright
