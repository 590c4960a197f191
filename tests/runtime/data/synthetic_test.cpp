#include "runtime/data/synthetic.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/reuse.hpp"
#include "runtime/data/synthetic_model.hpp"
#include "runtime/data/zipf_rows.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace shardwright {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

Table make_table(const std::string& name, std::int64_t rows, double pooling) {
  Table table;
  table.name = name;
  table.rows = rows;
  table.dim = 16;
  table.pooling = pooling;
  table.features = {name};
  return table;
}

SyntheticOptions options_for(std::vector<Table> tables, const std::string& folder) {
  SyntheticOptions options;
  options.tables = std::move(tables);
  options.samples = 400;
  options.test_samples = 100;
  options.output.folder = folder;
  options.output.batch_size = 200;
  return options;
}

Batch read_all(const std::string& folder) {
  const Dataset dataset(folder);
  Batch batch;
  dataset.read(0, dataset.size(), batch);
  return batch;
}

double ceiling(double label_noise) {
  const TemporaryFolder temporary;
  SyntheticOptions options =
      options_for({make_table("a", 1000, 3), make_table("b", 50, 1)}, temporary / "out");
  options.test_samples = 20'000;
  options.label_noise = label_noise;
  return make_synthetic(options).auc_ceiling.value();
}

TEST(ZipfRows, FollowsTheFormula) {
  EXPECT_EQ(ZipfRows(1000, 1.05).row(0.5), 503);  // rank 23
  EXPECT_EQ(ZipfRows(1000, 1.05).row(0), 761);    // rank 1: 2654435761 mod 1000
  EXPECT_EQ(ZipfRows(1000, 1.05).row(std::nextafter(1.0, 0.0)), 999 * 761 % 1000);
  EXPECT_EQ(ZipfRows(1000, 1.0).row(0.5), 31 * 761 % 1000);  // sqrt(1000) = 31.6
  EXPECT_EQ(ZipfRows(1000, 0.0).row(0.5), 500 * 761 % 1000);
  EXPECT_EQ(ZipfRows(1, 1.05).row(0.7), 0);
  EXPECT_EQ(ZipfRows(2, 1.05).row(0.7), 1);
}

TEST(ZipfRows, ScattersRowsBeyond32Bits) {
  const std::int64_t rows = std::int64_t{1} << 40;
  const ZipfRows law(rows, 0.5);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t row = law.row(i / 1000.0);
    EXPECT_GE(row, 0);
    EXPECT_LT(row, rows);
    seen.insert(row);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

// Chi-square of 100,000 ids against P(rank = k) = F(k + 1) − F(k), F(x) = (x^e − 1) / (R^e − 1).
TEST(ZipfRows, DrawsRanksWithTheProbabilitiesOfTheLaw) {
  constexpr std::int64_t kRows = 50;
  constexpr double kExponent = 1 - 1.05;
  constexpr double kDraws = 100'000;
  const ZipfRows law(kRows, 1.05);
  SplitMix64 random(3);
  std::vector<double> counts(kRows);
  for (int i = 0; i < kDraws; ++i) ++counts[static_cast<std::size_t>(law.row(random.uniform()))];
  const auto below = [](double x) {
    return (std::pow(x, kExponent) - 1) / (std::pow(kRows, kExponent) - 1);
  };
  double chi_square = 0;
  for (std::int64_t rank = 1; rank < kRows; ++rank) {
    const auto k = static_cast<double>(rank);
    const double expected = kDraws * (below(k + 1) - below(k));
    const double found = counts[static_cast<std::size_t>(rank * 2654435761 % kRows)];
    chi_square += (found - expected) * (found - expected) / expected;
  }
  EXPECT_LT(chi_square, 48 + 5 * std::sqrt(2.0 * 48));  // 48 degrees of freedom
  EXPECT_GT(chi_square, 48 - 5 * std::sqrt(2.0 * 48));
}

TEST(SplitMix64, GivesThePublishedNumbers) {
  SplitMix64 random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317U);
  EXPECT_EQ(random.next(), 3203168211198807973U);
}

