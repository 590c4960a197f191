#include "planner/plan_json.hpp"

#include "costmodel/errors.hpp"
#include "planner/rate_plan.hpp"
#include "tests/planner/refusal.hpp"
#include "tests/planner/sample_workload.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace shardwright {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

Plan sample_plan() {
  Plan plan;
  plan.workload = {{sample_table("a", 10, 16, 2.25), sample_table("b", 7, 8)}, 4};
  plan.topology = sample_topology({9000, 9000}, 1);
  plan.shards = {{TableId(0), ShardingType::column_wise, 0, 10, 0, 12, RankId(1)},
                 {TableId(0), ShardingType::column_wise, 0, 10, 12, 16, RankId(0)},
                 {TableId(1), ShardingType::data_parallel, 0, 7, 0, 8, {}}};
  plan.reasons = {"halved", "small"};
  plan.search = {"by hand", 7, 0.25, 3, "work"};
  plan.made_by = {"shardwright plan", "1.2.3", {{"tables.json", "0123456789abcdef"}}};
  rate_plan(plan, ColumnCostModel());
  return plan;
}

// Writes a plan's JSON after `change`, and reads it.
Plan reread(const std::function<void(json&)>& change, bool checked = true) {
  json document = plan_to_json(sample_plan());
  change(document);
  // A name of its own: tests run side by side.
  const std::string file = fmt::format("{}/plan_json_test_{}.json", ::testing::TempDir(), getpid());
  std::ofstream(file) << document;
  struct Removal {
    const std::string& file;
    ~Removal() { std::filesystem::remove(file); }
  } const removal{file};
  return checked ? read_plan(file) : read_plan_unchecked(file);
}

std::string refusal(const std::function<void(json&)>& change) {
  return refusal_of<InputError>([&] { reread(change); });
}

TEST(PlanJson, ReadsTablesThatSendUniqueRowsInAnyOrder) {
  EXPECT_TRUE(reread([](json&) {}).unique_rows.empty());
  const auto named = [](const json& names) {
    return [names](json& plan) { plan["unique_rows"] = names; };
  };
  EXPECT_EQ(reread(named(json::array({"a"})), false).unique_rows, std::vector{TableId(0)});
  EXPECT_EQ(reread(named(json::array({"b", "a"})), false).unique_rows,
            (std::vector{TableId(0), TableId(1)}));
  EXPECT_THAT(refusal(named(json::array({"b"}))), HasSubstr("Table 'b' is data_parallel"));
  EXPECT_THAT(refusal(named(json::array({"c"}))),
              AllOf(HasSubstr("unique_rows"), HasSubstr("name of one")));
  EXPECT_THAT(refusal(named(json::array({"a", "a"}))), HasSubstr("each once"));
}

TEST(PlanJson, KnowsOneKernelAndOneMemoryTier) {
  const Plan named = reread([](json& plan) {
    plan["shards"][0]["compute_kernel"] = "fused";
    plan["shards"][0]["memory_tier"] = "device";
  });
  EXPECT_EQ(named.shards, sample_plan().shards);
  const auto refused = [](const char* member, const char* value) {
    return refusal([&](json& plan) { plan["shards"][1][member] = value; });
  };
  EXPECT_THAT(refused("compute_kernel", "dense"),
              AllOf(HasSubstr("shards[1].compute_kernel"), HasSubstr("Allowed are fused.")));
  EXPECT_THAT(refused("memory_tier", "host"),
              AllOf(HasSubstr("shards[1].memory_tier"), HasSubstr("Allowed are device.")));
}

TEST(PlanJson, GivesBackWhatItWrites) {
  const Plan plan = sample_plan();
  const Plan back = reread([](json&) {});
  EXPECT_EQ(back.workload, plan.workload);
  EXPECT_EQ(back.topology, plan.topology);
  EXPECT_EQ(back.shards, plan.shards);
  EXPECT_EQ(back.predicted, plan.predicted);
  EXPECT_EQ(back.reasons, plan.reasons);
  EXPECT_EQ(back.cost_ms, plan.cost_ms);
  EXPECT_EQ(plan_to_text(back), plan_to_text(plan));
}

TEST(PlanJson, NamesTablesAndLeavesDataParallelShardsWithoutRank) {
  const json document = plan_to_json(sample_plan());
  EXPECT_EQ(document["schema"], "shardwright.plan/1");
  EXPECT_EQ(document["shards"][2], json({{"table", "b"},
                                         {"type", "data_parallel"},
                                         {"row_begin", 0},
                                         {"row_end", 7},
                                         {"col_begin", 0},
                                         {"col_end", 8},
                                         {"rank", nullptr}}));
  EXPECT_EQ(document["predicted"]["cost_ms"], 20.0);  // rank 1: 12 columns of a and 8 of b
  EXPECT_EQ(document["predicted"]["per_rank"][0]["total_ms"], 12.0);
}

