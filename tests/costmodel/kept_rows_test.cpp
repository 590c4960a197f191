#include "costmodel/kept_rows.hpp"

#include "tests/costmodel/sample_plans.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

namespace shardwright {
namespace {

// Of ids as they are.
KeptShare counted(const std::vector<std::int64_t>& ids) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const std::int64_t id : ids) ++counts[id];
  double rows = 0;
  double of_them = 0;
  for (const auto& [id, count] : counts) {
    if (count < kKeptIds) continue;
    rows += 1;
    of_them += static_cast<double>(count);
  }
  return {rows / static_cast<double>(counts.size()), of_them / static_cast<double>(ids.size())};
}

std::vector<std::int64_t> draw(std::int64_t rows, std::int64_t lookups, double skew) {
  std::mt19937_64 generator(5);
  std::uniform_real_distribution<double> uniform(0, 1);
  const double exponent = 1 - skew;
  const double span = std::pow(static_cast<double>(rows), exponent) - 1;
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < lookups; ++i) {
    const double rank = std::pow(span * uniform(generator) + 1, 1 / exponent);
    ids.push_back(static_cast<std::int64_t>(rank));
  }
  return ids;
}

TEST(KeptShare, IsThatOfIdsDrawnByTheZipfLaw) {
  for (const double skew : {0.6, 1.05}) {
    for (const std::int64_t rows : {300, 20'000}) {
      constexpr std::int64_t kLookups = 100'000;
      const std::vector<std::int64_t> ids = draw(rows, kLookups, skew);
      const KeptShare expected = counted(ids);
      const KeptShare by_histogram = kept_share(measure_reuse(ids));
      const KeptShare by_law = zipf_kept_share(rows, kLookups, skew);
      EXPECT_NEAR(by_law.rows, expected.rows, 0.02) << rows << " " << skew;
      EXPECT_NEAR(by_law.ids, expected.ids, 0.02) << rows << " " << skew;
      EXPECT_NEAR(by_histogram.rows, expected.rows, 0.03) << rows << " " << skew;
      EXPECT_NEAR(by_histogram.ids, expected.ids, 0.05) << rows << " " << skew;
    }
  }
}

TEST(KeptShare, IsNothingOfRowsOfFewerIds) {
  ReuseHistogram few{};
  few[3] = 1;  // up to 8 ids
  EXPECT_EQ(kept_share(few).rows, 0);
  EXPECT_EQ(kept_share(few).ids, 0);
  ReuseHistogram many{};
  many[5] = 1;  // from 17
  EXPECT_DOUBLE_EQ(kept_share(many).rows, 1);
  EXPECT_DOUBLE_EQ(kept_share(many).ids, 1);
  EXPECT_EQ(kept_share({}).ids, 0);
  EXPECT_EQ(zipf_kept_share(1000, 0).ids, 0);
}

TEST(KeptShare, IsExpectedByTheTablesOwnReuse) {
  Table table = testing::sample_table(1'000'000, 8, 2);
  const KeptShare by_law = zipf_kept_share(1'000'000, 2 * 4096.0);
  EXPECT_EQ(expected_kept_share(table, 4096).ids, by_law.ids);
  table.reuse.emplace().at(0) = 1;
  EXPECT_EQ(expected_kept_share(table, 4096).ids, 0);
}

TEST(SumsOfBothPasses, AreTwoOfEachIdButForKeptRows) {
  ShardLoad load;
  load.lookups = 1000;
  load.unique_rows = 100;
  EXPECT_DOUBLE_EQ(sums_of_both_passes(load, {0, 0}), 2000);
  EXPECT_DOUBLE_EQ(sums_of_both_passes(load, {1, 1}), 1000 + 100);
  EXPECT_DOUBLE_EQ(sums_of_both_passes(load, {0.1, 0.6}), 1000 + 400 + 10);
}

}  // namespace
}  // namespace shardwright
