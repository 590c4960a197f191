#include "planner/spec/tables_json.hpp"

#include "costmodel/errors.hpp"
#include "tests/planner/refusal.hpp"
#include "tests/planner/sample_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace shardwright {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Workload read(const std::string& text) { return tables_from_json({"tables.json", text}); }

std::string with_table(const std::string& table) {
  return R"({"schema": "shardwright.tables/1", "tables": [)" + table + "]}";
}

std::string refusal(const std::string& text) {
  return refusal_of<InputError>([&] { read(text); });
}

TEST(TablesJson, ReadsTablesAndBatchSize) {
  const Workload workload = read(
      R"({"schema": "shardwright.tables/1", "batch_size": 64,
          "tables": [{"name": "a", "rows": 10, "dim": 8}, {"name": "b", "rows": 5, "dim": 4}]})");
  EXPECT_EQ(workload.batch_size, 64);
  ASSERT_EQ(workload.tables.size(), 2U);
  EXPECT_EQ(workload.tables[1].name, "b");
}

TEST(TablesJson, LeavesTheBatchSizeOpen) {
  EXPECT_EQ(read(with_table(R"({"name": "a", "rows": 10, "dim": 8})")).batch_size, 0);
}

TEST(TablesJson, GivesBackWhatItWrites) {
  const Workload workload{{sample_table("a", 10, 8, 2.5), sample_table("b", 7, 4, 0)}, 128};
  EXPECT_EQ(read(tables_to_json(workload).dump()), workload);
}

TEST(TablesJson, RefusesAFileWithoutSchemaAndSaysTheRemedy) {
  EXPECT_THAT(refusal(R"({"tables": []})"),
              AllOf(HasSubstr("tables.json"), HasSubstr("\"schema\": \"shardwright.tables/1\"")));
}

TEST(TablesJson, RefusesAnotherKindOfFile) {
  EXPECT_THAT(refusal(R"({"schema": "shardwright.plan/1", "tables": []})"),
              AllOf(HasSubstr("shardwright.plan/1"), HasSubstr("shardwright.tables/1")));
}

TEST(TablesJson, SaysWhereJsonIsMalformed) {
  EXPECT_THAT(refusal("{\n  \"schema\": }"), HasSubstr("tables.json: line 2, column 13"));
}

TEST(TablesJson, SuggestsTheNearestKey) {
  EXPECT_THAT(refusal(with_table(R"({"name": "a", "rows": 10, "dim": 8, "poolin": 1})")),
              AllOf(HasSubstr("tables[0]"), HasSubstr("poolin"), HasSubstr("\"pooling\"?")));
  EXPECT_THAT(refusal(R"({"schema": "shardwright.tables/1", "tables": [], "batchsize": 1})"),
              HasSubstr("did you mean \"batch_size\"?"));
}

TEST(TablesJson, RefusesNegativeRows) {
  EXPECT_THAT(refusal(with_table(R"({"name": "a", "rows": -5, "dim": 8})")),
              AllOf(HasSubstr("tables[0].rows is -5"), HasSubstr("from 1")));
}

TEST(TablesJson, RefusesRowsThatOverflow) {
  EXPECT_THAT(refusal(with_table(R"({"name": "a", "rows": 99999999999999999999, "dim": 8})")),
              HasSubstr("tables[0].rows is 1e+20"));
  EXPECT_THAT(refusal(with_table(R"({"name": "a", "rows": 4000000000000000000, "dim": 8})")),
              HasSubstr("2^63"));
}

TEST(TablesJson, RefusesADimThatIsNoMultipleOf4) {
  EXPECT_THAT(refusal(with_table(R"({"name": "a", "rows": 5, "dim": 30})")),
              AllOf(HasSubstr("tables[0].dim is 30"), HasSubstr("28 or 32")));
}

TEST(TablesJson, RefusesNegativePooling) {
  EXPECT_THAT(refusal(with_table(R"({"name": "a", "rows": 5, "dim": 4, "pooling": -1})")),
              HasSubstr("tables[0].pooling is -1"));
}

TEST(TablesJson, RefusesPoolingThatIsNotANumber) {
  EXPECT_THAT(refusal(with_table(R"({"name": "a", "rows": 5, "dim": 4, "pooling": "nan"})")),
              HasSubstr("tables[0].pooling is \"nan\""));
  EXPECT_THAT(refusal(with_table(R"({"name": "a", "rows": 5, "dim": 4, "pooling": NaN})")),
              HasSubstr("line 1, column"));
}

TEST(TablesJson, RefusesANameThatComesTwice) {
  EXPECT_THAT(refusal(with_table(R"({"name": "a", "rows": 5, "dim": 4},
                                    {"name": "b", "rows": 5, "dim": 4},
                                    {"name": "a", "rows": 9, "dim": 4})")),
              AllOf(HasSubstr("tables[2].name is \"a\""), HasSubstr("tables[0]")));
}

TEST(TablesJson, RefusesAFeatureOfTwoTables) {
  const std::string named = R"({"name": "a", "rows": 9, "dim": 8, "features": ["user", "item"]})";
  EXPECT_THAT(refusal(with_table(
                  named + R"(, {"name": "b", "rows": 9, "dim": 4, "features": ["x", "item"]})")),
              AllOf(HasSubstr("tables[1]"), HasSubstr("'b'"), HasSubstr("'item'"),
                    HasSubstr("'a' (tables[0])")));
  EXPECT_THAT(refusal(with_table(named + R"(, {"name": "user", "rows": 9, "dim": 4})")),
              HasSubstr("feature 'user'"));
}

TEST(TablesJson, RefusesNoTablesAtAll) {
  EXPECT_THAT(refusal(with_table("")), HasSubstr("no tables"));
}

TEST(TablesJson, RefusesABatchOfNothing) {
  EXPECT_THAT(refusal(R"({"schema": "shardwright.tables/1", "batch_size": 0,
                          "tables": [{"name": "a", "rows": 5, "dim": 4}]})"),
              HasSubstr("batch_size is 0"));
}

}  // namespace
}  // namespace shardwright
