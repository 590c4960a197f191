#pragma once

#include "planner/changing_plan.hpp"
#include "planner/diff/take_over.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace shardwright {

/// Better is less: first what is illegal, then what it costs.
struct PlanScore {
  std::size_t problems = 0;  ///< broken rules and overfull ranks
  Bytes missing;             ///< memory, over all ranks
  double cost = 0;           ///< ms; bytes of the fullest rank where the objective is memory
  auto operator<=>(const PlanScore&) const = default;
};

/// New placements of one table, or of two that trade places, and what the plan then is.
struct Replacement {
  std::vector<std::pair<TableId, std::vector<Shard>>> tables;
  PlanScore score;
  std::size_t rules = 0;  ///< of the problems, those of rules
  Bytes moved;            ///< of the whole plan
};

/// A plan on its way from an earlier one, and how good it is: changes are judged, and some made, by
/// what they touch alone. Borrows all that it is made of.
class Standing {
 public:
  /// `plan` has its first shards; what moves is counted from `before` on so many ranks.
  Standing(Plan& plan, const Placements& before, std::int64_t ranks_before,
           const CostModel& cost_model);

  /// The plan as it stands.
  const Plan& plan() const { return plan_; }
  const std::vector<Shard>& shards(TableId table) const { return changing_.shards(table); }
  std::vector<PhaseTimes> times() const { return changing_.times(); }
  const PlanScore& score() const { return score_; }
  /// Weights and optimizer state that change ranks, all told.
  Bytes moved() const { return moved_; }
  Bytes moved_of(TableId table) const { return moved_of_[table.index()]; }
  /// Whether it breaks rules, or lies on an overfull rank.
  bool is_ill(TableId table) const;
  /// Costs and needs; only what is asked of it may be called.
  ChangingPlan& changing() { return changing_; }

  /// Fills in what the plan would be after it.
  void weigh(Replacement& replacement);
  /// One that was weighed, and nothing made since.
  void make(Replacement replacement);

 private:
  Bytes bytes_moved(TableId table, const std::vector<Shard>& shards) const;
  bool is_related(const Replacement& replacement) const;
  void swap_places(Replacement& replacement);
  std::int64_t problems_of(TableId table) const;
  std::size_t rules_after(const Replacement& replacement) const;
  PlanScore score_with(std::size_t rules) const;
  void count_all_rules();

  Plan& plan_;
  const Placements& before_;
  std::int64_t ranks_before_;
  ChangingPlan changing_;
  std::vector<bool> related_;  ///< tables that ask something of others, or others of them
  std::vector<std::int64_t> problems_of_;
  std::size_t rules_ = 0;  ///< problems of all tables, memory aside
  std::vector<Bytes> moved_of_;
  Bytes moved_;
  PlanScore score_;
};

}  // namespace shardwright
