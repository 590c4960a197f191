// schemas/ against the documents that the program writes, by the few words of JSON Schema that they
// use; tests/schemas/validate.py does it with a whole validator where there is one.

#include "costmodel/topology_json.hpp"
#include "planner/diff/plan_diff.hpp"
#include "planner/explain/explanation_json.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"
#include "planner/rating_json.hpp"
#include "planner/spec/tables_json.hpp"
#include "planner/sweep/sweep.hpp"
#include "tests/planner/sample_workload.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Complaints = std::vector<std::string>;

json schema(const std::string& name) {
  std::ifstream file(fmt::format("{}/{}.schema.json", SHARDWRIGHT_SCHEMAS, name));
  EXPECT_TRUE(file.good()) << name;
  return json::parse(file);
}

bool has_type(const json& value, const std::string& type) {
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return type == value.type_name();
}

void check_type(const json& schema, const json& value, const std::string& place,
                Complaints& complaints) {
  if (!schema.contains("type")) return;
  const json types = schema["type"].is_array() ? schema["type"] : json::array({schema["type"]});
  for (const json& type : types) {
    if (has_type(value, type)) return;
  }
  complaints.push_back(fmt::format("{} is no {}", place, types.dump()));
}

void check_value(const json& schema, const json& value, const std::string& place,
                 Complaints& complaints);

void check_members(const json& schema, const json& value, const std::string& place,
                   Complaints& complaints) {
  for (const json& key : schema.value("required", json::array())) {
    if (!value.contains(key)) complaints.push_back(fmt::format("{} lacks {}", place, key.dump()));
  }
  const json properties = schema.value("properties", json::object());
  for (const auto& [key, member] : value.items()) {
    const std::string path = fmt::format("{}.{}", place, key);
    if (properties.contains(key)) {
      check_value(properties[key], member, path, complaints);
    } else if (schema.contains("additionalProperties") && schema["additionalProperties"] == false) {
      complaints.push_back(path + " is not in the schema");
    }
  }
}

void check_value(const json& schema, const json& value, const std::string& place,
                 Complaints& complaints) {
  check_type(schema, value, place, complaints);
  if (schema.contains("const") && value != schema["const"])
    complaints.push_back(place + " differs");
  const json allowed = schema.value("enum", json());
  if (allowed.is_array() && std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
    complaints.push_back(fmt::format("{} is {}", place, value.dump()));
  }
  if (value.is_object()) check_members(schema, value, place, complaints);
  if (!value.is_array() || !schema.contains("items")) return;
  for (std::size_t i = 0; i < value.size(); ++i) {
    check_value(schema["items"], value[i], fmt::format("{}[{}]", place, i), complaints);
  }
}

Complaints complaints_of(const std::string& name, const json& document) {
  Complaints complaints;
  check_value(schema(name), document, name, complaints);
  return complaints;
}

// Every member that tables and plans can have.
Plan full_plan() {
  Plan plan;
  plan.workload = {{sample_table("a", 100, 16), sample_table("b", 100, 8, 2.5)}, 16};
  Table& table = plan.workload.tables[0];
  table.mode = PoolingMode::mean;
  table.weighted = true;
  table.dtype = DataType::bf16;
  table.reuse = ReuseHistogram{1};
  table.reuse_batch_size = 16;
  table.constraints.types = {ShardingType::table_wise};
  table.constraints.ranks = {RankId(0)};
  table.constraints.nodes = {0};
  table.constraints.together = {};
  table.constraints.apart = {"b"};
  table.constraints.max_column_width = 16;
  plan.topology = sample_topology({1 << 20, 1 << 20});
  plan.topology.ranks[1].reserved = Bytes(1000);
  plan.topology.ranks[1].excluded = true;
  plan.shards = {{TableId(0), ShardingType::table_wise, 0, 100, 0, 16, RankId(0)},
                 {TableId(1), ShardingType::data_parallel, 0, 100, 0, 8, {}}};
  plan.reasons = {"one", "two"};
  plan.search = {"search", 1, 0.5, 100, "work", {{0.1, 9}, {0.4, 8}}};
  plan.made_by = {"shardwright plan", "0", {{"tables.json", "00"}}};
  rate_plan(plan, ColumnCostModel());
  return plan;
}

TEST(Schemas, HoldForPlans) {
  EXPECT_THAT(complaints_of("plan", plan_to_json(full_plan())), IsEmpty());
}

TEST(Schemas, HoldForTables) {
  EXPECT_THAT(complaints_of("tables", tables_to_json(full_plan().workload)), IsEmpty());
}

TEST(Schemas, HoldForTopologies) {
  EXPECT_THAT(complaints_of("topology", topology_to_json(full_plan().topology)), IsEmpty());
}

TEST(Schemas, HoldForRatingsWithAndWithoutAPlan) {
  EXPECT_THAT(complaints_of("rating", rating_to_json(full_plan())), IsEmpty());
  SearchResult tightest;
  tightest.plan = full_plan();
  tightest.lower_bound_bytes = Bytes(5);
  EXPECT_THAT(complaints_of("rating", rating_to_json(tightest)), IsEmpty());
  SearchResult failed;
  failed.termination = Termination::infeasible;
  failed.unplaced = {{"a", Bytes(5)}};
  failed.ways_out = {{"bf16", 1, {"a"}, "bf16 weights for 'a'"}};
  failed.proof = {{CertificateKind::total, {TableId(0)}, {RankId(0)}, Bytes(2), Bytes(1)},
                  full_plan().workload,
                  full_plan().topology,
                  MemoryModel::weights,
                  {ShardingType::table_wise}};
  EXPECT_THAT(complaints_of("rating", rating_to_json(failed)), IsEmpty());
}

TEST(Schemas, HoldForExplanationsDiffsAndSweeps) {
  const Plan plan = full_plan();
  Plan other = plan;
  other.shards[1] = {TableId(1), ShardingType::table_wise, 0, 100, 0, 8, RankId(0)};
  rate_plan(other, ColumnCostModel());
  const Explanation explanation = explain_plan(other, ColumnCostModel(), {});
  EXPECT_THAT(complaints_of("explanation", explanation_to_json(other, explanation)), IsEmpty());
  const PlanDiff diff = diff_plans(plan, other);
  ASSERT_FALSE(diff.tables.empty());
  EXPECT_THAT(complaints_of("diff", diff_to_json(plan, other, diff)), IsEmpty());
  SweepPoint planned;
  planned.topology = "2xcpu-1GiB";
  planned.ranks = 2;
  planned.batch_size = 64;
  planned.step_ms = 1;
  planned.lower_bound_ms = 0.5;
  SweepPoint failed = planned;
  failed.termination = Termination::infeasible;
  SweepPoint contradicting = failed;
  contradicting.contradiction = "Table 'a' can have no shape.";
  EXPECT_THAT(complaints_of("sweep", sweep_to_json({planned, failed, contradicting})), IsEmpty());
}

TEST(Schemas, RefuseWhatIsWrong) {
  json plan = plan_to_json(full_plan());
  plan.erase("topology");
  plan["shards"][0]["type"] = "diagonal";
  plan["tables"][0]["colour"] = 1;
  plan["shards"][1]["rank"] = "all";
  const std::string text = fmt::format("{}", json(complaints_of("plan", plan)).dump());
  for (const char* part :
       {"lacks \\\"topology\\\"", "shards[0].type is", "colour is not", "shards[1].rank is no"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

}  // namespace
}  // namespace shardwright
