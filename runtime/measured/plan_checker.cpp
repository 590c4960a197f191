#include "runtime/measured/plan_checker.hpp"

#include "costmodel/errors.hpp"
#include "planner/explain/explain_plan.hpp"
#include "planner/placement_words.hpp"
#include "planner/unique_rows_price.hpp"
#include "runtime/measured/measured_cost_model.hpp"
#include "runtime/measured/stragglers.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

constexpr std::size_t kMostTables = 3;  // whose other placements are priced
constexpr double kLeastShare = 0.01;    // of a step; less is noise, and not worth moving a table

std::unique_ptr<CostModel> cost_model_of(const Plan& plan) {
  try {
    if (!plan.cost_model.empty()) return make_cost_model(plan.cost_model);
  } catch (const Error&) {  // its file may have gone, or be another's
  }
  return make_cost_model("analytic");
}

/// The plan's own prices, as `predicted` may stem from a model that has gone.
std::vector<RankPrediction> prices_of(const Plan& plan, const CostModel& cost_model) {
  std::vector<RankPrediction> prices;
  for (const PhaseTimes& times : price_plan(plan, cost_model)) {
    prices.push_back({.memory = {}, .phases = times});
  }
  return prices;
}

/// Tables on GPUs cannot be data_parallel.
std::vector<ShardingType> types_for(const Plan& plan) {
  std::vector<ShardingType> types(kAllShardingTypes.begin(), kAllShardingTypes.end());
  if (plan.topology.ranks.front().device != "cpu") std::erase(types, ShardingType::data_parallel);
  return types;
}

double mean_ms(const std::vector<PhaseMs>& ranks, StepPhase phase) {
  double sum = 0;
  for (const PhaseMs& rank : ranks) sum += ms_of(rank, phase);
  return sum / static_cast<double>(ranks.size());
}

double own_work_ms(const PhaseMs& rank) {
  return ms_of(rank, StepPhase::lookup) + ms_of(rank, StepPhase::update);
}

}  // namespace

PlanChecker::PlanChecker(const Plan& plan, std::vector<std::string> hosts)
    : plan_(plan), hosts_(std::move(hosts)) {
  if (!plan.predicted.empty()) cost_model_ = cost_model_of(plan);
}

const TableShares& PlanChecker::shares() {
  if (!shares_) shares_.emplace(plan_, *cost_model_);
  return *shares_;
}

SlowRank PlanChecker::described(RankId rank, StepPhase phase, double measured_ms,
                                double expected_ms) {
  SlowRank slow{rank, hosts_[rank.index()], phase, measured_ms, expected_ms, "", 0};
  if (!cost_model_) return slow;
  if (const auto largest = shares().largest(rank, phase)) {
    slow.table = plan_.workload.table(largest->table).name;
    slow.table_share = largest->share;
  }
  return slow;
}

/// The rank with the most own work, and the phase in which it is furthest above the mean rank.
std::optional<SlowRank> PlanChecker::find_slowest(const std::vector<PhaseMs>& means) {
  if (plan_.predicted.empty()) return std::nullopt;
  const auto most = std::max_element(
      means.begin(), means.end(),
      [](const PhaseMs& a, const PhaseMs& b) { return own_work_ms(a) < own_work_ms(b); });
  const auto above = [&](StepPhase phase) { return ms_of(*most, phase) - mean_ms(means, phase); };
  const StepPhase phase =
      above(StepPhase::lookup) > above(StepPhase::update) ? StepPhase::lookup : StepPhase::update;
  return described(RankId::of(static_cast<std::size_t>(most - means.begin())), phase,
                   ms_of(*most, phase), mean_ms(means, phase));
}

PlanCheck PlanChecker::check(const std::vector<PhaseMs>& means, std::int64_t steps) {
  PlanCheck check;
  check.steps = steps;
  check.hosts = hosts_;
  check.predicted = plan_.predicted;
  check.measured = means;
  check.slowest = find_slowest(means);
  for (const Straggler& found : find_stragglers(plan_.predicted, means)) {
    check.stragglers.push_back(
        described(found.rank, found.phase, found.measured_ms, found.expected_ms));
  }
  return check;
}

PlanCheck PlanChecker::check_with_changes(const std::vector<PhaseMs>& means, std::int64_t steps) {
  PlanCheck result = check(means, steps);
  if (!cost_model_) return result;
  const MeasuredCostModel corrected(*cost_model_, prices_of(plan_, *cost_model_), means);
  ExplainOptions options;
  options.most_tables = kMostTables;
  options.types = types_for(plan_);
  options.by_time = true;
  const Explanation explanation = explain_plan(plan_, corrected, options);
  result.changes_tried = explanation.tried > 0;
  for (const Alternative& change : explanation.changes) {
    const double difference = change.cost_ms - explanation.cost_ms;
    const double share = difference / explanation.cost_ms;
    if (share > -kLeastShare) continue;
    result.changes.push_back({plan_.workload.table(change.table).name,
                              placement_words(change.shards), difference, share});
  }
  return result;
}

}  // namespace shardwright
