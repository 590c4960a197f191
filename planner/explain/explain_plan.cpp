#include "planner/explain/explain_plan.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/names.hpp"
#include "planner/explain/candidates.hpp"
#include "planner/placement_words.hpp"
#include "planner/unique_rows.hpp"
#include "planner/unique_rows_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace shardwright {
namespace {

constexpr Names<Binding, 4> kBindings = {{
    {Binding::memory, "memory"},
    {Binding::compute, "compute"},
    {Binding::communication, "communication"},
    {Binding::nothing, "nothing"},
}};
constexpr Names<Obstacle, 3> kObstacles = {{
    {Obstacle::none, "none"},
    {Obstacle::memory, "memory"},
    {Obstacle::rules, "rules"},
}};
constexpr double kNoise = 1e-9;  // relative; less is rounding
constexpr std::size_t kMostChanges = 3;

bool cheaper(double cost_ms, double than_ms) { return cost_ms < than_ms * (1 - kNoise); }

// All ranks, those with the shortest step without the table first.
std::vector<RankId> by_load(const std::vector<PhaseTimes>& times) {
  std::vector<RankId> ranks;
  for (std::size_t rank = 0; rank < times.size(); ++rank) ranks.push_back(RankId::of(rank));
  std::stable_sort(ranks.begin(), ranks.end(), [&](RankId a, RankId b) {
    return times[a.index()].total_ms() < times[b.index()].total_ms();
  });
  return ranks;
}

PathStep most_grown(const std::vector<PathStep>& before, const std::vector<PathStep>& after) {
  std::size_t most = 0;
  for (std::size_t i = 1; i < after.size(); ++i) {
    if (after[i].ms - before[i].ms > after[most].ms - before[most].ms) most = i;
  }
  return after[most];
}

Alternative weigh(const WhatIf& what_if, const std::vector<PathStep>& path, TableId table,
                  std::vector<Shard> shards) {
  Alternative alternative;
  alternative.table = table;
  const std::vector<Shard> all = what_if.with(table, shards);
  const auto times = what_if.price(all);
  alternative.cost_ms = what_if.cost_ms(times);
  alternative.slower = most_grown(path, critical_path(times, what_if.plan().objective));
  alternative.missing = what_if.missing(all);
  alternative.obstacle = what_if.judge(table, shards, alternative.missing);
  alternative.shards = std::move(shards);
  return alternative;
}

// A table whose rows are on every rank is not exchanged as distinct rows.
std::vector<ShardingType> types_for(const Plan& plan, TableId table,
                                    std::vector<ShardingType> types) {
  if (sends_unique_rows(plan, table)) std::erase(types, ShardingType::data_parallel);
  return types;
}

TableExplanation explain_table(const WhatIf& what_if, const std::vector<PathStep>& path,
                               TableId table, const ExplainOptions& options) {
  TableExplanation result;
  result.table = table;
  const OnPath own = on_path(what_if, path, table);
  result.path_ms = own.total_ms();
  const auto without = what_if.price(what_if.with(table, {}));
  result.saved_ms = std::max(0.0, what_if.cost_ms() - what_if.cost_ms(without));
  const auto types = types_for(what_if.plan(), table, options.types);
  for (auto& shards : candidates_for(what_if.plan(), table, by_load(without), types)) {
    result.alternatives.push_back(weigh(what_if, path, table, std::move(shards)));
  }
  std::stable_sort(
      result.alternatives.begin(), result.alternatives.end(),
      [](const Alternative& a, const Alternative& b) { return a.cost_ms < b.cost_ms; });
  const Alternative* refused = result.refused(what_if.cost_ms());
  if (refused != nullptr && refused->obstacle == Obstacle::memory) {
    result.binding = Binding::memory;
  } else if (result.path_ms > 0) {
    result.binding =
        own.compute_ms >= own.communication_ms ? Binding::compute : Binding::communication;
  }
  return result;
}

TableId find_table(const Plan& plan, const std::string& name) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < plan.workload.tables.size(); ++i) {
    if (plan.workload.tables[i].name == name) return TableId::of(i);
    names.push_back(plan.workload.tables[i].name);
  }
  const std::string guess = nearest(name, names);
  throw InputError(fmt::format("The plan has no table '{}'{} It has {} tables.", name,
                               guess.empty() ? "." : fmt::format("; did you mean '{}'?", guess),
                               names.size()));
}

std::vector<TableId> worst_tables(const WhatIf& what_if, const std::vector<PathStep>& path,
                                  const ExplainOptions& options) {
  if (options.table) return {find_table(what_if.plan(), *options.table)};
  std::vector<std::pair<double, TableId>> order;
  for (std::size_t i = 0; i < what_if.plan().workload.tables.size(); ++i) {
    const OnPath own = on_path(what_if, path, TableId::of(i));
    order.emplace_back(own.total_ms(), TableId::of(i));
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<TableId> worst;
  for (const auto& [ms, table] : order) {
    if (worst.size() < options.most_tables) worst.push_back(table);
  }
  return worst;
}

std::vector<Alternative> helpful_changes(const Explanation& explanation) {
  std::vector<Alternative> changes;
  for (const TableExplanation& table : explanation.tables) {
    const Alternative* best = table.next_best();
    if (best != nullptr && cheaper(best->cost_ms, explanation.cost_ms)) changes.push_back(*best);
  }
  std::stable_sort(changes.begin(), changes.end(), [](const Alternative& a, const Alternative& b) {
    return a.cost_ms < b.cost_ms;
  });
  if (changes.size() > kMostChanges) changes.resize(kMostChanges);
  return changes;
}

}  // namespace

OnPath on_path(const WhatIf& what_if, const std::vector<PathStep>& path, TableId table) {
  const auto own = what_if.price(shards_of(what_if.plan(), table));
  OnPath sum;
  for (const PathStep& step : path) {
    const double ms = own[step.rank.index()].*step.phase->ms;
    (step.phase->communication ? sum.communication_ms : sum.compute_ms) += ms;
  }
  return sum;
}

std::string_view to_string(Binding binding) { return name_of(binding, kBindings); }
std::string_view to_string(Obstacle obstacle) { return name_of(obstacle, kObstacles); }

const Alternative* TableExplanation::next_best() const {
  const auto found = std::find_if(alternatives.begin(), alternatives.end(), [](const auto& other) {
    return other.obstacle == Obstacle::none;
  });
  return found == alternatives.end() ? nullptr : &*found;
}

const Alternative* TableExplanation::refused(double cost_ms) const {
  const auto found = std::find_if(alternatives.begin(), alternatives.end(), [&](const auto& other) {
    return other.obstacle != Obstacle::none && cheaper(other.cost_ms, cost_ms);
  });
  return found == alternatives.end() ? nullptr : &*found;
}

Explanation explain_plan(const Plan& plan, const CostModel& cost_model,
                         const ExplainOptions& options) {
  const WhatIf what_if(plan, cost_model);
  Explanation result;
  result.times = what_if.times();
  result.cost_ms = what_if.cost_ms();
  result.path = critical_path(result.times, plan.objective);
  for (const TableId table : worst_tables(what_if, result.path, options)) {
    result.tables.push_back(explain_table(what_if, result.path, table, options));
    result.tables.back().other_exchange_ms = cost_of_other_exchange(plan, cost_model, table);
    result.tried += result.tables.back().alternatives.size();
  }
  result.changes = helpful_changes(result);
  return result;
}

}  // namespace shardwright
