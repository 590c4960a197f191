#include "planner/diff/replan.hpp"

#include "planner/check.hpp"
#include "planner/diff/offers.hpp"
#include "planner/diff/standing.hpp"
#include "planner/diff/take_over.hpp"
#include "planner/diff/worth.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/local/deadline.hpp"
#include "planner/search/unique_rows_search.hpp"
#include "planner/unique_rows_reason.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace shardwright {
namespace {

/// Where new tables are until they are settled.
Shard somewhere(const Workload& workload, TableId id, const Topology& topology) {
  const Table& table = workload.table(id);
  const auto rank = static_cast<std::int64_t>(id.index()) % topology.size();
  return {id, ShardingType::table_wise, 0, table.rows, 0, table.dim, RankId(rank)};
}

class Replanner {
 public:
  /// Starts from `plan`; has so many evaluations.
  Replanner(Plan& plan, const TakenOver& taken, std::int64_t ranks_before,
            const CostModel& cost_model, const ReplanOptions& options, const Deadline& deadline,
            std::int64_t work_limit)
      : plan_(plan),
        taken_(taken),
        cost_model_(cost_model),
        options_(options),
        ranks_before_(ranks_before),
        deadline_(deadline),
        work_limit_(work_limit),
        few_bytes_(few_bytes(plan.workload)),
        standing_(plan, taken.before, ranks_before, cost_model) {
    for (const auto& kept : taken.kept) fresh_.push_back(kept.empty());
  }

  SearchResult run() {
    settle();
    while (!stopped() && take_best(offers())) {
    }
    SearchResult result;
    result.record = {"from", 0, 0, evaluations_, stopped_by()};
    if (standing_.score().problems == 0 && within_bytes()) {
      finish(result);
    } else {
      give_up(result);
    }
    return result;
  }

 private:
  bool stopped() const {
    return evaluations_ >= work_limit_ || deadline_.interrupted() || deadline_.passed();
  }
  std::string stopped_by() const {
    if (deadline_.interrupted()) return "interrupt";
    return deadline_.passed() ? "time" : "work";
  }

  /// New tables, one after the other, each where the step is then cheapest.
  void settle() {
    for (const TableId table : costliest_fresh()) {
      if (stopped()) return;
      take_best(places_for(plan_, table, standing_.times(), options_.types));
      fresh_[table.index()] = false;
    }
  }

  std::vector<TableId> costliest_fresh() {
    std::vector<RankId> ranks;
    for (std::size_t i = 0; i < plan_.topology.ranks.size(); ++i) ranks.push_back(RankId::of(i));
    std::vector<std::pair<double, TableId>> order;
    for (std::size_t i = 0; i < fresh_.size(); ++i) {
      if (!fresh_[i]) continue;
      double sum = 0;
      for (const PhaseTimes& rank : standing_.changing().alone(TableId::of(i), ranks)) {
        sum += rank.total_ms();
      }
      order.emplace_back(sum, TableId::of(i));
    }
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<TableId> tables;
    tables.reserve(order.size());
    for (const auto& [ms, table] : order) tables.push_back(table);
    return tables;
  }

  std::vector<Replacement> offers() {
    const auto times = standing_.times();
    return offers_for(worth_a_look(standing_, times), standing_, taken_.kept, times,
                      options_.types);
  }

  double least_gain(const Replacement& offer) const {
    const bool free = offer.tables.size() == 1 && fresh_[offer.tables[0].first.index()];
    return free ? kAnyGain : kLeastGain;
  }

  /// Makes the best of these; false if none is worth it.
  bool take_best(std::vector<Replacement> offers) {
    Replacement* best = nullptr;
    double best_worth = 0;
    for (Replacement& offer : offers) {
      if (stopped()) break;
      ++evaluations_;
      standing_.weigh(offer);
      if (options_.max_moved && offer.moved > std::max(*options_.max_moved, standing_.moved())) {
        continue;
      }
      const double worth = worth_of(offer, standing_, least_gain(offer), few_bytes_);
      if (worth <= best_worth) continue;
      best = &offer;
      best_worth = worth;
    }
    if (best == nullptr) return false;
    for (const auto& [table, shards] : best->tables) fresh_[table.index()] = false;
    standing_.make(std::move(*best));
    return true;
  }

