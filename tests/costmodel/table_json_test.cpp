#include "costmodel/table_json.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Table read(const std::string& text) {
  const json document = json::parse(text);
  return table_from_json(JsonView(document, "t.json", "tables[0]"));
}

// Reads {"name":"a","rows":10,"dim":8} with further members or other values.
Table read_with(const std::string& members) {
  json document = {{"name", "a"}, {"rows", 10}, {"dim", 8}};
  document.update(json::parse("{" + members + "}"));
  return table_from_json(JsonView(document, "t.json", "tables[0]"));
}

std::string refusal(const std::string& members) {
  try {
    read_with(members);
  } catch (const InputError& error) {
    return error.what();
  }
  ADD_FAILURE() << "not refused: " << members;
  return "";
}

TEST(TableJson, NeedsOnlyNameRowsAndDim) {
  const Table table = read(R"({"name": "a", "rows": 10, "dim": 8})");
  EXPECT_EQ(table.name, "a");
  EXPECT_EQ(table.rows, 10);
  EXPECT_EQ(table.dim, 8);
  EXPECT_EQ(table.pooling, 1);
  EXPECT_EQ(table.optimizer, OptimizerKind::rowwise_adagrad);
  EXPECT_THAT(table.features, ElementsAre("a"));
  EXPECT_FALSE(table.reuse);
}

TEST(TableJson, GivesBackEveryMemberItWrote) {
  Table table;
  table.name = "a";
  table.rows = std::int64_t{1} << 40;
  table.dim = 64;
  table.pooling = 0.125;
  table.mode = PoolingMode::mean;
  table.weighted = true;
  table.dtype = DataType::bf16;
  table.optimizer = OptimizerKind::adam;
  table.features = {"x", "y"};
  table.reuse = ReuseHistogram{0.75, 0.25};
  table.reuse_batch_size = 512;
  table.constraints.types = {ShardingType::row_wise, ShardingType::grid};
  table.constraints.ranks = {RankId(0), RankId(3)};
  table.constraints.min_column_width = 8;
  table.constraints.max_column_width = 32;
  table.constraints.max_shards = 5;
  const json written = json::parse(table_to_json(table).dump());
  EXPECT_EQ(table_from_json(JsonView(written, "t.json")), table);
}

TEST(TableJson, RefusesRowsBelowOneAndBeyondReach) {
  EXPECT_THAT(refusal(R"("rows": -5)"),
              AllOf(HasSubstr("t.json: tables[0].rows is -5"), HasSubstr("an integer from 1 to")));
  EXPECT_THAT(refusal(R"("rows": 0)"), HasSubstr("rows is 0"));
  EXPECT_THAT(refusal(R"("rows": 1e30)"), HasSubstr("rows is 1e+30"));
  EXPECT_THAT(refusal(R"("rows": 99999999999999999999)"), HasSubstr("rows is 1e+20"));
  EXPECT_THAT(refusal(R"("rows": 4611686018427387904)"),
              AllOf(HasSubstr("2^63 bytes"), HasSubstr("4611686018427387904 rows of 8")));
}

TEST(TableJson, SaysWhichDimsAreAllowed) {
  EXPECT_THAT(refusal(R"("dim": 30)"),
              AllOf(HasSubstr("dim is 30"), HasSubstr("multiple of 4"), HasSubstr("28 or 32")));
  for (const char* dim : {"2", "0", "-8", "8.5", "\"8\"", "2000000"}) {
    EXPECT_THAT(refusal(fmt::format("\"dim\": {}", dim)),
                HasSubstr(fmt::format("dim is {}, expected a multiple of 4 from 4 to", dim)));
  }
}

TEST(TableJson, AllowsPoolingZeroButNothingBelow) {
  EXPECT_EQ(read_with(R"("pooling": 0)").pooling, 0);
  EXPECT_THAT(refusal(R"("pooling": -1)"), HasSubstr("tables[0].pooling is -1"));
  EXPECT_THAT(refusal(R"("pooling": "NaN")"), HasSubstr("pooling is \"NaN\""));
  json document = {{"name", "a"}, {"rows", 10}, {"dim", 8}};
  document["pooling"] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(table_from_json(JsonView(document, "f")), InputError);
}

