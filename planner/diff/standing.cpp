#include "planner/diff/standing.hpp"

#include "planner/check.hpp"
#include "planner/diff/transfers.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace shardwright {
namespace {

struct OfTable {
  bool operator()(const Shard& shard, TableId table) const { return shard.table < table; }
  bool operator()(TableId table, const Shard& shard) const { return table < shard.table; }
};

/// In a plan's shards, which are in the order of tables.
void replace_shards(std::vector<Shard>& all, TableId table, const std::vector<Shard>& shards) {
  const auto [begin, end] = std::equal_range(all.begin(), all.end(), table, OfTable());
  const auto place = all.erase(begin, end);
  all.insert(place, shards.begin(), shards.end());
}

std::vector<bool> find_related(const Workload& workload) {
  std::set<std::string_view> named;
  for (const Table& table : workload.tables) {
    named.insert(table.constraints.together.begin(), table.constraints.together.end());
    named.insert(table.constraints.apart.begin(), table.constraints.apart.end());
  }
  std::vector<bool> related;
  for (const Table& table : workload.tables) {
    const bool asks = !table.constraints.together.empty() || !table.constraints.apart.empty();
    related.push_back(asks || named.contains(table.name));
  }
  return related;
}

}  // namespace

Standing::Standing(Plan& plan, const Placements& before, std::int64_t ranks_before,
                   const CostModel& cost_model)
    : plan_(plan),
      before_(before),
      ranks_before_(ranks_before),
      changing_(plan, cost_model),
      related_(find_related(plan.workload)) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    const TableId table = TableId::of(i);
    problems_of_.push_back(problems_of(table));
    moved_of_.push_back(bytes_moved(table, shards(table)));
    moved_ += moved_of_.back();
  }
  count_all_rules();
  score_ = score_with(rules_);
}

Bytes Standing::bytes_moved(TableId table, const std::vector<Shard>& shards) const {
  return transfers_of(plan_.workload.table(table), before_[table.index()], ranks_before_, shards,
                      plan_.topology.size())
      .moved();
}

bool Standing::is_ill(TableId table) const {
  if (problems_of_[table.index()] > 0) return true;
  const auto& own = shards(table);
  return std::any_of(own.begin(), own.end(), [&](const Shard& shard) {
    return shard.rank && changing_.missing(*shard.rank) > Bytes(0);
  });
}

std::int64_t Standing::problems_of(TableId table) const {
  const auto& own = shards(table);
  return std::ssize(related_[table.index()] ? check_placement(plan_, table, own)
                                            : check_alone(plan_, table, own));
}

bool Standing::is_related(const Replacement& replacement) const {
  return std::any_of(replacement.tables.begin(), replacement.tables.end(),
                     [&](const auto& table) { return related_[table.first.index()]; });
}

/// The replacement has what was there before, then. Only companions look at the plan's own shards.
void Standing::swap_places(Replacement& replacement) {
  const bool related = is_related(replacement);
  for (auto& [table, shards] : replacement.tables) {
    std::vector<Shard> now = changing_.shards(table);
    if (related) replace_shards(plan_.shards, table, shards);
    changing_.place(table, std::move(shards));
    shards = std::move(now);
  }
}

/// Of the plan after it, whose places are taken. Two tables that must not share a rank count twice
/// if they trade places.
std::size_t Standing::rules_after(const Replacement& replacement) const {
  auto count = static_cast<std::int64_t>(rules_);
  for (const auto& [table, shards] : replacement.tables) {
    count += problems_of(table) - problems_of_[table.index()];
  }
  return static_cast<std::size_t>(std::max<std::int64_t>(count, 0));
}

PlanScore Standing::score_with(std::size_t rules) const {
  PlanScore score;
  score.problems = rules;
  for (std::size_t i = 0; i < plan_.topology.ranks.size(); ++i) {
    const Bytes missing = changing_.missing(RankId::of(i));
    if (missing > Bytes(0)) ++score.problems;
    score.missing = saturated_sum(score.missing, missing);
  }
  score.cost = plan_.objective == Objective::memory
                   ? static_cast<double>(changing_.fullest().value())
                   : changing_.cost_ms(changing_.times());
  return score;
}

void Standing::weigh(Replacement& replacement) {
  replacement.moved = moved_;
  for (const auto& [table, shards] : replacement.tables) {
    replacement.moved += bytes_moved(table, shards) - moved_of_[table.index()];
  }
  swap_places(replacement);
  replacement.rules = rules_after(replacement);
  replacement.score = score_with(replacement.rules);
  swap_places(replacement);
}

void Standing::make(Replacement replacement) {
  swap_places(replacement);
  for (const auto& [table, before] : replacement.tables) {
    replace_shards(plan_.shards, table, shards(table));
    moved_of_[table.index()] = bytes_moved(table, shards(table));
    problems_of_[table.index()] = problems_of(table);
  }
  moved_ = replacement.moved;
  rules_ = replacement.rules;
  if (is_related(replacement)) count_all_rules();
  score_ = score_with(rules_);
}

/// Of tables that concern each other, each once, and what is wrong with each of them.
void Standing::count_all_rules() {
  std::size_t overfull = 0;
  for (std::size_t i = 0; i < plan_.topology.ranks.size(); ++i) {
    if (changing_.missing(RankId::of(i)) > Bytes(0)) ++overfull;
  }
  rules_ = check_plan(plan_).size() - overfull;
  for (std::size_t i = 0; i < related_.size(); ++i) {
    if (related_[i]) problems_of_[i] = problems_of(TableId::of(i));
  }
}

}  // namespace shardwright
