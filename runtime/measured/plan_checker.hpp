#pragma once

#include "runtime/measured/plan_check.hpp"
#include "runtime/measured/table_shares.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// Compares a plan with what its ranks measure. Borrows the plan. Without predictions in it, only
/// ranks whose dense part is slow are found.
class PlanChecker {
 public:
  /// `hosts` of the ranks. Where the plan's cost model cannot be made any more (a file that has
  /// gone), tables and changes are judged by the analytic one.
  PlanChecker(const Plan& plan, std::vector<std::string> hosts);

  /// The means over `steps` steps beside the plan. Quick after the first time, which prices every
  /// table alone.
  PlanCheck check(const std::vector<PhaseMs>& means, std::int64_t steps);
  /// With the changes of single tables that would help most, if by 1 % of a step at least: prices
  /// some hundred plans.
  PlanCheck check_with_changes(const std::vector<PhaseMs>& means, std::int64_t steps);

 private:
  SlowRank described(RankId rank, StepPhase phase, double measured_ms, double expected_ms);
  std::optional<SlowRank> find_slowest(const std::vector<PhaseMs>& means);
  const TableShares& shares();

  const Plan& plan_;
  std::vector<std::string> hosts_;
  std::unique_ptr<CostModel> cost_model_;
  std::optional<TableShares> shares_;
};

}  // namespace shardwright
