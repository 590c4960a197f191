#include "planner/explain/explain_plan.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/names.hpp"
#include "planner/check.hpp"
#include "planner/explain/candidates.hpp"
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

bool is_less(double measure, double than) { return measure < than * (1 - kNoise); }

double measure_of(const ChangingPlan& changing, double cost_ms, bool by_memory) {
  return by_memory ? static_cast<double>(changing.fullest().value()) : cost_ms;
}

PathStep most_grown(const std::vector<PathStep>& before, const std::vector<PathStep>& after) {
  std::size_t most = 0;
  for (std::size_t i = 1; i < after.size(); ++i) {
    if (after[i].ms - before[i].ms > after[most].ms - before[most].ms) most = i;
  }
  return after[most];
}

Obstacle obstacle_of(const Plan& plan, const Alternative& alternative) {
  if (alternative.missing > Bytes(0)) return Obstacle::memory;
  const bool legal = check_placement(plan, alternative.table, alternative.shards).empty();
  return legal ? Obstacle::none : Obstacle::rules;
}

// The table stays where `shards` put it.
Alternative weigh(ChangingPlan& changing, const Explanation& plan, TableId table,
                  const std::vector<Shard>& shards) {
  Alternative alternative;
  alternative.table = table;
  alternative.shards = shards;
  changing.place(table, shards);
  const auto times = changing.times();
  alternative.cost_ms = changing.cost_ms(times);
  alternative.slower = most_grown(plan.path, critical_path(times, changing.plan().objective));
  alternative.fullest = changing.fullest();
  alternative.measure = measure_of(changing, alternative.cost_ms, plan.by_memory);
  alternative.missing = changing.most_missing();
  alternative.obstacle = obstacle_of(changing.plan(), alternative);
  return alternative;
}

Binding binding_of(const TableExplanation& table, const OnPath& own, const Explanation& plan) {
  if (plan.by_memory) {
    return table.on_fullest > Bytes(0) ? Binding::memory : Binding::nothing;
  }
  const Alternative* refused = table.refused(plan.measure);
  if (refused != nullptr && refused->obstacle == Obstacle::memory) return Binding::memory;
  if (own.total_ms() <= 0) return Binding::nothing;
  return own.compute_ms >= own.communication_ms ? Binding::compute : Binding::communication;
}

// The least busy first, or those with least in use; `changing` is without the table.
std::vector<RankId> preferred_ranks(const ChangingPlan& changing,
                                    const std::vector<PhaseTimes>& times, bool by_memory) {
  std::vector<RankId> ranks = ranks_by_load(times);
  if (by_memory) {
    std::stable_sort(ranks.begin(), ranks.end(),
                     [&](RankId a, RankId b) { return changing.memory(a) < changing.memory(b); });
  }
  return ranks;
}

// `changing` is the plan before and after.
TableExplanation explain_table(ChangingPlan& changing, const Explanation& plan, TableId table,
                               const ExplainOptions& options) {
  TableExplanation result;
  result.table = table;
  const OnPath own = on_path(changing, plan.path, table);
  result.path_ms = own.total_ms();
  const std::vector<Shard> now = changing.shards(table);
  const Bytes fullest = changing.memory(plan.fullest);
  changing.place(table, {});
  const auto without = changing.times();
  result.saved_ms = std::max(0.0, plan.cost_ms - changing.cost_ms(without));
  result.on_fullest = fullest - changing.memory(plan.fullest);
  const auto ranks = preferred_ranks(changing, without, plan.by_memory);
  for (const auto& shards : candidates_for(changing.plan(), table, ranks, options.types)) {
    result.alternatives.push_back(weigh(changing, plan, table, shards));
  }
  changing.place(table, now);
  std::stable_sort(
      result.alternatives.begin(), result.alternatives.end(),
      [](const Alternative& a, const Alternative& b) { return a.measure < b.measure; });
  result.binding = binding_of(result, own, plan);
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

RankId fullest_rank(const ChangingPlan& changing) {
  RankId fullest(0);
  for (std::int64_t rank = 1; rank < changing.plan().topology.size(); ++rank) {
    if (changing.memory(fullest) < changing.memory(RankId(rank))) fullest = RankId(rank);
  }
  return fullest;
}

double on_fullest(ChangingPlan& changing, RankId fullest, TableId table) {
  const std::vector<Shard> now = changing.shards(table);
  const Bytes with = changing.memory(fullest);
  changing.place(table, {});
  const Bytes own = with - changing.memory(fullest);
  changing.place(table, now);
  return static_cast<double>(own.value());
}

std::vector<TableId> worst_tables(ChangingPlan& changing, const Explanation& plan,
                                  const ExplainOptions& options) {
  if (options.table) return {find_table(changing.plan(), *options.table)};
  std::vector<std::pair<double, TableId>> order;
  for (std::size_t i = 0; i < changing.plan().workload.tables.size(); ++i) {
    const TableId table = TableId::of(i);
    const double weight = plan.by_memory ? on_fullest(changing, plan.fullest, table)
                                         : on_path(changing, plan.path, table).total_ms();
    order.emplace_back(weight, table);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<TableId> worst;
  for (const auto& [weight, table] : order) {
    if (worst.size() < options.most_tables) worst.push_back(table);
  }
  return worst;
}

std::vector<Alternative> helpful_changes(const Explanation& explanation) {
  std::vector<Alternative> changes;
  for (const TableExplanation& table : explanation.tables) {
    const Alternative* best = table.next_best();
    if (best != nullptr && is_less(best->measure, explanation.measure)) changes.push_back(*best);
  }
  std::stable_sort(changes.begin(), changes.end(), [](const Alternative& a, const Alternative& b) {
    return a.measure < b.measure;
  });
  if (changes.size() > kMostChanges) changes.resize(kMostChanges);
  return changes;
}

}  // namespace

OnPath on_path(ChangingPlan& plan, const std::vector<PathStep>& path, TableId table) {
  std::vector<RankId> ranks;
  ranks.reserve(path.size());
  for (const PathStep& step : path) ranks.push_back(step.rank);
  const auto own = plan.alone(table, ranks);
  OnPath sum;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Phase& phase = *path[i].phase;
    (phase.communication ? sum.communication_ms : sum.compute_ms) += own[i].*phase.ms;
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

const Alternative* TableExplanation::refused(double measure) const {
  const auto found = std::find_if(alternatives.begin(), alternatives.end(), [&](const auto& other) {
    return other.obstacle != Obstacle::none && is_less(other.measure, measure);
  });
  return found == alternatives.end() ? nullptr : &*found;
}

Explanation explain_plan(const Plan& plan, const CostModel& cost_model,
                         const ExplainOptions& options) {
  ChangingPlan changing(plan, cost_model);
  EitherExchange exchange(plan, cost_model);
  Explanation result;
  result.times = changing.times();
  result.cost_ms = changing.cost_ms(result.times);
  result.by_memory = plan.objective == Objective::memory && !options.by_time;
  result.measure = measure_of(changing, result.cost_ms, result.by_memory);
  result.fullest = fullest_rank(changing);
  result.path = critical_path(result.times, plan.objective);
  for (const TableId table : worst_tables(changing, result, options)) {
    result.tables.push_back(explain_table(changing, result, table, options));
    result.tables.back().other_exchange_ms = cost_of_other_exchange(plan, exchange, table);
    result.tried += result.tables.back().alternatives.size();
  }
  result.changes = helpful_changes(result);
  return result;
}

}  // namespace shardwright
