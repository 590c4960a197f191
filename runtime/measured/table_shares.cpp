#include "runtime/measured/table_shares.hpp"

#include "planner/placement_words.hpp"
#include "planner/unique_rows.hpp"
#include "planner/unique_rows_price.hpp"

#include <algorithm>

namespace shardwright {
namespace {

double ms_in(const PhaseTimes& times, StepPhase phase) {
  for (const PredictedPhase& known : kPredictedPhases) {
    if (known.measured == phase) return times.*known.predicted;
  }
  return times.compute_forward_ms + times.compute_backward_ms;
}

}  // namespace

TableShares::TableShares(const Plan& plan, const CostModel& cost_model) {
  const Workload workload = workload_as_exchanged(plan);
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    const TableId table = TableId::of(t);
    of_tables_.push_back(cost_model.price(workload, plan.topology, shards_of(plan, table)));
    if (sends_unique_rows(plan, table)) {
      add_pooling_work(pooling_bytes(plan, table), plan.topology, of_tables_.back());
    }
  }
}

std::optional<TableShares::Largest> TableShares::largest(RankId rank, StepPhase phase) const {
  double sum = 0;
  double most = 0;
  TableId table{0};
  for (std::size_t t = 0; t < of_tables_.size(); ++t) {
    const double ms = ms_in(of_tables_[t][rank.index()], phase);
    sum += ms;
    if (ms > most) table = TableId::of(t);
    most = std::max(most, ms);
  }
  if (sum <= 0) return std::nullopt;
  return Largest{table, most / sum};
}

}  // namespace shardwright
