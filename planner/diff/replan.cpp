#include "planner/diff/replan.hpp"

#include "costmodel/repeated_prices.hpp"
#include "planner/check.hpp"
#include "planner/diff/transfers.hpp"
#include "planner/explain/candidates.hpp"
#include "planner/explain/explain_plan.hpp"
#include "planner/memory_model.hpp"
#include "planner/placement_words.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/local/deadline.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>

namespace shardwright {
namespace {

constexpr double kLeastGain = 2e-3;  // relative to the cost; less is not worth a move
constexpr std::size_t kWorst = 8;    // tables looked at in a round
constexpr std::size_t kTrades = 6;   // partners tried for each of them

// Better is less: first what is illegal, then what it costs.
struct Score {
  std::size_t problems = 0;
  Bytes missing;
  double cost_ms = 0;
  auto operator<=>(const Score&) const = default;
};

// New placements of one table, or of two that trade places.
struct Change {
  std::vector<std::pair<TableId, std::vector<Shard>>> tables;
  Score score;
  Bytes moved;  // of the whole plan after it
};

class Replanner {
 public:
  Replanner(const Plan& earlier, const Workload& workload, const Topology& topology,
            const CostModel& cost_model, const ReplanOptions& options)
      : earlier_(earlier),
        cost_model_(cost_model),
        options_(options),
        deadline_(options.time_limit_seconds, options.interrupt) {
    plan_.workload = workload;
    plan_.topology = topology;
    plan_.memory_model = options.memory_model;
    plan_.objective = options.objective;
    prices_.emplace(cost_model, plan_.workload, plan_.topology);
    take_over();
  }