TEST(Synthetic, DrawsAsManyDistinctRowsAsTheLawPredicts) {
  const TemporaryFolder temporary;
  SyntheticOptions options = options_for({make_table("a", 20'000, 5)}, temporary / "out");
  options.samples = 2000;
  options.output.batch_size = 2000;
  const DataSummary summary = make_synthetic(options);
  const Batch train = read_all(temporary / "out/train");
  const std::set<std::int64_t> rows(train.features[0].ids.begin(), train.features[0].ids.end());
  const double expected = zipf_unique_rows(20'000, 10'000);
  EXPECT_NEAR(static_cast<double>(rows.size()), expected, 0.03 * expected);
  const ReuseHistogram predicted = zipf_reuse(20'000, 10'000);
  for (std::size_t bin = 0; bin < predicted.size(); ++bin)
    EXPECT_NEAR(summary.workload.tables[0].reuse.value()[bin], predicted[bin], 0.02) << bin;
}

TEST(Synthetic, DrawsFixedBagsAndBelowOneId) {
  const TemporaryFolder temporary;
  make_synthetic(options_for({make_table("three", 100, 3), make_table("rounded", 100, 2.6),
                              make_table("rare", 100, 0.25), make_table("never", 100, 0)},
                             temporary / "out"));
  const Batch train = read_all(temporary / "out/train");
  EXPECT_THAT(train.features[0].lengths, Each(3));
  EXPECT_THAT(train.features[1].lengths, Each(3));
  EXPECT_THAT(train.features[2].lengths, Each(testing::Le(1)));
  EXPECT_NEAR(static_cast<double>(train.features[2].ids.size()), 100, 40);
  EXPECT_THAT(train.features[3].lengths, Each(0));
}

TEST(Synthetic, SharesATablesPoolingAmongItsFeatures) {
  const TemporaryFolder temporary;
  Table table = make_table("shared", 100, 4);
  table.features = {"clicked", "bought"};
  table.weighted = true;
  const DataSummary summary = make_synthetic(options_for({table}, temporary / "out"));
  EXPECT_EQ(summary.workload.tables[0].pooling, 4);
  const Batch train = read_all(temporary / "out/train");
  ASSERT_EQ(train.features.size(), 2U);
  for (const Bags& bags : train.features) {
    EXPECT_THAT(bags.lengths, Each(2));
    EXPECT_THAT(bags.weights, Each(testing::AllOf(testing::Ge(0.5F), testing::Le(1.5F))));
    EXPECT_EQ(bags.weights.size(), bags.ids.size());
  }
  EXPECT_FALSE(train.features[0].ids == train.features[1].ids);
}

TEST(Synthetic, BeginsALongerRunWithTheSamplesOfAShorter) {
  const TemporaryFolder temporary;
  SyntheticOptions options = options_for({make_table("a", 100, 2)}, temporary / "short");
  make_synthetic(options);
  options.samples = 500;
  options.output.folder = temporary / "long";
  make_synthetic(options);
  const std::string shorter = read_text(temporary / "short/train/dense.f32");
  const std::string longer = read_text(temporary / "long/train/dense.f32");
  EXPECT_TRUE(longer.starts_with(shorter));
  EXPECT_FALSE(shorter.starts_with(read_text(temporary / "short/test/dense.f32").substr(0, 64)));
}

TEST(Synthetic, DrawsLabelsWithTheProbabilityOfTheLogit) {
  constexpr double kNoise = 0.3;
  const SyntheticModel model({make_table("a", 1000, 3), make_table("b", 50, 1)}, 4, 1.05, kNoise,
                             9);
  std::vector<double> samples(9);
  std::vector<double> positives(9);
  std::vector<double> expected(9);
  Sample sample;
  for (std::uint64_t n = 0; n < 100'000; ++n) {
    const double logit = model.draw(SplitMix64(SplitMix64::mix(n)), sample);
    const auto bin = static_cast<std::size_t>(std::clamp(logit + 4.5, 0.0, 8.0));
    samples[bin] += 1;
    positives[bin] += static_cast<double>(sample.label);
    expected[bin] += (1 - kNoise) / (1 + std::exp(-logit)) + kNoise / 2;
  }
  for (std::size_t bin = 0; bin < samples.size(); ++bin)
    EXPECT_NEAR(positives[bin], expected[bin], 5 * std::sqrt(samples[bin]) / 2) << bin;
  EXPECT_GT(samples[0], 100);
  EXPECT_GT(samples[8], 100);
}

TEST(Synthetic, LowersTheCeilingWithLabelNoise) {
  const double clear = ceiling(0);
  const double noisy = ceiling(0.5);
  EXPECT_GT(clear, 0.75);
  EXPECT_LT(clear, 0.95);
  // The order of pairs is kept where no coin decided: AUC − 1/2 falls with the share of coins.
  EXPECT_NEAR(noisy - 0.5, (clear - 0.5) * 0.5, 0.02);
  EXPECT_NEAR(ceiling(1), 0.5, 0.02);
}

TEST(Synthetic, StoresTheCeilingWithTheData) {
  const TemporaryFolder temporary;
  const DataSummary summary =
      make_synthetic(options_for({make_table("a", 100, 2)}, temporary / "out"));
  for (const char* file : {"out/train/meta.json", "out/test/meta.json"}) {
    const auto meta = nlohmann::json::parse(read_text(temporary / file));
    EXPECT_DOUBLE_EQ(meta["auc_ceiling"], summary.auc_ceiling.value());
  }
}

TEST(Synthetic, RefusesBagsThatNobodyCanStore) {
  const TemporaryFolder temporary;
  EXPECT_THAT(message_of<InputError>([&] {
                make_synthetic(options_for({make_table("huge", 100, 1e9)}, temporary / "out"));
              }),
              HasSubstr("Table huge"));
}

TEST(DivideRows, KeepsUpToFourRows) {
  std::vector<Table> tables = {make_table("a", 40'000'000, 1), make_table("b", 39'060, 1),
                               make_table("c", 63, 1), make_table("d", 3, 1),
                               make_table("e", 10, 1)};
  divide_rows(tables, 40);
  std::vector<std::int64_t> rows(tables.size());
  std::transform(tables.begin(), tables.end(), rows.begin(),
                 [](const Table& table) { return table.rows; });
  EXPECT_THAT(rows, ElementsAre(1'000'000, 976, 4, 3, 4));
}

}  // namespace
}  // namespace shardwright
