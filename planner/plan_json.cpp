#include "planner/plan_json.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/table_json.hpp"
#include "costmodel/topology_json.hpp"
#include "planner/input_file.hpp"
#include "planner/memory_model.hpp"
#include "planner/prediction_json.hpp"
#include "planner/readable_json.hpp"

namespace shardwright {
namespace {

using nlohmann::json;

json shard_to_json(const Plan& plan, const Shard& shard) {
  return {{"table", plan.workload.table(shard.table).name},
          {"type", to_string(shard.type)},
          {"row_begin", shard.row_begin},
          {"row_end", shard.row_end},
          {"col_begin", shard.col_begin},
          {"col_end", shard.col_end},
          {"rank", shard.rank ? json(shard.rank->value()) : json(nullptr)}};
}

// The members that make two plans equal.
json essence(const Plan& plan) {
  json tables = json::array();
  for (const Table& table : plan.workload.tables) tables.push_back(table_to_json(table));
  json shards = json::array();
  for (const Shard& shard : plan.shards) shards.push_back(shard_to_json(plan, shard));
  json result = {{"batch_size", plan.workload.batch_size},
                 {"tables", std::move(tables)},
                 {"topology", topology_to_json(plan.topology)},
                 {"shards", std::move(shards)},
                 {"predicted",
                  {{"cost_ms", plan.cost_ms}, {"per_rank", predictions_to_json(plan.predicted)}}}};
  for (const TableId table : plan.unique_rows) {
    result["unique_rows"].push_back(plan.workload.table(table).name);
  }
  return result;
}

std::string id_of(const json& essence) { return fingerprint(essence.dump()); }

json reasons_to_json(const Plan& plan) {
  json reasons = json::array();
  for (std::size_t i = 0; i < plan.reasons.size(); ++i) {
    reasons.push_back({{"table", plan.workload.tables[i].name}, {"why", plan.reasons[i]}});
  }
  return reasons;
}

json search_to_json(const SearchRecord& search) {
  json result = {{"algorithm", search.algorithm},
                 {"seed", search.seed},
                 {"seconds", search.seconds},
                 {"evaluations", search.evaluations},
                 {"stopped_by", search.stopped_by}};
  for (const ProgressPoint& point : search.progress) {
    result["progress"].push_back({point.seconds, point.best_cost});
  }
  return result;
}

json made_by_to_json(const MadeBy& made_by) {
  return {{"command", made_by.command}, {"version", made_by.version}, {"inputs", made_by.inputs}};
}

}  // namespace

json plan_to_json(const Plan& plan) {
  json document = essence(plan);
  document["plan_id"] = id_of(document);
  document["schema"] = "shardwright.plan/1";
  document["cost_model"] = plan.cost_model;
  document["memory_model"] = to_string(plan.memory_model);
  document["objective"] = to_string(plan.objective);
  document["reasons"] = reasons_to_json(plan);
  document["search"] = search_to_json(plan.search);
  document["made_by"] = made_by_to_json(plan.made_by);
  return document;
}

std::string plan_to_text(const Plan& plan) { return readable_json(plan_to_json(plan)); }

std::string plan_id(const Plan& plan) { return id_of(essence(plan)); }

}  // namespace shardwright