  bool within_bytes() const {
    return !options_.max_moved || standing_.moved() <= *options_.max_moved;
  }

  void finish(SearchResult& result) {
    for (std::size_t i = 0; i < taken_.before.size(); ++i) {
      const Bytes bytes = standing_.moved_of(TableId::of(i));
      plan_.reasons.push_back(taken_.before[i].empty() ? "new"
                              : bytes == Bytes(0)      ? "stays"
                                                  : fmt::format("{} move", format_bytes(bytes)));
    }
    say_unique_rows(plan_);
    rate_plan(plan_, cost_model_);
    result.plan = plan_;
  }

  std::string_view why_they_move() const {
    const std::int64_t now = plan_.topology.size();
    if (ranks_before_ > now) return "must move from ranks that are gone";
    if (ranks_before_ < now) {
      return "must be sent to ranks that are new, which hold every data_parallel table too";
    }
    return "must move for memory and constraints";
  }

  void give_up(SearchResult& result) const {
    auto problems = check_plan(plan_);
    if (problems.size() > 3) problems.resize(3);
    if (!within_bytes()) {
      problems.push_back(fmt::format("{} {}.", format_bytes(standing_.moved()), why_they_move()));
    }
    result.termination = Termination::no_plan_found;
    result.missing = standing_.score().missing;
    result.explanation = fmt::format(
        "From the earlier plan no legal one was reached{}, which does not prove that there is "
        "none. What is left: {} Give more --max-moved, or plan anew without --from.",
        options_.max_moved ? fmt::format(" by moving {}", format_bytes(*options_.max_moved)) : "",
        fmt::join(problems, " "));
  }

  Plan& plan_;
  const TakenOver& taken_;
  const CostModel& cost_model_;
  const ReplanOptions& options_;
  std::int64_t ranks_before_;
  const Deadline& deadline_;
  std::int64_t work_limit_;
  double few_bytes_;
  std::vector<bool> fresh_;  ///< not settled yet
  std::int64_t evaluations_ = 0;
  Standing standing_;
};

Plan start_of(const TakenOver& taken, const Workload& workload, const Topology& topology,
              const ReplanOptions& options) {
  Plan plan;
  plan.workload = workload;
  plan.topology = topology;
  plan.memory_model = options.memory_model;
  plan.objective = options.objective;
  for (std::size_t i = 0; i < taken.kept.size(); ++i) {
    const auto& kept = taken.kept[i];
    plan.shards.insert(plan.shards.end(), kept.begin(), kept.end());
    if (kept.empty()) plan.shards.push_back(somewhere(workload, TableId::of(i), topology));
  }
  return plan;
}

}  // namespace

SearchResult replan(const Plan& earlier, const Workload& workload, const Topology& topology,
                    const CostModel& cost_model, const ReplanOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const Deadline deadline(options.time_limit_seconds, options.interrupt);
  const TakenOver taken = take_over(earlier, workload, topology);
  const auto run = [&](const std::vector<TableId>& unique_rows, std::int64_t work_limit) {
    Plan plan = start_of(taken, workload, topology, options);
    plan.unique_rows = unique_rows;
    return Replanner(plan, taken, earlier.topology.size(), cost_model, options, deadline,
                     work_limit)
        .run();
  };
  const auto unique_rows = options.unique_rows ? std::vector<TableId>() : taken.unique_rows;
  SearchResult result = run(unique_rows, options.work_limit);
  if (!result.plan && !unique_rows.empty()) {
    SearchResult pooled = run({}, options.work_limit - result.record.evaluations);
    pooled.record.evaluations += result.record.evaluations;
    result = std::move(pooled);
  }
  if (options.unique_rows) {
    choose_unique_rows(result, cost_model, *options.unique_rows, &deadline.passed());
  }
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  result.record.seconds = spent.count();
  if (result.plan) result.plan->search = result.record;
  return result;
}

}  // namespace shardwright
