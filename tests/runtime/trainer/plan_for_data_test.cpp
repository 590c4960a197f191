#include "runtime/trainer/plan_for_data.hpp"

#include "costmodel/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace shardwright {
namespace {

Workload workload() {
  Workload workload;
  for (const auto& [name, rows] : {std::pair{"a", 10}, std::pair{"b", 20}, std::pair{"c", 30}}) {
    Table table;
    table.name = name;
    table.rows = rows;
    table.dim = 8;
    workload.tables.push_back(table);
  }
  return workload;
}

void expect_refused(const Workload& plan, const Workload& data, const std::string& sentence) {
  try {
    require_same_tables(plan, "plan.json", data, "data/tables.json");
    FAIL() << "accepted; expected: " << sentence;
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(sentence));
  }
}

TEST(PlanForData, WithoutAPlanTablesGoRoundRobin) {
  const Plan plan = plan_for_data("", 2, workload(), "data/tables.json");

  ASSERT_EQ(plan.shards.size(), 3U);
  EXPECT_EQ(plan.shards[0].rank, RankId{0});
  EXPECT_EQ(plan.shards[1].rank, RankId{1});
  EXPECT_EQ(plan.shards[2].rank, RankId{0});
  EXPECT_EQ(plan.shards[2].rows(), 30);
  EXPECT_EQ(plan.shards[2].columns(), 8);
  EXPECT_EQ(plan.topology.size(), 2);
}

TEST(PlanForData, TablesMayStandInAnyOrder) {
  Workload reversed = workload();
  std::reverse(reversed.tables.begin(), reversed.tables.end());

  EXPECT_NO_THROW(require_same_tables(reversed, "plan.json", workload(), "data/tables.json"));
}

TEST(PlanForData, NamesTheFirstDifference) {
  Workload other = workload();
  other.tables[1].rows = 21;
  expect_refused(other, workload(), "table b has 21 rows in the plan and 20 in the data");
  other = workload();
  other.tables[1].dim = 4;
  expect_refused(other, workload(), "table b has dim 4 in the plan and 8 in the data");
  other = workload();
  other.tables[2].mode = PoolingMode::mean;
  expect_refused(other, workload(), "table c has mode mean in the plan and sum in the data");
  other = workload();
  other.tables[0].weighted = true;
  expect_refused(other, workload(), "table a is weighted in the plan and not in the data");
  other = workload();
  other.tables[0].name = std::string(1, 'z');
  expect_refused(other, workload(), "table z is in the plan alone");
  other = workload();
  other.tables.pop_back();
  expect_refused(other, workload(), "table c is in the data alone");
}

}  // namespace
}  // namespace shardwright
