#include "planner/sweep/sweep.hpp"

#include "tests/planner/sample_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>

namespace shardwright {
namespace {

using ::testing::HasSubstr;

SweepPoint point(std::int64_t ranks, std::int64_t batch, double step_ms,
                 std::string_view topology = "t") {
  return {std::string(topology), ranks, batch, Termination::feasible, step_ms, {}, {}, 0, false};
}

SearchResult plan_greedily(const Workload& workload, const NamedTopology& named) {
  SearchOptions options;
  options.algorithm = "dim_greedy";
  options.memory_model = MemoryModel::weights;
  return search_plan(workload, named.topology, *named.cost_model, options);
}

TEST(Sweep, MarksWhatNothingElseBeats) {
  std::vector<SweepPoint> points = {point(4, 100, 10), point(8, 100, 6), point(8, 100, 12),
                                    point(8, 300, 15)};
  points.push_back(point(2, 100, 1));
  points.back().termination = Termination::no_plan_found;
  mark_front(points);
  EXPECT_TRUE(points[0].on_front) << "fewest ranks";
  EXPECT_TRUE(points[1].on_front) << "shortest step";
  EXPECT_FALSE(points[2].on_front) << "more ranks and slower than the first";
  EXPECT_TRUE(points[3].on_front) << "most samples per second";
  EXPECT_FALSE(points[4].on_front) << "has no plan";
}

TEST(Sweep, PlansEveryPairOfTopologyAndBatch) {
  const Workload workload{{sample_table("a", 100, 16), sample_table("b", 100, 8)}, 0};
  const auto model = std::make_shared<ColumnCostModel>();
  const std::vector<NamedTopology> topologies = {
      {"one", sample_topology({1 << 20}), model},
      {"two", sample_topology({1 << 20, 1 << 20}), model},
      {"tiny", sample_topology({16}), model}};
  const auto points = sweep(workload, topologies, {10, 20}, plan_greedily);
  ASSERT_EQ(points.size(), 6U);
  EXPECT_DOUBLE_EQ(points[0].step_ms, 24);
  EXPECT_DOUBLE_EQ(points[2].step_ms, 16);
  EXPECT_DOUBLE_EQ(points[3].samples_per_s(), 20 / 0.016);
  EXPECT_EQ(points[2].fullest, Bytes(6400));
  EXPECT_FALSE(points[4].has_plan());
}

TEST(Sweep, EndsWithThePointsThatItHasWhenStopped) {
  const Workload workload{{sample_table("a", 100, 16)}, 0};
  const auto model = std::make_shared<ColumnCostModel>();
  const std::vector<NamedTopology> topologies = {{"one", sample_topology({1 << 20}), model},
                                                 {"same", sample_topology({1 << 20}), model}};
  std::atomic<bool> stop = false;
  const auto stopped_at_20 = [&](const Workload& sized, const NamedTopology& named) {
    stop = sized.batch_size == 20;
    return plan_greedily(sized, named);
  };
  const auto points = sweep(workload, topologies, {10, 20, 30}, stopped_at_20, &stop);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_TRUE(points[1].has_plan());
  EXPECT_TRUE(points[1].on_front) << "also of fewer points";
}

TEST(Sweep, HasAPointForAContradiction) {
  Workload workload{{sample_table("a", 100, 16)}, 0};
  workload.tables[0].constraints.ranks = {RankId(1)};
  const auto model = std::make_shared<ColumnCostModel>();
  const std::vector<NamedTopology> topologies = {
      {"one", sample_topology({1 << 20}), model},
      {"two", sample_topology({1 << 20, 1 << 20}), model}};
  const auto points = sweep(workload, topologies, {10, 20}, plan_greedily);
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[0].status(), "contradiction");
  EXPECT_THAT(points[0].contradiction, HasSubstr("'a' is constrained to rank 1"));
  EXPECT_FALSE(points[0].has_plan());
  EXPECT_TRUE(points[2].has_plan());
  const std::string text = sweep_to_text(points);
  EXPECT_THAT(text, HasSubstr("one: Table 'a'"));
  EXPECT_EQ(text.find("Table 'a'"), text.rfind("Table 'a'")) << "once for both batches";
  EXPECT_THAT(sweep_to_csv(points), HasSubstr("one,1,10,contradiction,,,,,,,0"));
  EXPECT_EQ(sweep_to_json(points)["points"][1]["status"], "contradiction");
  EXPECT_FALSE(sweep_to_json(points)["points"][2].contains("contradiction"));
}

TEST(Sweep, WritesOneLinePerPoint) {
  std::vector<SweepPoint> points = {point(4, 100, 10, "a,\"b\""), point(8, 100, 6)};
  points[1].termination = Termination::infeasible;
  mark_front(points);
  const std::string csv = sweep_to_csv(points);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  EXPECT_THAT(csv, HasSubstr("\"a,\"\"b\"\"\",4,100,feasible,10,10000,2500,"));
  EXPECT_THAT(csv, HasSubstr("t,8,100,infeasible,,,,,,,0"));
  EXPECT_THAT(sweep_to_text(points), HasSubstr("infeasible"));
  EXPECT_TRUE(sweep_to_json(points)["points"][1]["step_ms"].is_null());
}

}  // namespace
}  // namespace shardwright
