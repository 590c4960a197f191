#include "planner/describe_plan.hpp"
#include "planner/rate_plan.hpp"
#include "planner/readable_json.hpp"
#include "planner/text_table.hpp"
#include "tests/planner/sample_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

namespace shardwright {
namespace {

using ::testing::HasSubstr;
using ::testing::Le;

std::size_t code_points(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

void expect_at_most_120_columns(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_THAT(code_points(line), Le(120U)) << line;
  }
}

TEST(TextTable, AlignsColumns) {
  EXPECT_EQ(format_table(
                {{{"n"}, {"name", false}, {"why", false}}, {{"1", "a·b", "x"}, {"20", "b", "yy"}}}),
            " n  name  why\n"
            " 1  a·b   x\n"
            "20  b     yy\n");
}

TEST(TextTable, CutsCellsAndWrapsTheLastColumn) {
  std::string long_text = "word";
  for (int i = 0; i < 30; ++i) long_text += " and word";
  const std::string text =
      format_table({{{"name", false, 5}, {"why", false}}, {{"·······", long_text}}});
  EXPECT_THAT(text, HasSubstr("····…  word and"));
  EXPECT_THAT(text, HasSubstr("\n       word"));
  expect_at_most_120_columns(text);
}

TEST(TextTable, KeepsControlCharactersFromTheTerminal) {
  EXPECT_EQ(format_table({{{"name", false}, {"n"}}, {{"a\nb\x1B[2J\x7F", "1"}}}),
            "name      n\n"
            "a?b?[2J?  1\n");
}

TEST(ReadableJson, KeepsShortValuesOnOneLine) {
  EXPECT_EQ(readable_json({{"a", {1, 2}}, {"b", {{"c", nullptr}}}}),
            "{\"a\": [1, 2], \"b\": {\"c\": null}}\n");
}

TEST(ReadableJson, BreaksLongValuesAndStaysJson) {
  const nlohmann::json json = {{"list", std::vector<std::string>(3, std::string(60, 'x'))},
                               {"empty", nlohmann::json::array()}};
  const std::string text = readable_json(json);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 8);
  EXPECT_EQ(nlohmann::json::parse(text), json);
}

TEST(DescribePlan, StaysWithin120Columns) {
  Plan plan;
  plan.topology = sample_topology(std::vector<std::int64_t>(40, std::int64_t{1} << 60));
  for (std::int64_t i = 0; i < 40; ++i) {
    const std::string name = "a_table_with_a_long_name_" + std::to_string(i);
    plan.workload.tables.push_back(sample_table(name, std::int64_t{1} << 50, 8));
    for (std::int64_t half : {0, 1}) {
      plan.shards.push_back({TableId(i), ShardingType::table_column_wise, 0, std::int64_t{1} << 50,
                             4 * half, 4 * half + 4, RankId((i * 7 + half * 3) % 40)});
    }
    plan.reasons.push_back(std::string("a reason that goes on and on ") + std::string(90, 'y'));
  }
  rate_plan(plan, ColumnCostModel());
  for (RankPrediction& rank : plan.predicted) rank.phases.comm_input_ms = 123456.789;
  expect_at_most_120_columns(describe_prediction(plan));
  expect_at_most_120_columns(describe_placement(plan));
}

TEST(DescribePlan, TellsCostMemoryAndWhy) {
  Plan plan;
  plan.workload = {{sample_table("a", 256, 16)}, 4};
  plan.topology = sample_topology({65536, 65536, 65536});
  plan.memory_model = MemoryModel::weights;
  plan.shards = {{TableId(0), ShardingType::column_wise, 0, 256, 0, 8, RankId(0)},
                 {TableId(0), ShardingType::column_wise, 0, 256, 8, 16, RankId(1)}};
  plan.reasons = {"it is a test"};
  rate_plan(plan, ColumnCostModel());
  const std::string prediction = describe_prediction(plan);
  EXPECT_THAT(prediction, HasSubstr("1 tables in 2 shards on 3 ranks"));
  EXPECT_THAT(prediction, HasSubstr("8.000 ms a step"));
  EXPECT_THAT(prediction, HasSubstr("8 KiB"));
  EXPECT_THAT(prediction, HasSubstr("12.5%"));
  EXPECT_THAT(describe_placement(plan), HasSubstr("column_wise       2  0-1    it is a test"));
}

}  // namespace
}  // namespace shardwright