TEST(TableJson, ListsTheNamesItKnows) {
  EXPECT_THAT(refusal(R"("mode": "max")"),
              AllOf(HasSubstr("tables[0].mode"), HasSubstr("'max'"), HasSubstr("sum, mean, none")));
  EXPECT_THAT(refusal(R"("optimizer": "adagrat")"),
              HasSubstr("did you mean 'adagrad'? Allowed are sgd"));
  EXPECT_THAT(refusal(R"("dtype": "fp64")"), HasSubstr("fp32, bf16, fp16"));
  EXPECT_THAT(refusal(R"("constraints": {"types": ["table_wise", "grid_shard"]})"),
              AllOf(HasSubstr("constraints.types[1]"), HasSubstr("table_column_wise, grid")));
}

TEST(TableJson, RefusesUnknownMembersAndSuggestsTheNearest) {
  EXPECT_THAT(refusal(R"("poolin": 3)"), HasSubstr("did you mean \"pooling\"?"));
  EXPECT_THAT(refusal(R"("constraints": {"max_shard": 3})"),
              HasSubstr("did you mean \"max_shards\"?"));
}

TEST(TableJson, RefusesFeaturesNamedTwiceOrNotAtAll) {
  EXPECT_THAT(refusal(R"("features": ["x", "x"])"), HasSubstr("features[1] is \"x\""));
  EXPECT_THAT(refusal(R"("features": [])"), HasSubstr("at least one feature"));
  EXPECT_THAT(refusal(R"("name": "")"), HasSubstr("name"));
}

TEST(TableJson, RefusesHistogramsThatAreNoShares) {
  EXPECT_THAT(refusal(R"("reuse": [1, 0])"), HasSubstr("17 shares"));
  EXPECT_THAT(refusal(R"("reuse": [0.5,0.4,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0])"),
              HasSubstr("not to 0.9"));
  EXPECT_THAT(refusal(R"("reuse": [2,-1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0])"), HasSubstr("reuse[0]"));
  EXPECT_TRUE(read_with(R"("reuse": [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0])").reuse);
}

TEST(TableJson, RefusesConstraintsThatItCannotHonour) {
  EXPECT_THAT(refusal(R"("constraints": {"nodes": [-1]})"), HasSubstr("nodes[0] is -1"));
  EXPECT_THAT(refusal(R"("constraints": {"apart": [1]})"), HasSubstr("apart[0] is 1"));
  EXPECT_THAT(refusal(R"("constraints": {"min_column_width": 16, "max_column_width": 8})"),
              HasSubstr("not above max_column_width"));
  EXPECT_THAT(refusal(R"("constraints": {"min_column_width": 6})"), HasSubstr("multiple of 4"));
  EXPECT_THAT(refusal(R"("constraints": {"ranks": [-1]})"), HasSubstr("ranks[0] is -1"));
  EXPECT_THAT(refusal(R"("constraints": {"max_shards": 0})"), HasSubstr("max_shards is 0"));
}

TEST(Optimizers, KeepTheStateTheyAreKnownFor) {
  EXPECT_EQ(optimizer_bytes(OptimizerKind::sgd, 10, 8).value(), 0);
  EXPECT_EQ(optimizer_bytes(OptimizerKind::adagrad, 10, 8).value(), 320);
  EXPECT_EQ(optimizer_bytes(OptimizerKind::rowwise_adagrad, 10, 8).value(), 40);
  EXPECT_EQ(optimizer_bytes(OptimizerKind::adam, 10, 8).value(), 640);
  EXPECT_EQ(optimizer_bytes(OptimizerKind::rowwise_adam, 10, 8).value(), 360);
  EXPECT_EQ(optimizer_bytes(OptimizerKind::ftrl, 10, 8).value(), 640);
}

TEST(Weights, TakeHalfTheBytesInHalfPrecision) {
  Table table = read(R"({"name": "a", "rows": 10, "dim": 8})");
  EXPECT_EQ(weight_bytes(table, 10, 8).value(), 320);
  table.dtype = DataType::fp16;
  EXPECT_EQ(weight_bytes(table, 10, 4).value(), 80);
}

}  // namespace
}  // namespace shardwright
