#include "planner/describe_plan.hpp"

#include "planner/memory_model.hpp"
#include "planner/placement_words.hpp"
#include "planner/plan_json.hpp"
#include "planner/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace shardwright {
namespace {

std::string ms(double time) { return fmt::format("{:.3f}", time); }

std::string share(Bytes part, Bytes whole) {
  return fmt::format(
      "{:.1f}%", 100.0 * static_cast<double>(part.value()) / static_cast<double>(whole.value()));
}

std::int64_t shards_on(const Plan& plan, RankId rank) {
  return std::count_if(plan.shards.begin(), plan.shards.end(),
                       [&](const Shard& shard) { return shard.on(rank); });
}

std::vector<std::string> rank_row(const Plan& plan, std::size_t index) {
  const RankSpec& rank = plan.topology.ranks[index];
  const RankPrediction& predicted = plan.predicted[index];
  const PhaseTimes& times = predicted.phases;
  return {fmt::to_string(index),
          fmt::to_string(rank.node),
          rank.device,
          format_bytes(predicted.memory),
          format_bytes(rank.usable()),
          share(predicted.memory, rank.usable()),
          ms(times.comm_input_ms),
          ms(times.compute_forward_ms),
          ms(times.comm_forward_ms),
          ms(times.compute_backward_ms),
          ms(times.comm_backward_ms),
          ms(times.total_ms()),
          fmt::to_string(shards_on(plan, RankId::of(index)))};
}

std::string cost_of(const Plan& plan) {
  switch (plan.objective) {
    case Objective::step:
      return fmt::format("{:.3f} ms a step (the slowest rank of each phase, summed)", plan.cost_ms);
    case Objective::max_sum:
      return fmt::format("{:.3f} ms a step (the largest total of a rank)", plan.cost_ms);
    case Objective::memory:
      break;
  }
  return fmt::format("{} on the fullest rank; {:.3f} ms a step", format_bytes(fullest_rank(plan)),
                     plan.cost_ms);
}

std::vector<std::string> table_row(const Plan& plan, std::size_t index,
                                   const std::vector<const Shard*>& shards) {
  const Table& table = plan.workload.tables[index];
  std::set<std::int64_t> ranks;
  for (const Shard* shard : shards) {
    if (shard->rank) ranks.insert(shard->rank->value());
  }
  return {table.name,
          format_bytes(weight_bytes(table, table.rows, table.dim)),
          std::string(to_string(shards.front()->type)),
          fmt::to_string(shards.size()),
          ranks.empty() ? "all" : runs_of(ranks),
          index < plan.reasons.size() ? plan.reasons[index] : ""};
}

}  // namespace

Bytes fullest_rank(const Plan& plan) {
  Bytes most;
  for (const RankPrediction& rank : plan.predicted) most = std::max(most, rank.memory);
  return most;
}

std::string describe_prediction(const Plan& plan) {
  TextTable table;
  table.columns = {{"rank"},      {"node"},     {"device", false}, {"memory"},       {"of"},
                   {"used"},      {"comm in"},  {"forward"},       {"comm forward"}, {"backward"},
                   {"comm back"}, {"total ms"}, {"shards"}};
  for (std::size_t rank = 0; rank < plan.predicted.size(); ++rank) {
    table.rows.push_back(rank_row(plan, rank));
  }
  return fmt::format(
      "Plan {}: {} tables in {} shards on {} ranks, {} samples a step over all ranks.\n"
      "Predicted: {}.\nCost model {}, memory model {}.\n\n{}",
      plan_id(plan), plan.workload.tables.size(), plan.shards.size(), plan.topology.size(),
      plan.workload.batch_size, cost_of(plan), plan.cost_model, to_string(plan.memory_model),
      format_table(table));
}

std::string describe_placement(const Plan& plan) {
  TextTable table;
  table.columns = {{"table", false, 28}, {"weights"},          {"type", false},
                   {"shards"},           {"ranks", false, 16}, {"why", false}};
  std::vector<std::vector<const Shard*>> by_table(plan.workload.tables.size());
  for (const Shard& shard : plan.shards) by_table[shard.table.index()].push_back(&shard);
  for (std::size_t i = 0; i < by_table.size(); ++i) {
    table.rows.push_back(table_row(plan, i, by_table[i]));
  }
  return format_table(table);
}

}  // namespace shardwright