  SearchResult run() {
    const auto start = std::chrono::steady_clock::now();
    ++evaluations_;
    judge();
    moved_ = moved(placement_);
    settle();
    while (!stopped() && take_best(changes(worth_a_look()))) {
    }
    SearchResult result;
    result.record = {"from", 0, 0, evaluations_, stopped_by()};
    if (score_.problems == 0 && within_bytes()) {
      finish(result);
    } else {
      give_up(result);
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    result.record.seconds = spent.count();
    if (result.plan) result.plan->search = result.record;
    return result;
  }

 private:
  using Placements = std::vector<std::vector<Shard>>;  // per table

  // Tables keep their shards where those still exist; rows that were added go to the last shard.
  void take_over() {
    std::map<std::string, TableId> ids;
    for (std::size_t i = 0; i < earlier_.workload.tables.size(); ++i) {
      ids.emplace(earlier_.workload.tables[i].name, TableId::of(i));
    }
    for (std::size_t i = 0; i < plan_.workload.tables.size(); ++i) {
      const auto found = ids.find(plan_.workload.tables[i].name);
      before_.push_back(found == ids.end() ? std::vector<Shard>()
                                           : shards_of(earlier_, found->second));
      const bool fits = found != ids.end() &&
                        earlier_.workload.table(found->second).dim == plan_.workload.tables[i].dim;
      placement_.push_back(fits ? kept(TableId::of(i)) : std::vector<Shard>());
      fresh_.push_back(placement_.back().empty());
      if (fresh_.back()) placement_.back() = {somewhere(TableId::of(i))};
    }
  }

  // The earlier shards with the rows the table has now; nothing if a rank or a shard is gone.
  std::vector<Shard> kept(TableId table) const {
    const std::int64_t rows = plan_.workload.table(table).rows;
    std::vector<Shard> shards = before_[table.index()];
    std::int64_t last = 0;
    for (const Shard& shard : shards) last = std::max(last, shard.row_end);
    for (Shard& shard : shards) {
      shard.table = table;
      if (shard.row_end == last) shard.row_end = rows;
      if (shard.row_begin >= shard.row_end || shard.row_end > rows) return {};
      if (shard.rank && shard.rank->value() >= plan_.topology.size()) return {};
    }
    return shards;
  }

  Shard somewhere(TableId id) const {
    const Table& table = plan_.workload.table(id);
    const auto rank = static_cast<std::int64_t>(id.index()) % plan_.topology.size();
    return {id, ShardingType::table_wise, 0, table.rows, 0, table.dim, RankId(rank)};
  }

  static std::vector<Shard> all(const Placements& placement) {
    std::vector<Shard> shards;
    for (const auto& table : placement) shards.insert(shards.end(), table.begin(), table.end());
    return shards;
  }

  Bytes moved(const Placements& placement) const {
    Bytes sum;
    for (std::size_t i = 0; i < placement.size(); ++i) sum += moved(i, placement[i]);
    return sum;
  }
  Bytes moved(std::size_t table, const std::vector<Shard>& shards) const {
    return transfers_of(plan_.workload.tables[table], before_[table], earlier_.topology.size(),
                        shards, plan_.topology.size())
        .moved();
  }

  // What plan_ costs and breaks; `rules` problems of it, all but memory, are known already.
  Score score_with(std::size_t rules) const {
    Score score;
    score.problems = rules;
    score.cost_ms =
        step_cost_ms(prices_->of(plan_.shards),
                     plan_.objective == Objective::memory ? Objective::step : plan_.objective);
    const auto memory =
        memory_of_ranks(plan_.memory_model, plan_.workload, plan_.topology, plan_.shards);
    Bytes fullest;
    for (std::size_t rank = 0; rank < memory.size(); ++rank) {
      const Bytes over = memory[rank].total() - plan_.topology.ranks[rank].usable();
      if (over > Bytes(0)) ++score.problems;
      score.missing += std::max(over, Bytes(0));
      fullest = std::max(fullest, memory[rank].total());
    }
    if (plan_.objective == Objective::memory) {
      score.cost_ms = static_cast<double>(fullest.value());
    }
    return score;
  }

  // Counts the problems of the whole plan, by which changes are then judged.
  void judge() {
    plan_.shards = all(placement_);
    score_ = score_with(0);
    rules_ = check_plan(plan_).size() - score_.problems;
    score_.problems += rules_;
    problems_of_.clear();
    for (std::size_t i = 0; i < placement_.size(); ++i) {
      problems_of_.push_back(std::ssize(check_placement(plan_, TableId::of(i), placement_[i])));
    }
  }

  // Of the plan after a change, which plan_ has already: those of other tables stay. Two tables
  // that must not share a rank count twice.
  std::size_t rules_after(const Change& change) const {
    auto count = static_cast<std::int64_t>(rules_);
    for (const auto& [table, shards] : change.tables) {
      count += std::ssize(check_placement(plan_, table, shards)) - problems_of_[table.index()];
    }
    return static_cast<std::size_t>(std::max<std::int64_t>(count, 0));
  }

  bool out_of_time() const { return deadline_.interrupted() || deadline_.passed(); }
  bool stopped() const { return evaluations_ >= options_.work_limit || out_of_time(); }
  std::string stopped_by() const {
    if (deadline_.interrupted()) return "interrupt";
    return deadline_.passed() ? "time" : "work";
  }

  // Tables that are not settled, one after the other, each where the step is then cheapest.
  void settle() {
    for (const TableId table : costliest_fresh()) {
      if (stopped()) return;
      plan_.shards = all(placement_);
      times_ = prices_->of(plan_.shards);
      std::vector<Change> places;
      add_places(table, ranks_by_load(), places);
      take_best(std::move(places));
      fresh_[table.index()] = false;
    }
  }

  std::vector<TableId> costliest_fresh() const {
    std::vector<std::pair<double, TableId>> order;
    for (std::size_t i = 0; i < placement_.size(); ++i) {
      if (!fresh_[i]) continue;
      double sum = 0;
      for (const PhaseTimes& rank : prices_->of(placement_[i])) sum += rank.total_ms();
      order.emplace_back(sum, TableId::of(i));
    }
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<TableId> tables;
    tables.reserve(order.size());
    for (const auto& [ms, table] : order) tables.push_back(table);
    return tables;
  }

  // Makes the best of these changes; false if none is worth it.
  bool take_best(std::vector<Change> offered) {
    std::optional<Change> best;
    double best_worth = 0;
    for (Change& change : offered) {
      if (stopped()) break;
      weigh(change);
      if (options_.max_moved && change.moved > std::max(*options_.max_moved, moved_)) continue;
      const double worth = worth_of(change);
      if (worth <= 0 || (best && worth <= best_worth)) continue;
      best = std::move(change);
      best_worth = worth;
    }
    if (!best) return false;
    for (auto& [table, shards] : best->tables) {
      placement_[table.index()] = std::move(shards);
      fresh_[table.index()] = false;
    }
    moved_ = best->moved;
    judge();
    return true;
  }

  void weigh(Change& change) {
    Placements changed = placement_;
    change.moved = moved_;
    for (const auto& [table, shards] : change.tables) {
      change.moved -= moved(table.index(), changed[table.index()]);
      change.moved += moved(table.index(), shards);
      changed[table.index()] = shards;
    }
    ++evaluations_;
    plan_.shards = all(changed);
    change.score = score_with(rules_after(change));
  }

  // 0 if the change is not to be made. What mends a plan counts above all; then gain per byte.
  double worth_of(const Change& change) const {
    const auto illness = [](const Score& score) { return std::tie(score.problems, score.missing); };
    const double gain = (score_.cost_ms - change.score.cost_ms) / score_.cost_ms;
    const double bytes = static_cast<double>(std::max(change.moved - moved_, Bytes()).value());
    const double per_byte = 1 / (1 + bytes / least_bytes());
    if (illness(change.score) < illness(score_)) {
      const double mended = static_cast<double>(score_.problems - change.score.problems) +
                            static_cast<double>((score_.missing - change.score.missing).value()) /
                                static_cast<double>(score_.missing.value() + 1);
      return 1e6 * (1 + mended + gain / 10) * per_byte;
    }
    if (illness(change.score) > illness(score_)) return 0;
    const bool free = change.tables.size() == 1 && fresh_[change.tables[0].first.index()];
    if (gain < (free ? 1e-9 : kLeastGain)) return 0;
    return gain * per_byte;
  }

  double least_bytes() const {
    Bytes all;
    for (const Table& table : plan_.workload.tables) {
      all = saturated_sum(all, weight_bytes(table, table.rows, table.dim));
    }
    return 1e-3 * static_cast<double>(all.value()) + 1;
  }

  // Tables that the step waits for, and before them those that are not legal or on overfull ranks.
  std::vector<TableId> worth_a_look() {
    plan_.shards = all(placement_);
    const std::vector<bool> overfull = overfull_ranks();
    const WhatIf what_if(plan_, cost_model_);
    times_ = what_if.times();
    const auto path = critical_path(times_, plan_.objective);
    std::vector<std::pair<double, TableId>> order;
    for (std::size_t i = 0; i < placement_.size(); ++i) {
      double weight = on_path(what_if, path, TableId::of(i)).total_ms();
      if (problems_of_[i] > 0 || is_on(placement_[i], overfull)) weight += 1e9;
      order.emplace_back(weight, TableId::of(i));
    }
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<TableId> tables;
    for (const auto& [weight, table] : order) {
      const bool urgent = weight >= 1e9;
      if (tables.size() < kWorst || (urgent && tables.size() < 4 * kWorst)) tables.push_back(table);
    }
    return tables;
  }

  std::vector<bool> overfull_ranks() const {
    const auto memory =
        memory_of_ranks(plan_.memory_model, plan_.workload, plan_.topology, plan_.shards);
    std::vector<bool> overfull;
    for (std::size_t rank = 0; rank < memory.size(); ++rank) {
      overfull.push_back(memory[rank].total() > plan_.topology.ranks[rank].usable());
    }
    return overfull;
  }

  static bool is_on(const std::vector<Shard>& shards, const std::vector<bool>& ranks) {
    return std::any_of(shards.begin(), shards.end(), [&](const Shard& shard) {
      return shard.rank && ranks[shard.rank->index()];
    });
  }

  std::vector<RankId> ranks_by_load() const {
    std::vector<RankId> ranks;
    for (std::size_t rank = 0; rank < times_.size(); ++rank) ranks.push_back(RankId::of(rank));
    std::stable_sort(ranks.begin(), ranks.end(), [&](RankId a, RankId b) {
      return times_[a.index()].total_ms() < times_[b.index()].total_ms();
    });
    return ranks;
  }

  void add_places(TableId table, const std::vector<RankId>& ranks,
                  std::vector<Change>& result) const {
    for (auto& shards : candidates_for(plan_, table, ranks, options_.types)) {
      result.push_back({{{table, std::move(shards)}}, {}, {}});
    }
  }

  std::vector<Change> changes(const std::vector<TableId>& tables) const {
    const std::vector<RankId> ranks = ranks_by_load();
    std::vector<Change> result;
    for (const TableId table : tables) {
      add_places(table, ranks, result);
      if (!before_[table.index()].empty()) add_return(table, result);
      add_trades(table, ranks, result);
    }
    return result;
  }

  void add_return(TableId table, std::vector<Change>& result) const {
    auto shards = kept(table);
    if (!shards.empty() && shards != placement_[table.index()]) {
      result.push_back({{{table, std::move(shards)}}, {}, {}});
    }
  }

  // Two whole tables of different ranks trade places; partners are those of the least busy ranks.
  void add_trades(TableId table, const std::vector<RankId>& ranks,
                  std::vector<Change>& result) const {
    const auto& own = placement_[table.index()];
    if (own.size() != 1 || !own[0].rank) return;
    std::size_t tried = 0;
    for (const RankId rank : ranks) {
      if (rank == *own[0].rank) continue;
      for (std::size_t i = 0; i < placement_.size() && tried < kTrades; ++i) {
        const auto& other = placement_[i];
        if (other.size() != 1 || other[0].rank != rank) continue;
        std::vector<Shard> there = own;
        std::vector<Shard> here = other;
        there[0].rank = rank;
        here[0].rank = own[0].rank;
        result.push_back({{{table, there}, {TableId::of(i), here}}, {}, {}});
        ++tried;
      }
    }
  }

  bool within_bytes() const { return !options_.max_moved || moved_ <= *options_.max_moved; }

  void finish(SearchResult& result) {
    plan_.shards = all(placement_);
    for (std::size_t i = 0; i < placement_.size(); ++i) {
      const Bytes bytes = moved(i, placement_[i]);
      plan_.reasons.push_back(before_[i].empty()  ? "new"
                              : bytes == Bytes(0) ? "stays"
                                                  : fmt::format("{} move", format_bytes(bytes)));
    }
    rate_plan(plan_, cost_model_);
    result.plan = std::move(plan_);
  }

  void give_up(SearchResult& result) {
    plan_.shards = all(placement_);
    auto problems = check_plan(plan_);
    if (problems.size() > 3) problems.resize(3);
    if (!within_bytes()) {
      problems.push_back(
          fmt::format("{} must move from ranks that are gone.", format_bytes(moved_)));
    }
    result.termination = Termination::no_plan_found;
    result.missing = score_.missing;
    result.explanation = fmt::format(
        "From the earlier plan no legal one was reached{}, which does not prove that there is "
        "none. What is left: {} Give more --max-moved, or plan anew without --from.",
        options_.max_moved ? fmt::format(" by moving {}", format_bytes(*options_.max_moved)) : "",
        fmt::join(problems, " "));
  }

  const Plan& earlier_;
  const CostModel& cost_model_;
  const ReplanOptions& options_;
  Deadline deadline_;
  Plan plan_;
  std::optional<RepeatedPrices> prices_;  // of plan_'s tables and ranks
  Placements before_;                     // per table; empty if it is new
  Placements placement_;
  std::vector<bool> fresh_;  // not settled yet
  Score score_;
  std::size_t rules_ = 0;                  // problems of all tables, memory aside
  std::vector<std::int64_t> problems_of_;  // of each, by check_placement()
  Bytes moved_;
  std::vector<PhaseTimes> times_;
  std::int64_t evaluations_ = 0;
};

}  // namespace

SearchResult replan(const Plan& earlier, const Workload& workload, const Topology& topology,
                    const CostModel& cost_model, const ReplanOptions& options) {
  return Replanner(earlier, workload, topology, cost_model, options).run();
}

}  // namespace shardwright
