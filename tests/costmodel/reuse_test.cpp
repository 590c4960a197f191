#include "costmodel/reuse.hpp"

#include "costmodel/compute/reuse_cache.hpp"
#include "costmodel/unique_rows.hpp"
#include "tests/costmodel/sample_plans.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numeric>
#include <random>
#include <unordered_set>

namespace shardwright {
namespace {

double sum(const ReuseHistogram& histogram) {
  return std::accumulate(histogram.begin(), histogram.end(), 0.0);
}

// The law of the synthetic ids, drawn one by one.
std::vector<std::int64_t> draw(std::int64_t rows, std::int64_t lookups, double skew) {
  std::mt19937_64 generator(7);
  std::uniform_real_distribution<double> uniform(0, 1);
  const double exponent = 1 - skew;
  const double span = std::pow(static_cast<double>(rows), exponent) - 1;
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < lookups; ++i) {
    const double rank = std::pow(span * uniform(generator) + 1, 1 / exponent);
    ids.push_back(std::min(static_cast<std::int64_t>(rank), rows - 1));
  }
  return ids;
}

TEST(ReuseBin, HoldsCountsUpToItsPowerOfTwo) {
  EXPECT_EQ(reuse_bin(1), 0U);
  EXPECT_EQ(reuse_bin(2), 1U);
  EXPECT_EQ(reuse_bin(3), 2U);
  EXPECT_EQ(reuse_bin(4), 2U);
  EXPECT_EQ(reuse_bin(5), 3U);
  EXPECT_EQ(reuse_bin(32768), 15U);
  EXPECT_EQ(reuse_bin(32769), 16U);
  EXPECT_EQ(reuse_bin(std::int64_t{1} << 60), 16U);
}

TEST(MeasureReuse, CountsSharesOfDistinctRows) {
  // 5 once, 7 twice, 9 five times, 2 once.
  const std::vector<std::int64_t> ids = {9, 7, 9, 5, 9, 7, 9, 2, 9};
  const ReuseHistogram histogram = measure_reuse(ids);
  EXPECT_DOUBLE_EQ(histogram[0], 0.5);
  EXPECT_DOUBLE_EQ(histogram[1], 0.25);
  EXPECT_DOUBLE_EQ(histogram[3], 0.25);
}

TEST(MeasureReuse, IsAllZerosForAnEmptyBatch) { EXPECT_EQ(measure_reuse({}), ReuseHistogram{}); }

RC_GTEST_PROP(MeasureReuse, SumsToOne, ()) {
  const auto ids = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 50)));
  RC_ASSERT(std::abs(sum(measure_reuse(ids)) - 1) < 1e-12);
}

RC_GTEST_PROP(ZipfReuse, SumsToOneForAnySize, ()) {
  const auto rows = std::int64_t{1} << *rc::gen::inRange(0, 62);
  const double lookups = std::ldexp(1.0, *rc::gen::inRange(-10, 40));
  const double skew = 0.05 * *rc::gen::inRange(0, 60);
  const ReuseHistogram histogram = zipf_reuse(rows, lookups, skew);
  for (const double share : histogram) RC_ASSERT(share >= 0);
  RC_ASSERT(std::abs(sum(histogram) - 1) < 1e-9);
}

TEST(ZipfReuse, AgreesWithDrawnIds) {
  for (const double skew : {0.5, 1.05, 1.5}) {
    for (const std::int64_t rows : {1'000, 1'000'000, 1'000'000'000}) {
      const std::int64_t lookups = 300'000;
      const ReuseHistogram drawn = measure_reuse(draw(rows, lookups, skew));
      const ReuseHistogram expected = zipf_reuse(rows, static_cast<double>(lookups), skew);
      double distance = 0;
      for (std::size_t bin = 0; bin < drawn.size(); ++bin) {
        distance += std::abs(drawn[bin] - expected[bin]);
      }
      EXPECT_LT(distance, 0.05) << "rows " << rows << " skew " << skew;
    }
  }
}

TEST(ZipfUniqueRows, AgreesWithDrawnIds) {
  for (const double skew : {0.0, 0.8, 1.05, 1.3}) {
    for (const std::int64_t rows : {500, 100'000, 1'000'000'000}) {
      const std::int64_t lookups = 200'000;
      const auto ids = draw(rows, lookups, skew);
      const std::unordered_set<std::int64_t> distinct(ids.begin(), ids.end());
      const auto drawn = static_cast<double>(distinct.size());
      EXPECT_NEAR(zipf_unique_rows(rows, static_cast<double>(lookups), skew) / drawn, 1, 0.01)
          << "rows " << rows << " skew " << skew;
    }
  }
}

