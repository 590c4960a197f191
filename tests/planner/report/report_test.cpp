#include "planner/report/report.hpp"

#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/search/search.hpp"
#include "tests/planner/sample_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace shardwright {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHostile = "</script><script>alert(1)</script>";

Plan sample_plan() {
  Plan plan;
  plan.workload = {{sample_table(kHostile, 100, 8), sample_table("b", 50, 4)}, 16};
  plan.topology = sample_topology({1 << 20, 1 << 20});
  plan.memory_model = MemoryModel::weights;
  plan.shards = {{TableId(0), ShardingType::table_wise, 0, 100, 0, 8, RankId(0)},
                 {TableId(1), ShardingType::table_wise, 0, 50, 0, 4, RankId(0)}};
  plan.search = {"search", 1, 0.5, 100, "work", {{0.1, 9}, {0.4, 8}}};
  rate_plan(plan, ColumnCostModel());
  return plan;
}

std::string data_inside(const std::string& html) {
  const std::string open = "id=\"data\">";
  const std::size_t begin = html.find(open) + open.size();
  return html.substr(begin, html.find("</script>", begin) - begin);
}

TEST(Report, HoldsPhasesMemoryAndTablesOfThePlan) {
  const nlohmann::json data = report_to_json(sample_plan(), ColumnCostModel(), {});
  EXPECT_DOUBLE_EQ(data["cost_ms"], 12);
  EXPECT_EQ(data["ranks"][0]["phases_ms"], nlohmann::json({0.0, 12.0, 0.0, 0.0, 0.0}));
  EXPECT_EQ(data["ranks"][0]["memory"]["weights"], 4 * (800 + 200));
  EXPECT_EQ(data["ranks"][0]["shards"], 2);
  EXPECT_DOUBLE_EQ(data["tables"][1]["path_ms"], 4);
  EXPECT_EQ(data["search"]["progress"][1], nlohmann::json({0.4, 8.0}));
}

TEST(Report, SaysHowEachTableIsExchanged) {
  Plan plan = sample_plan();
  plan.unique_rows = {TableId(1)};
  const nlohmann::json data = report_to_json(plan, ColumnCostModel(), {});
  EXPECT_EQ(data["tables"][0]["exchange"], "pooled");
  EXPECT_EQ(data["tables"][1]["exchange"], "unique_rows");
}

TEST(Report, KeepsHostileNamesInsideTheData) {
  const nlohmann::json data = report_to_json(sample_plan(), ColumnCostModel(), {});
  const std::string html = report_to_html(data);
  EXPECT_THAT(html, Not(HasSubstr("alert(1)</script>")));
  EXPECT_EQ(nlohmann::json::parse(data_inside(html)), data);
}

TEST(Report, NeedsNoNetwork) {
  const std::string page(report_page());
  for (const char* reference : {"https:", "src=", "href=", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(reference)));
  }
}

TEST(Report, ComparesWithOtherAlgorithms) {
  const auto baselines = run_baselines(sample_plan(), ColumnCostModel(), {"dim_greedy"});
  ASSERT_EQ(baselines.size(), 1U);
  EXPECT_DOUBLE_EQ(baselines[0].cost_ms.value(), 8) << "one table on each rank";
}

// A copy of `small` on every rank costs less than sending its values.
TEST(Report, LetsOthersUseTheTypesOfThePlanAndOfTheDefault) {
  const auto model = make_cost_model("analytic");
  Plan plan;
  plan.workload = {{sample_table("small", 20, 64, 50), sample_table("large", 100'000, 64)}, 65'536};
  constexpr std::int64_t kRoom = std::int64_t{1} << 34;
  plan.topology = sample_topology({kRoom, kRoom, kRoom});
  plan.shards = {{TableId(0), ShardingType::table_wise, 0, 20, 0, 64, RankId(0)},
                 {TableId(1), ShardingType::table_wise, 0, 100'000, 0, 64, RankId(1)}};
  const auto others_cost = [&] {
    return run_baselines(plan, *model, {"torchrec_greedy"})[0].cost_ms.value();
  };
  const auto cost_with = [&](std::vector<ShardingType> types) {
    SearchOptions options;
    options.algorithm = "torchrec_greedy";
    options.types = std::move(types);
    return search_plan(plan.workload, plan.topology, *model, options).plan.value().cost_ms;
  };
  const double all = cost_with(find_algorithm("torchrec_greedy").types);
  ASSERT_NE(all, cost_with(kDefaultTypes));
  EXPECT_EQ(others_cost(), cost_with(kDefaultTypes));
  auto types = kDefaultTypes;
  types.push_back(ShardingType::data_parallel);
  plan.shards[0] = {TableId(0), ShardingType::data_parallel, 0, 20, 0, 64, {}};
  EXPECT_EQ(others_cost(), cost_with(types));
}

TEST(Report, SaysWhichAlgorithmFoundNoPlan) {
  Plan plan = sample_plan();
  for (RankSpec& rank : plan.topology.ranks) rank.memory = Bytes(64);
  EXPECT_FALSE(run_baselines(plan, ColumnCostModel(), {"size_greedy"})[0].cost_ms.has_value());
}

TEST(Report, LeavesOutAlgorithmsThatCannotKeepToTheConstraints) {
  Plan plan = sample_plan();
  ASSERT_GE(plan.workload.tables.size(), 2U);
  TableConstraints& constraints = plan.workload.tables[0].constraints;
  constraints.types = {ShardingType::row_wise};
  EXPECT_FALSE(run_baselines(plan, ColumnCostModel(), {"size_greedy"})[0].cost_ms.has_value());
  constraints.types.clear();
  constraints.apart = {plan.workload.tables[1].name};
  EXPECT_FALSE(run_baselines(plan, ColumnCostModel(), {"torchrec_greedy"})[0].cost_ms.has_value());
}

TEST(SearchRecord, KeepsItsProgressInThePlanFile) {
  const auto json = plan_to_json(sample_plan());
  EXPECT_EQ(json["search"]["progress"], nlohmann::json::parse("[[0.1, 9], [0.4, 8]]"));
}

}  // namespace
}  // namespace shardwright
