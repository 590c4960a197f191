#include "planner/explain/explanation_json.hpp"

#include "planner/memory_model.hpp"
#include "planner/placement_words.hpp"
#include "planner/plan_json.hpp"
#include "planner/unique_rows.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

using nlohmann::json;

json path_to_json(const std::vector<PathStep>& path) {
  json steps = json::array();
  for (const PathStep& step : path) {
    steps.push_back({{"phase", step.phase->name},
                     {"rank", step.rank.value()},
                     {"ms", step.ms},
                     {"mean_ms", step.mean_ms}});
  }
  return steps;
}

json rank_to_json(const Plan& plan, const Explanation& explanation, std::size_t rank) {
  const PhaseTimes& times = explanation.times[rank];
  json result = {
      {"rank", rank},
      {"memory_bytes", plan.predicted[rank].memory.value()},
      {"free_bytes", (plan.topology.ranks[rank].usable() - plan.predicted[rank].memory).value()},
      {"total_ms", times.total_ms()}};
  for (const Phase& phase : kPhases) result[fmt::format("{}_ms", phase.name)] = times.*phase.ms;
  return result;
}

json shards_to_json(const std::vector<Shard>& shards) {
  json result = json::array();
  for (const Shard& shard : shards) {
    result.push_back({{"row_begin", shard.row_begin},
                      {"row_end", shard.row_end},
                      {"col_begin", shard.col_begin},
                      {"col_end", shard.col_end},
                      {"rank", shard.rank ? json(shard.rank->value()) : json(nullptr)}});
  }
  return result;
}

json alternative_to_json(const Plan& plan, const Explanation& explanation,
                         const Alternative* alternative) {
  if (alternative == nullptr) return nullptr;
  return {
      {"table", plan.workload.table(alternative->table).name},
      {"type", to_string(alternative->shards.front().type)},
      {"shards", shards_to_json(alternative->shards)},
      {"cost_ms", alternative->cost_ms},
      {"difference_ms", alternative->cost_ms - explanation.cost_ms},
      {"fullest_rank_bytes", alternative->fullest.value()},
      {"refused_by", to_string(alternative->obstacle)},
      {"missing_bytes", alternative->missing.value()},
      {"grows",
       {{"phase", alternative->slower.phase->name}, {"rank", alternative->slower.rank.value()}}}};
}

json table_to_json(const Plan& plan, const Explanation& explanation,
                   const TableExplanation& table) {
  const std::vector<Shard> shards = shards_of(plan, table.table);
  const std::size_t id = table.table.index();
  json others = json::array();
  for (const Alternative& other : table.alternatives) {
    others.push_back(alternative_to_json(plan, explanation, &other));
  }
  return {{"table", plan.workload.table(table.table).name},
          {"type", to_string(shards.front().type)},
          {"shards", shards_to_json(shards)},
          {"path_ms", table.path_ms},
          {"saved_without_it_ms", table.saved_ms},
          {"on_fullest_rank_bytes", table.on_fullest.value()},
          {"binds", to_string(table.binding)},
          {"exchange", sends_unique_rows(plan, table.table) ? "unique_rows" : "pooled"},
          {"other_exchange_ms",
           table.other_exchange_ms ? json(*table.other_exchange_ms) : json(nullptr)},
          {"why", id < plan.reasons.size() ? plan.reasons[id] : ""},
          {"next_best", alternative_to_json(plan, explanation, table.next_best())},
          {"cheaper_but_refused",
           alternative_to_json(plan, explanation, table.refused(explanation.measure))},
          {"alternatives", std::move(others)}};
}

}  // namespace

json explanation_to_json(const Plan& plan, const Explanation& explanation) {
  json ranks = json::array();
  for (std::size_t rank = 0; rank < explanation.times.size(); ++rank) {
    ranks.push_back(rank_to_json(plan, explanation, rank));
  }
  json tables = json::array();
  for (const TableExplanation& table : explanation.tables) {
    tables.push_back(table_to_json(plan, explanation, table));
  }
  json changes = json::array();
  for (const Alternative& change : explanation.changes) {
    changes.push_back(alternative_to_json(plan, explanation, &change));
  }
  return {{"schema", "shardwright.explanation/1"},
          {"plan_id", plan_id(plan)},
          {"cost_ms", explanation.cost_ms},
          {"cost_model", plan.cost_model},
          {"memory_model", to_string(plan.memory_model)},
          {"objective", to_string(plan.objective)},
          {"fullest_rank", explanation.fullest.value()},
          {"critical_path", path_to_json(explanation.path)},
          {"per_rank", std::move(ranks)},
          {"tables", std::move(tables)},
          {"alternatives_priced", explanation.tried},
          {"changes", std::move(changes)}};
}

}  // namespace shardwright
