#include "runtime/data/batch_reuse.hpp"
#include "runtime/data/dataset_writer.hpp"
#include "runtime/data/ranking_auc.hpp"
#include "runtime/data/standard_score.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace shardwright {
namespace {

// Bags of features 0 and 1, both of table "t", and of feature 2, of table "u".
void write_bags(const std::string& folder,
                const std::vector<std::vector<std::vector<std::int64_t>>>& samples) {
  DatasetWriter writer(folder, {}, {{"a", "t", false}, {"b", "t", false}, {"c", "u", false}});
  for (const auto& ids : samples) writer.add({0, {}, ids, {}});
  writer.finish();
}

std::vector<Table> two_tables() {
  std::vector<Table> tables(2);
  tables[0].name = "t";
  tables[1].name = "u";
  return tables;
}

TEST(BatchReuse, CountsRowsOverAllFeaturesOfATable) {
  const TemporaryFolder temporary;
  write_bags(temporary / "data", {{{5}, {5, 5}, {}}, {{1}, {5}, {}}});
  std::vector<Table> tables = two_tables();
  measure_batch_reuse(Dataset(temporary / "data"), 2, tables);
  ASSERT_TRUE(tables[0].reuse);
  EXPECT_EQ((*tables[0].reuse)[0], 0.5);  // row 1: once
  EXPECT_EQ((*tables[0].reuse)[2], 0.5);  // row 5: four times
  EXPECT_EQ(tables[0].reuse_batch_size, 2);
  EXPECT_FALSE(tables[1].reuse);  // never looked up
  EXPECT_FALSE(tables[1].reuse_batch_size);
}

TEST(BatchReuse, AveragesBatchesThatHaveLookups) {
  const TemporaryFolder temporary;
  write_bags(temporary / "data", {{{1, 1}, {}, {}},  // one row twice
                                  {{}, {}, {7}},     // none of t
                                  {{1, 2}, {}, {}},  // two rows once
                                  {{}, {}, {}}});
  std::vector<Table> tables = two_tables();
  measure_batch_reuse(Dataset(temporary / "data"), 1, tables);
  EXPECT_EQ((*tables[0].reuse)[0], 0.5);
  EXPECT_EQ((*tables[0].reuse)[1], 0.5);
  EXPECT_EQ((*tables[1].reuse)[0], 1);
}

TEST(BatchReuse, TakesASmallDataSetWholeAndSaysSo) {
  const TemporaryFolder temporary;
  write_bags(temporary / "data", {{{1}, {}, {}}, {{1}, {}, {}}, {{1}, {}, {}}});
  std::vector<Table> tables = two_tables();
  measure_batch_reuse(Dataset(temporary / "data"), 1024, tables);
  EXPECT_EQ(tables[0].reuse_batch_size, 3);
  EXPECT_EQ((*tables[0].reuse)[2], 1);
}

TEST(BatchReuse, SpreadsTenBatchesOverTheDataSet) {
  const TemporaryFolder temporary;
  // Every fourth sample, where the batches begin, asks twice.
  std::vector<std::vector<std::vector<std::int64_t>>> samples(40, {{1}, {}, {}});
  for (std::size_t n = 0; n < samples.size(); n += 4) samples[n][0] = {1, 1};
  write_bags(temporary / "data", samples);
  std::vector<Table> tables = two_tables();
  measure_batch_reuse(Dataset(temporary / "data"), 1, tables);
  EXPECT_EQ((*tables[0].reuse)[1], 1);
}

TEST(RankingAuc, CountsOrderedPairs) {
  EXPECT_EQ(ranking_auc({{0.9, true}, {0.5, true}, {0.5, false}, {0.1, false}}), 0.875);
  EXPECT_EQ(ranking_auc({{1, false}, {2, true}}), 1);
  EXPECT_EQ(ranking_auc({{1, true}, {2, false}}), 0);
  EXPECT_EQ(ranking_auc({{1, true}, {1, false}, {1, true}}), 0.5);
}

TEST(RankingAuc, IsEmptyWithoutPairs) {
  EXPECT_EQ(ranking_auc({}), std::nullopt);
  EXPECT_EQ(ranking_auc({{1, true}, {2, true}}), std::nullopt);
  EXPECT_EQ(ranking_auc({{1, false}}), std::nullopt);
}

RC_GTEST_PROP(RankingAuc, EqualsTheShareOfAllPairs, ()) {
  const auto scores = *rc::gen::container<std::vector<std::pair<int, bool>>>(
      rc::gen::pair(rc::gen::inRange(0, 8), rc::gen::arbitrary<bool>()));
  std::vector<RankedSample> samples;
  double ordered = 0;
  double pairs = 0;
  samples.reserve(scores.size());
  for (const auto& [score, positive] : scores) samples.push_back({1.0 * score, positive});
  for (const RankedSample& up : samples)
    for (const RankedSample& down : samples) {
      if (!up.positive || down.positive) continue;
      pairs += 1;
      ordered += up.score > down.score ? 1 : up.score == down.score ? 0.5 : 0;
    }
  RC_ASSERT(ranking_auc(samples) == (pairs == 0 ? std::nullopt : std::optional(ordered / pairs)));
}

TEST(StandardScore, HasMean0AndDeviation1) {
  StandardScore score;
  for (const double value : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) score.learn(value);
  EXPECT_DOUBLE_EQ(score.mean(), 5);
  EXPECT_DOUBLE_EQ(score.deviation(), 2);
  EXPECT_EQ(score.score(9), 2);
}

TEST(StandardScore, GivesAConstantScore0) {
  StandardScore score;
  score.learn(3);
  score.learn(3);
  EXPECT_EQ(score.score(3), 0);
  EXPECT_EQ(StandardScore().score(3), 0);
}

}  // namespace
}  // namespace shardwright
