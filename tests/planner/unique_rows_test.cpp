#include "planner/unique_rows.hpp"

#include "costmodel/device.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/unique_rows.hpp"
#include "planner/check.hpp"
#include "planner/describe_plan.hpp"
#include "planner/explain/explain_plan.hpp"
#include "planner/explain/explanation_json.hpp"
#include "planner/explain/explanation_text.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/unique_rows_search.hpp"
#include "planner/unique_rows_choice.hpp"
#include "planner/unique_rows_memory.hpp"
#include "planner/unique_rows_price.hpp"
#include "tests/planner/hot_and_cold.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <sstream>
#include <string>

namespace shardwright {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

Plan chosen(Plan plan, UniqueRowsChoice choice = UniqueRowsChoice::cheaper) {
  choose_unique_rows(plan, *make_cost_model("analytic"), choice);
  return plan;
}

TEST(UniqueRowsChoice, TakesTheTableWhoseIdsRepeatAndNotTheOther) {
  const Plan pooled = hot_and_cold();
  const Plan plan = chosen(pooled);
  EXPECT_THAT(plan.unique_rows, ElementsAre(kHot));
  EXPECT_LT(plan.cost_ms, pooled.cost_ms);
  EXPECT_THAT(plan.reasons[0], HasSubstr("sends unique rows"));
  EXPECT_EQ(plan.reasons[1], "whole");
  EXPECT_GT(chosen(pooled, UniqueRowsChoice::all).cost_ms, plan.cost_ms) << "the cold one too";
  EXPECT_THAT(chosen(pooled, UniqueRowsChoice::none).unique_rows, IsEmpty());
}

/// Also where a plan that says it already is chosen for anew.
TEST(UniqueRowsChoice, SaysOnceOfWhichTablesRowsAreSent) {
  const Plan both = chosen(hot_and_cold(), UniqueRowsChoice::all);
  EXPECT_THAT(both.reasons[1], HasSubstr("sends unique rows"));
  const Plan plan = chosen(both);
  EXPECT_THAT(plan.reasons[0], MatchesRegex("whole; sends unique rows: .* of 4096 ids a rank"));
  EXPECT_EQ(plan.reasons[0].find("sends"), plan.reasons[0].rfind("sends"));
  EXPECT_EQ(plan.reasons[1], "whole");
}

/// What the data says of ids counts for more than what is assumed where it says nothing.
TEST(UniqueRowsChoice, GoesByTheMeasuredReuse) {
  Plan plan = hot_and_cold();
  plan.workload.tables[0].rows = plan.shards[0].row_end = 1'000'000;
  Table& table = plan.workload.tables[0];
  table.reuse_batch_size = 4096;
  table.reuse = ReuseHistogram{};
  table.reuse->at(0) = 1;  // none is named twice
  EXPECT_THAT(chosen(plan).unique_rows, IsEmpty());
  table.reuse = ReuseHistogram{};
  table.reuse->at(6) = 1;  // each 32 to 64 times
  EXPECT_THAT(chosen(plan).unique_rows, ElementsAre(kHot));
}

TEST(UniqueRowsChoice, LeavesOutWhatHasNoSuchExchange) {
  Plan plan = hot_and_cold();
  plan.shards[0].type = ShardingType::data_parallel;
  plan.shards[0].rank.reset();
  EXPECT_THAT(chosen(plan, UniqueRowsChoice::all).unique_rows, ElementsAre(kCold));
  plan.workload.tables[1].mode = PoolingMode::none;
  EXPECT_THAT(chosen(plan, UniqueRowsChoice::all).unique_rows, IsEmpty());
  Plan on_gpus = hot_and_cold();
  for (RankSpec& rank : on_gpus.topology.ranks) rank.device = "H100";
  EXPECT_THAT(chosen(on_gpus, UniqueRowsChoice::all).unique_rows, IsEmpty());
}

TEST(UniqueRowsChoice, LeavesOutWhatDoesNotFit) {
  const Plan all = chosen(hot_and_cold(), UniqueRowsChoice::all);
  Plan plan = hot_and_cold();
  const auto memory = memory_of_plan(all, all.shards);
  plan.topology.ranks[1].memory = memory[1].total();
  EXPECT_THAT(chosen(plan, UniqueRowsChoice::all).unique_rows, ElementsAre(kHot, kCold));
  plan.topology.ranks[1].memory = memory[1].total() - Bytes(1);
  EXPECT_THAT(chosen(plan, UniqueRowsChoice::all).unique_rows, ElementsAre(kHot));
}

TEST(UniqueRowsPrice, CountsRowsAskedForByAllRanks) {
  Plan plan = hot_and_cold();
  plan.unique_rows = {kHot};
  const double asked = unique_ids_of_rank(plan.workload.tables[0], plan.workload, plan.topology);
  EXPECT_NEAR(asked, 50, 1.5) << "nearly all rows";
  const Workload exchanged = workload_as_exchanged(plan);
  EXPECT_EQ(exchanged.tables[1], plan.workload.tables[1]);
  EXPECT_NEAR(exchanged.tables[0].pooling * 8192, 2 * asked, 1e-6);
  EXPECT_NEAR(expected_unique_rows(exchanged.tables[0], 8192),
              expected_unique_rows(plan.workload.tables[0], 8192), 0.5);
  EXPECT_EQ(workload_as_exchanged(hot_and_cold()), plan.workload) << "no such table";
}

/// Each rank pools 4,096 vectors of 64 columns itself, of as many ids.
TEST(UniqueRowsPrice, CountsThePoolingOfEveryRank) {
  Plan plan = hot_and_cold();
  const auto model = make_cost_model("analytic");
  plan.unique_rows = {kHot};
  const double u = unique_ids_of_rank(plan.workload.tables[0], plan.workload, plan.topology);
  const PoolingBytes bytes = pooling_bytes(plan, kHot);
  EXPECT_NEAR(bytes.forward, 4096 * (2 * 256 + 8), 1);
  EXPECT_NEAR(bytes.backward, 4096 * (256 + 8) + 256 * u, 1);
  const auto priced = model->price(workload_as_exchanged(plan), plan.topology, plan.shards);
  const auto times = price_plan(plan, *model);
  const double bytes_per_ms = find_device("cpu").memory_bandwidth_bytes_per_second / 1e3;
  for (std::size_t rank = 0; rank < 2; ++rank) {
    const double more = times[rank].compute_forward_ms - priced[rank].compute_forward_ms;
    EXPECT_NEAR(more * bytes_per_ms, bytes.forward, 1);
  }
}

TEST(UniqueRowsPlan, KeepsThemInItsFileAndId) {
  const Plan pooled = hot_and_cold();
  EXPECT_FALSE(plan_to_json(pooled).contains("unique_rows"));
  Plan plan = pooled;
  plan.unique_rows = {kCold};
  EXPECT_EQ(plan_to_json(plan)["unique_rows"], nlohmann::json::array({"cold"}));
  EXPECT_NE(plan_id(plan), plan_id(pooled));
}

TEST(UniqueRowsPlan, RefusesTablesThatAreNotPooledOrOnEveryRank) {
  Plan plan = hot_and_cold();
  plan.unique_rows = {kHot, kCold};
  EXPECT_THAT(check_plan(plan), IsEmpty());
  plan.workload.tables[1].mode = PoolingMode::none;
  EXPECT_THAT(check_plan(plan), ElementsAre(HasSubstr("Table 'cold' is not pooled")));
  plan = hot_and_cold();
  plan.shards[0].type = ShardingType::data_parallel;
  plan.shards[0].rank.reset();
  plan.unique_rows = {kHot};
  EXPECT_THAT(check_plan(plan), ElementsAre(HasSubstr("Table 'hot' is data_parallel")));
  plan.unique_rows = {TableId(2)};
  EXPECT_THAT(check_plan(plan), ElementsAre(HasSubstr("does not exist")));
  plan.unique_rows = {kCold, kCold};
  EXPECT_THAT(check_plan(plan), ElementsAre(HasSubstr("once")));
}

/// What was broken into lines in one.
std::string on_one_line(const std::string& text) {
  std::istringstream words(text);
  std::string line;
  for (std::string word; words >> word;) line += word + " ";
  return line;
}

TEST(UniqueRowsExplanation, SaysWhatTheOtherWayWouldCost) {
  const auto model = make_cost_model("analytic");
  const Plan pooled = hot_and_cold();
  const Explanation before = explain_plan(pooled, *model, {});
  EXPECT_THAT(on_one_line(explanation_to_text(pooled, before)), HasSubstr("; as unique rows -"));
  const Plan plan = chosen(pooled);
  const Explanation after = explain_plan(plan, *model, {});
  EXPECT_THAT(on_one_line(explanation_to_text(plan, after)),
              HasSubstr("; sends unique rows, pooled values +"));
  EXPECT_THAT(on_one_line(explanation_to_text(plan, after)), Not(HasSubstr("as unique rows -")));
  const auto json = explanation_to_json(plan, after);
  for (const auto& table : json["tables"]) {
    EXPECT_EQ(table["exchange"], table["table"] == "hot" ? "unique_rows" : "pooled");
    EXPECT_GT(table["other_exchange_ms"].get<double>(), plan.cost_ms);
  }
  EXPECT_NEAR(after.cost_ms, plan.cost_ms, 1e-9 * plan.cost_ms);
}

TEST(UniqueRowsDescription, NamesThem) {
  EXPECT_THAT(describe_placement(chosen(hot_and_cold())), HasSubstr("sends unique rows"));
}

SearchOptions short_search() {
  SearchOptions options;
  options.types.assign(kAllShardingTypes.begin(), kAllShardingTypes.end());
  options.effort.work_limit = 500;
  return options;
}

TEST(UniqueRowsSearch, SearchesOnceMoreAndIsNoWorseThanTheChoiceAlone) {
  const auto model = make_cost_model("analytic");
  const Plan asked = hot_and_cold();
  SearchResult alone = search_plan(asked.workload, asked.topology, *model, short_search());
  choose_unique_rows(alone, *model, UniqueRowsChoice::all);
  const SearchResult found = search_plan_with_unique_rows(asked.workload, asked.topology, *model,
                                                          short_search(), UniqueRowsChoice::all);
  ASSERT_TRUE(found.plan);
  EXPECT_EQ(found.plan->workload, asked.workload);
  EXPECT_THAT(check_plan(*found.plan), IsEmpty());
  EXPECT_LE(found.plan->cost_ms, alone.plan->cost_ms);
  EXPECT_GT(found.record.evaluations, alone.record.evaluations);
  EXPECT_FALSE(found.lower_bound_ms);
}

TEST(UniqueRowsSearch, IsTheSearchAloneWhereNoneAreWanted) {
  const auto model = make_cost_model("analytic");
  const Plan asked = hot_and_cold();
  const SearchResult alone = search_plan(asked.workload, asked.topology, *model, short_search());
  const SearchResult found = search_plan_with_unique_rows(asked.workload, asked.topology, *model,
                                                          short_search(), UniqueRowsChoice::none);
  EXPECT_EQ(plan_id(*found.plan), plan_id(*alone.plan));
  EXPECT_EQ(found.lower_bound_ms, alone.lower_bound_ms);
  EXPECT_EQ(found.record.evaluations, alone.record.evaluations);
}

// Vectors of single ids, which are not exchanged as unique rows, on three ranks, which share them
// so that no plan meets the bound.
Plan without_unique_rows() {
  Plan plan;
  for (std::int64_t i = 1; i <= 7; ++i) {
    plan.workload.tables.push_back(sample_table("t" + std::to_string(i), 1000 * i, 8 + 4 * i, 3));
    plan.workload.tables.back().mode = PoolingMode::none;
  }
  plan.workload.batch_size = 4096;
  plan.topology = sample_topology({kPlenty, kPlenty, kPlenty});
  return plan;
}

SearchResult search_for(double seconds, const Plan& asked, Objective objective) {
  SearchOptions options;
  options.types = {ShardingType::table_wise};
  options.effort.time_limit_seconds = seconds;
  options.effort.threads = 1;
  options.objective = objective;
  return search_plan_with_unique_rows(asked.workload, asked.topology, *make_cost_model("analytic"),
                                      options, UniqueRowsChoice::cheaper);
}

TEST(UniqueRowsSearch, TakesAllOfATimeLimitWhereNoTableIsChosen) {
  const Plan asked = without_unique_rows();
  for (const Objective objective : {Objective::step, Objective::memory}) {
    const SearchResult found = search_for(0.4, asked, objective);
    ASSERT_TRUE(found.plan);
    EXPECT_EQ(found.record.stopped_by, "time") << to_string(objective);
    EXPECT_GE(found.record.seconds, 0.35) << to_string(objective);
    EXPECT_EQ(found.plan->search.seconds, found.record.seconds);
    EXPECT_EQ(found.plan->search.seed, 1U);
  }
}

TEST(UniqueRowsSearch, SaysWhatWouldHelpWhereThereIsNoPlanInTime) {
  Plan asked = hot_and_cold();
  asked.topology = sample_topology({200'000'000, 200'000'000});
  SearchOptions options = short_search();
  options.effort.time_limit_seconds = 2;
  options.find_ways_out = true;
  const SearchResult found = search_plan_with_unique_rows(
      asked.workload, asked.topology, *make_cost_model("analytic"), options, UniqueRowsChoice::all);
  EXPECT_EQ(found.termination, Termination::infeasible);
  EXPECT_FALSE(found.ways_out.empty());
}

TEST(ParseUniqueRowsChoice, KnowsItsNames) {
  EXPECT_EQ(parse_unique_rows_choice("all"), UniqueRowsChoice::all);
  EXPECT_EQ(to_string(UniqueRowsChoice::cheaper), "cheaper");
  EXPECT_THROW(parse_unique_rows_choice("some"), UsageError);
}

}  // namespace
}  // namespace shardwright
