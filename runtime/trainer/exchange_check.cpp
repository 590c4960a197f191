#include "runtime/trainer/exchange_check.hpp"

#include "planner/unique_rows.hpp"
#include "runtime/comm/collectives.hpp"
#include "runtime/exchange/input_exchange.hpp"

#include <fmt/format.h>

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

void ExchangeCheck::Owners::add(RankId rank) {
  if (!is_one[rank.index()]) ++count;
  is_one[rank.index()] = true;
}

ExchangeCheck::ExchangeCheck(const Plan& plan) {
  const std::vector<bool> none(static_cast<std::size_t>(plan.topology.size()));
  owners_.is_one = pooled_owners_.is_one = none;
  for (const Shard& shard : plan.shards) {
    if (!shard.rank || sends_unique_rows(plan, shard.table)) continue;
    owners_.add(*shard.rank);
    if (plan.workload.table(shard.table).mode != PoolingMode::none) {
      pooled_owners_.add(*shard.rank);
    }
  }
}

void ExchangeCheck::require(std::int64_t step, std::span<const StepReport> ranks) const {
  // Counts of ids go to every rank in every step, whether there is anything to count or not.
  const std::int64_t counts = InputExchange::kCountBytes * (std::ssize(ranks) - 1);
  std::int64_t samples = 0;
  for (const StepReport& report : ranks) samples += report.samples;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    const StepReport& report = ranks[r];
    if (report.samples > 0 && owners_.has_others(r)) {
      require_more(StepTraffic::input, counts, step, r, report);
    }
    if (report.samples > 0 && pooled_owners_.has_others(r)) {
      require_more(StepTraffic::gradient, 0, step, r, report);
    }
    if (pooled_owners_.is_one[r] && samples > report.samples) {
      require_more(StepTraffic::output, 0, step, r, report);
    }
  }
}

}  // namespace shardwright