TEST(ZipfUniqueRows, SumsTheLawExactlyForFewRows) {
  // Ranks 1, 2, 3 of 4 rows at skew 0 have 1/3 each: 3 (1 − (2/3)^2) = 5/3 distinct of 2 ids.
  EXPECT_NEAR(zipf_unique_rows(4, 2, 0), 5.0 / 3, 1e-12);
  EXPECT_DOUBLE_EQ(zipf_unique_rows(1, 100), 1);
  EXPECT_DOUBLE_EQ(zipf_unique_rows(2, 100), 1);
  EXPECT_NEAR(zipf_unique_rows(1'000'000, 1), 1, 1e-9);
  EXPECT_EQ(zipf_unique_rows(1'000'000, 0), 0);
}

RC_GTEST_PROP(ZipfUniqueRows, GrowsWithRowsAndLookups, ()) {
  const auto rows = *rc::gen::inRange<std::int64_t>(1, 2'000'000'000);
  const auto more = rows + *rc::gen::inRange<std::int64_t>(0, 100'000);
  const double lookups = *rc::gen::inRange(0, 10'000'000) / 10.0;
  const double unique = zipf_unique_rows(rows, lookups);
  RC_ASSERT(unique <= lookups);
  RC_ASSERT(zipf_unique_rows(more, lookups) >= unique * (1 - 1e-9));
  RC_ASSERT(zipf_unique_rows(rows, lookups * 1.5) >= unique);
}

TEST(MeanReuse, UndoesTheHistogram) {
  for (const double skew : {0.5, 0.9, 1.05, 1.2}) {
    const std::int64_t lookups = 300'000;
    const auto ids = draw(1'000'000, lookups, skew);
    const std::unordered_set<std::int64_t> distinct(ids.begin(), ids.end());
    const double reuse = static_cast<double>(lookups) / static_cast<double>(distinct.size());
    EXPECT_NEAR(mean_reuse(measure_reuse(ids)) / reuse, 1, 0.1) << skew;
  }
  EXPECT_EQ(mean_reuse(ReuseHistogram{}), 0);
}

TEST(ExpectedUniqueRows, FollowsTheMeasuredHistogram) {
  Table table = testing::sample_table(1'000'000, 8, 10);
  EXPECT_DOUBLE_EQ(expected_unique_rows(table, 100), zipf_unique_rows(1'000'000, 1000));
  table.reuse = ReuseHistogram{0, 1};  // every row twice
  EXPECT_DOUBLE_EQ(expected_unique_rows(table, 100), 500);
  table.rows = 300;
  EXPECT_DOUBLE_EQ(expected_unique_rows(table, 100), 300);
  table.pooling = 0;
  EXPECT_EQ(expected_unique_rows(table, 100), 0);
}

TEST(ExpectedUniqueRows, ThinOutForASmallerBatchThanMeasured) {
  Table table = testing::sample_table(1'000'000, 8, 10);
  table.reuse = ReuseHistogram{0, 1};
  table.reuse_batch_size = 200;
  // 1000 rows, each twice; of half the lookups, 1 − 1/4 of them are left.
  EXPECT_NEAR(expected_unique_rows(table, 100), 750, 1e-9);
}

TEST(ExpectedUniqueRows, GrowAsZipfForALargerBatchThanMeasured) {
  Table table = testing::sample_table(1'000'000, 8, 10);
  table.reuse = ReuseHistogram{0, 1};
  table.reuse_batch_size = 50;
  const double growth = zipf_unique_rows(1'000'000, 1000) / zipf_unique_rows(1'000'000, 500);
  EXPECT_NEAR(expected_unique_rows(table, 100), 250 * growth, 1e-9);
  EXPECT_GT(growth, 1.2);
  EXPECT_LT(growth, 2);
}

TEST(ExpectedUniqueRows, AgreeWithTheFirstHalfOfABatch) {
  Table table = testing::sample_table(1'000'000, 8, 10);
  const auto ids = draw(1'000'000, 400'000, 1.05);
  const std::span first(ids.data(), 100'000);
  const std::unordered_set<std::int64_t> distinct(first.begin(), first.end());
  table.reuse = measure_reuse(ids);
  table.reuse_batch_size = 40'000;
  EXPECT_NEAR(expected_unique_rows(table, 10'000) / static_cast<double>(distinct.size()), 1, 0.05);
}

// The same the second time, of other tables and batches too.
TEST(ReuseCache, SaysWhatTheLawSaysOfEachTable) {
  ReuseCache cache;
  for (int time = 0; time < 2; ++time) {
    for (const std::int64_t rows : {100, 5'000}) {
      for (const std::int64_t batch : {64, 128}) {
        const Table table = testing::sample_table(rows, 8, 3);
        EXPECT_EQ(cache.of(table, batch), zipf_reuse(rows, 3.0 * static_cast<double>(batch)));
      }
    }
  }
  Table measured = testing::sample_table(100, 8, 3);
  measured.reuse = ReuseHistogram{1};
  EXPECT_EQ(cache.of(measured, 64), *measured.reuse);
}

}  // namespace
}  // namespace shardwright
