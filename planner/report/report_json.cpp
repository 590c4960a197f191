#include "planner/explain/explain_plan.hpp"
#include "planner/placement_words.hpp"
#include "planner/plan_json.hpp"
#include "planner/report/report.hpp"
#include "planner/unique_rows.hpp"
#include "planner/unique_rows_memory.hpp"

#include <algorithm>

namespace shardwright {
namespace {

using nlohmann::json;

json phases_to_json() {
  json phases = json::array();
  for (const Phase& phase : kPhases) {
    phases.push_back(
        {{"name", phase.name}, {"title", phase.title}, {"communication", phase.communication}});
  }
  return phases;
}

json ranks_to_json(const Plan& plan) {
  const auto memory = memory_of_plan(plan, plan.shards);
  json ranks = json::array();
  for (std::size_t i = 0; i < memory.size(); ++i) {
    const RankSpec& spec = plan.topology.ranks[i];
    json times = json::array();
    for (const Phase& phase : kPhases) times.push_back(plan.predicted[i].phases.*phase.ms);
    const auto shards = std::count_if(plan.shards.begin(), plan.shards.end(),
                                      [&](const Shard& shard) { return shard.on(RankId::of(i)); });
    ranks.push_back({{"rank", i},
                     {"node", spec.node},
                     {"device", spec.device},
                     {"room_bytes", spec.usable().value()},
                     {"memory",
                      {{"weights", memory[i].weights.value()},
                       {"optimizer", memory[i].optimizer.value()},
                       {"ids", memory[i].ids.value()},
                       {"buffers", memory[i].buffers.value()},
                       {"activations", memory[i].activations.value()},
                       {"grouping", memory[i].grouping.value()},
                       {"reserve", memory[i].reserve.value()}}},
                     {"memory_bytes", memory[i].total().value()},
                     {"phases_ms", std::move(times)},
                     {"total_ms", plan.predicted[i].phases.total_ms()},
                     {"shards", shards}});
  }
  return ranks;
}

json path_to_json(const std::vector<PathStep>& path) {
  json steps = json::array();
  for (const PathStep& step : path) {
    steps.push_back({{"title", step.phase->title},
                     {"rank", step.rank.value()},
                     {"ms", step.ms},
                     {"mean_ms", step.mean_ms}});
  }
  return steps;
}

json tables_to_json(ChangingPlan& changing, const std::vector<PathStep>& path) {
  const Plan& plan = changing.plan();
  json tables = json::array();
  for (std::size_t i = 0; i < plan.workload.tables.size(); ++i) {
    const Table& table = plan.workload.tables[i];
    const auto& shards = changing.shards(TableId::of(i));
    const auto ranks = ranks_of(shards);
    tables.push_back(
        {{"name", table.name},
         {"rows", table.rows},
         {"dim", table.dim},
         {"pooling", table.pooling},
         {"bytes", weight_bytes(table, table.rows, table.dim).value()},
         {"type", to_string(shards.front().type)},
         {"shards", shards.size()},
         {"ranks", ranks.empty() ? "all" : runs_of(ranks)},
         {"exchange", sends_unique_rows(plan, TableId::of(i)) ? "unique_rows" : "pooled"},
         {"path_ms", on_path(changing, path, TableId::of(i)).total_ms()},
         {"why", i < plan.reasons.size() ? plan.reasons[i] : ""}});
  }
  return tables;
}

json search_to_json(const SearchRecord& search) {
  json progress = json::array();
  for (const ProgressPoint& point : search.progress) {
    progress.push_back({point.seconds, point.best_cost});
  }
  return {{"algorithm", search.algorithm},   {"seed", search.seed},
          {"seconds", search.seconds},       {"evaluations", search.evaluations},
          {"stopped_by", search.stopped_by}, {"progress", std::move(progress)}};
}

json baselines_to_json(const std::vector<Baseline>& baselines) {
  json result = json::array();
  for (const Baseline& baseline : baselines) {
    result.push_back({{"algorithm", baseline.algorithm},
                      {"cost_ms", baseline.cost_ms ? json(*baseline.cost_ms) : json(nullptr)},
                      {"seconds", baseline.seconds}});
  }
  return result;
}

}  // namespace

json report_to_json(const Plan& plan, const CostModel& cost_model,
                    const std::vector<Baseline>& baselines) {
  ChangingPlan changing(plan, cost_model);
  const auto path = critical_path(changing.times(), plan.objective);
  return {{"schema", "shardwright.report/1"},
          {"plan_id", plan_id(plan)},
          {"cost_ms", plan.cost_ms},
          {"cost_model", plan.cost_model},
          {"provenance", cost_model.provenance()},
          {"memory_model", to_string(plan.memory_model)},
          {"objective", to_string(plan.objective)},
          {"batch_size", plan.workload.batch_size},
          {"num_shards", plan.shards.size()},
          {"topology", describe_topology(plan.topology)},
          {"phases", phases_to_json()},
          {"ranks", ranks_to_json(plan)},
          {"critical_path", path_to_json(path)},
          {"tables", tables_to_json(changing, path)},
          {"baselines", baselines_to_json(baselines)},
          {"search", search_to_json(plan.search)},
          {"made_by",
           {{"command", plan.made_by.command},
            {"version", plan.made_by.version},
            {"inputs", plan.made_by.inputs}}}};
}

}  // namespace shardwright
