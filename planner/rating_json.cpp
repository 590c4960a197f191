#include "planner/rating_json.hpp"

#include "planner/certificate_json.hpp"
#include "planner/memory_model.hpp"
#include "planner/plan_json.hpp"
#include "planner/prediction_json.hpp"

namespace shardwright {
namespace {

using nlohmann::json;

json rating(Termination status, const SearchRecord& search) {
  return {{"schema", "shardwright.rating/1"}, {"status", to_string(status)},
          {"search_seconds", search.seconds}, {"evaluations", search.evaluations},
          {"stopped_by", search.stopped_by},  {"cost_ms", nullptr},
          {"per_rank", json::array()}};
}

}  // namespace

json rating_to_json(const Plan& plan) {
  json document = rating(Termination::feasible, plan.search);
  document["plan_id"] = plan_id(plan);
  document["cost_ms"] = plan.cost_ms;
  document["cost_model"] = plan.cost_model;
  document["memory_model"] = to_string(plan.memory_model);
  document["objective"] = to_string(plan.objective);
  document["per_rank"] = predictions_to_json(plan.predicted);
  return document;
}

json rating_to_json(const SearchResult& result) {
  if (result.plan) {
    json document = rating_to_json(*result.plan);
    document["status"] = to_string(result.termination);
    if (result.lower_bound_ms) document["lower_bound_ms"] = *result.lower_bound_ms;
    if (result.lower_bound_bytes) {
      document["lower_bound_bytes"] = result.lower_bound_bytes->value();
    }
    return document;
  }
  json document = rating(result.termination, result.record);
  document["message"] = result.explanation;
  document["missing_bytes"] = result.missing.value();
  document["unplaced"] = json::array();
  for (const Unplaced& table : result.unplaced) {
    document["unplaced"].push_back(
        {{"table", table.table}, {"memory_bytes", table.memory.value()}});
  }
  for (const WayOut& way : result.ways_out) {
    document["ways_out"].push_back({{"kind", way.kind},
                                    {"amount", way.amount},
                                    {"tables", way.tables},
                                    {"sentence", way.sentence}});
    if (!way.constraint.empty()) document["ways_out"].back()["constraint"] = way.constraint;
  }
  if (result.proof) document["certificate"] = proof_to_json(*result.proof);
  return document;
}

}  // namespace shardwright
