#include "planner/diff/plan_diff.hpp"

#include "costmodel/names.hpp"
#include "planner/diff/transfers.hpp"
#include "planner/placement_words.hpp"
#include "planner/unique_rows.hpp"

#include <algorithm>
#include <map>

namespace shardwright {
namespace {

constexpr Names<TableChange, 7> kChanges = {{
    {TableChange::same, "same"},
    {TableChange::exchanged, "exchanged"},
    {TableChange::moved, "moved"},
    {TableChange::cut, "cut"},
    {TableChange::retyped, "retyped"},
    {TableChange::added, "added"},
    {TableChange::removed, "removed"},
}};

std::map<std::string, TableId> ids_by_name(const Plan& plan) {
  std::map<std::string, TableId> ids;
  for (std::size_t i = 0; i < plan.workload.tables.size(); ++i) {
    ids.emplace(plan.workload.tables[i].name, TableId::of(i));
  }
  return ids;
}

bool same_cuts(const std::vector<Shard>& a, const std::vector<Shard>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Shard& x, const Shard& y) {
    return x.row_begin == y.row_begin && x.row_end == y.row_end && x.col_begin == y.col_begin &&
           x.col_end == y.col_end;
  });
}

bool same_ranks(const std::vector<Shard>& a, const std::vector<Shard>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Shard& x, const Shard& y) { return x.rank == y.rank; });
}

std::string words_of(const Plan& plan, TableId table, const std::vector<Shard>& shards) {
  return placement_words(shards) + (sends_unique_rows(plan, table) ? ", unique rows" : "");
}

TableChange change_between(const std::vector<Shard>& a, const std::vector<Shard>& b) {
  if (a.front().type != b.front().type) return TableChange::retyped;
  if (!same_cuts(a, b)) return TableChange::cut;
  return same_ranks(a, b) ? TableChange::same : TableChange::moved;
}

void add_transfers(const TableTransfers& table, PlanDiff& diff) {
  for (const Transfer& transfer : table.transfers) {
    diff.ranks[transfer.from.index()].sent += transfer.bytes;
    diff.ranks[transfer.to.index()].received += transfer.bytes;
  }
  for (std::size_t rank = 0; rank < table.fresh.size(); ++rank) {
    diff.ranks[rank].fresh += table.fresh[rank];
    diff.fresh += table.fresh[rank];
  }
  diff.moved += table.moved();
}

void add_table(const Plan& before, const Plan& after, TableId id, const TableId* old_id,
               PlanDiff& diff) {
  const Table& table = after.workload.table(id);
  const auto now = shards_of(after, id);
  const auto old = old_id != nullptr ? shards_of(before, *old_id) : std::vector<Shard>();
  const TableTransfers transfers =
      transfers_of(table, old, before.topology.size(), now, after.topology.size());
  add_transfers(transfers, diff);
  TableDiff row{table.name, TableChange::added, "", words_of(after, id, now), transfers.moved()};
  if (old_id != nullptr) {
    row.change = change_between(old, now);
    row.before = words_of(before, *old_id, old);
    const bool other_exchange = sends_unique_rows(before, *old_id) != sends_unique_rows(after, id);
    if (row.change == TableChange::same && other_exchange) row.change = TableChange::exchanged;
  }
  if (row.change == TableChange::same) {
    ++diff.same;
  } else {
    diff.tables.push_back(std::move(row));
  }
}

void add_memory(const Plan& before, const Plan& after, PlanDiff& diff) {
  for (std::size_t rank = 0; rank < before.predicted.size(); ++rank) {
    diff.ranks[rank].memory_before = before.predicted[rank].memory;
  }
  for (std::size_t rank = 0; rank < after.predicted.size(); ++rank) {
    diff.ranks[rank].memory_after = after.predicted[rank].memory;
  }
}

}  // namespace

std::string_view to_string(TableChange change) { return name_of(change, kChanges); }

PlanDiff diff_plans(const Plan& before, const Plan& after) {
  PlanDiff diff;
  diff.cost_before_ms = before.cost_ms;
  diff.cost_after_ms = after.cost_ms;
  diff.ranks.resize(std::max(before.topology.ranks.size(), after.topology.ranks.size()));
  add_memory(before, after, diff);
  auto old_ids = ids_by_name(before);
  for (std::size_t i = 0; i < after.workload.tables.size(); ++i) {
    const auto old = old_ids.find(after.workload.tables[i].name);
    add_table(before, after, TableId::of(i), old == old_ids.end() ? nullptr : &old->second, diff);
    if (old != old_ids.end()) old_ids.erase(old);
  }
  for (const auto& [name, id] : old_ids) {
    diff.tables.push_back(
        {name, TableChange::removed, words_of(before, id, shards_of(before, id)), "", Bytes(0)});
  }
  std::stable_sort(diff.tables.begin(), diff.tables.end(),
                   [](const TableDiff& a, const TableDiff& b) { return a.moved > b.moved; });
  return diff;
}

}  // namespace shardwright
