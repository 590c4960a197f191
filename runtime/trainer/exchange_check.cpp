#include "runtime/trainer/exchange_check.hpp"

#include "planner/unique_rows.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/exchange/input_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

void require_more(StepTraffic kind, std::int64_t least, std::int64_t step, std::size_t rank,
                  const StepReport& report) {
  const auto index = static_cast<std::size_t>(kind);
  if (report.bytes_sent[index] > least) return;
  throw CollectiveError(
      ExitCode::check_failed,
      fmt::format("Rank {} sent nothing in the {} exchange of step {}, though the plan puts shards "
                  "on several ranks: the ranks are not training one model. Please report this "
                  "with the plan.",
                  rank, kStepTrafficNames[index], step));
}

}  // namespace

ExchangeCheck::ExchangeCheck(const Plan& plan)
    : owns_(static_cast<std::size_t>(plan.topology.size())) {
  for (const Shard& shard : plan.shards) {
    if (shard.rank && !sends_unique_rows(plan, shard.table)) owns_[shard.rank->index()] = true;
  }
  num_owners_ = std::count(owns_.begin(), owns_.end(), true);
}

void ExchangeCheck::require(std::int64_t step, std::span<const StepReport> ranks) const {
  // Counts of ids go to every rank in every step, whether there is anything to count or not.
  const std::int64_t counts = InputExchange::kCountBytes * (std::ssize(ranks) - 1);
  std::int64_t samples = 0;
  for (const StepReport& report : ranks) samples += report.samples;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    const StepReport& report = ranks[r];
    const bool others_own = num_owners_ > (owns_[r] ? 1 : 0);
    if (report.samples > 0 && others_own) {
      require_more(StepTraffic::input, counts, step, r, report);
      require_more(StepTraffic::gradient, 0, step, r, report);
    }
    if (owns_[r] && samples > report.samples) require_more(StepTraffic::output, 0, step, r, report);
  }
}

}  // namespace shardwright