TEST(PlanJson, StandsAlone) {
  const json document = plan_to_json(sample_plan());
  EXPECT_EQ(document["batch_size"], 4);
  EXPECT_EQ(document["tables"].size(), 2U);
  EXPECT_EQ(document["topology"]["ranks"].size(), 2U);
}

TEST(PlanJson, ReadsAPlanWrittenByHand) {
  const Plan plan = reread([](json& document) {
    for (const char* key : {"plan_id", "predicted", "reasons", "search", "made_by", "cost_model"}) {
      document.erase(key);
    }
    std::swap(document["shards"][0], document["shards"][2]);
  });
  EXPECT_EQ(plan.shards, sample_plan().shards);
  EXPECT_TRUE(plan.predicted.empty());
}

TEST(PlanJson, RefusesAPlanWithProblemsUnlessTheyAreWanted) {
  const auto drop = [](json& document) { document["shards"].erase(1); };
  EXPECT_THAT(refusal(drop), AllOf(HasSubstr("1 problem "), HasSubstr("columns [12, 16)")));
  EXPECT_EQ(reread(drop, false).shards.size(), 2U);
}

TEST(PlanJson, SaysWhereAPlanIsMalformed) {
  EXPECT_THAT(refusal([](json& plan) { plan["shards"][1]["rank"] = "one"; }),
              HasSubstr("shards[1].rank is \"one\""));
  EXPECT_THAT(refusal([](json& plan) { plan["shards"][1]["type"] = "columnwise"; }),
              AllOf(HasSubstr("shards[1].type"), HasSubstr("column_wise")));
  EXPECT_THAT(refusal([](json& plan) { plan["shards"][1].erase("row_end"); }),
              AllOf(HasSubstr("shards[1]"), HasSubstr("row_end")));
  EXPECT_THAT(refusal([](json& plan) { plan["shards"][1]["col_end"] = -4; }),
              HasSubstr("shards[1].col_end is -4"));
  EXPECT_THAT(refusal([](json& plan) { plan["tables"][0]["rows"] = 0; }),
              HasSubstr("tables[0].rows is 0"));
  EXPECT_THAT(refusal([](json& plan) { plan["memory_model"] = "half"; }),
              HasSubstr("memory_model: 'half'"));
  EXPECT_THAT(refusal([](json& plan) { plan["shard"] = 1; }), HasSubstr("\"shards\"?"));
  EXPECT_THAT(refusal([](json& plan) { plan["schema"] = "shardwright.tables/1"; }),
              HasSubstr("shardwright.plan/1"));
  EXPECT_THAT(refusal([](json& plan) { plan["batch_size"] = 0; }), HasSubstr("batch_size is 0"));
}

TEST(PlanJson, NamesATableThatThePlanDoesNotHave) {
  EXPECT_THAT(refusal([](json& plan) { plan["shards"][1]["table"] = "aa"; }),
              AllOf(HasSubstr("shards[1].table is \"aa\""), HasSubstr("as \"a\"")));
}

TEST(PlanJson, RefusesPredictionsForOtherRanks) {
  EXPECT_THAT(refusal([](json& plan) { plan["predicted"]["per_rank"].erase(1); }),
              HasSubstr("each of the 2 ranks"));
  EXPECT_THAT(refusal([](json& plan) { plan["predicted"]["per_rank"][1]["rank"] = 0; }),
              HasSubstr("per_rank[1].rank is 0"));
}

TEST(PlanId, IsTheSameForEqualPlansWhoeverMadeThem) {
  Plan plan = sample_plan();
  const std::string id = plan_id(plan);
  EXPECT_EQ(id.size(), 16U);
  plan.search = {};
  plan.made_by = {};
  EXPECT_EQ(plan_id(plan), id);
}

TEST(PlanId, ChangesWithTablesTopologyShardsAndPredictions) {
  const std::string id = plan_id(sample_plan());
  Plan plan = sample_plan();
  plan.workload.tables[0].pooling = 3;
  EXPECT_NE(plan_id(plan), id);
  plan = sample_plan();
  plan.topology.ranks[0].memory = Bytes(8999);
  EXPECT_NE(plan_id(plan), id);
  plan = sample_plan();
  plan.shards[0].rank = RankId(0);
  EXPECT_NE(plan_id(plan), id);
  plan = sample_plan();
  plan.predicted[0].phases.comm_input_ms += 1e-9;
  EXPECT_NE(plan_id(plan), id);
}

}  // namespace
}  // namespace shardwright
