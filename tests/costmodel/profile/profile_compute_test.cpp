#include "runtime/profile/profile_compute.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/timings/compute_timings.hpp"
#include "runtime/profile/solo_communicator.hpp"
#include "tests/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace shardwright {
namespace {

TEST(MedianOf, GivesTheMiddleAndItsInterval) {
  const MedianTime median = median_of({1.0, 9.0, 1.1, 0.9, 1.0});
  EXPECT_DOUBLE_EQ(median.ms, 1.0);
  EXPECT_EQ(median.outliers, 1U);
  EXPECT_NEAR(median.ci, (9.0 - 0.9) / 2, 1e-12);  // five times: their whole range
  EXPECT_DOUBLE_EQ(median_of({2.0, 4.0}).ms, 3.0);
}

TEST(DrawTableSet, DependsOnSeedAndSetAloneAndKeepsItsBounds) {
  TableSetRanges ranges;
  ranges.least_tables = 2;
  ranges.most_tables = 5;
  ranges.most_memory_bytes = 1e7;
  ranges.pool = {{1'000'000, 1024, 20}};
  bool differs = false;
  for (std::int64_t set = 0; set < 50; ++set) {
    const TableSet drawn = draw_table_set(ranges, 1, set, 2);
    EXPECT_EQ(drawn.variants[1].tables, draw_table_set(ranges, 1, set, 2).variants[1].tables);
    differs =
        differs || drawn.variants[0].tables != draw_table_set(ranges, 2, set, 2).variants[0].tables;
    ASSERT_GE(drawn.variants[0].tables.size(), 2U);
    ASSERT_LE(drawn.variants[0].tables.size(), 5U);
    for (std::size_t i = 0; i < drawn.variants[0].tables.size(); ++i) {
      const MeasuredTable& table = drawn.variants[0].tables[i];
      EXPECT_EQ(table.dim % 4, 0);
      EXPECT_GE(table.rows, 1);
      EXPECT_EQ(table.rows, drawn.variants[1].tables[i].rows);  // variants share their tables
    }
  }
  EXPECT_TRUE(differs);
}

double memory_bytes(const TableSet& set) {
  double bytes = 0;
  for (const MeasuredTable& table : set.variants.front().tables) {
    bytes += 4.0 * static_cast<double>(table.rows) * static_cast<double>(table.dim) +
             static_cast<double>(optimizer_bytes(set.optimizer, table.rows, table.dim).value());
  }
  return bytes;
}

TEST(DrawTableSet, SpreadsSetsOverTheirRangesAndPilesNoneUpAtAnEdge) {
  constexpr int kSets = 400;
  constexpr double kFourCaches = 128e6;
  const TableSetRanges ranges;
  int large = 0;
  int least_batch = 0;
  std::ptrdiff_t tables = 0;
  std::ptrdiff_t least_rows = 0;
  int like_whole_steps = 0;
  for (std::int64_t set = 0; set < kSets; ++set) {
    const TableSet drawn = draw_table_set(ranges, 1, set, 1);
    const TableSet::Variant& batch = drawn.variants.front();
    const auto pooled = [](const MeasuredTable& table) { return table.pooling > 1; };
    const auto many = std::count_if(batch.tables.begin(), batch.tables.end(), pooled);
    tables += static_cast<std::ptrdiff_t>(batch.tables.size());
    least_rows += std::count_if(batch.tables.begin(), batch.tables.end(),
                                [](const MeasuredTable& table) { return table.rows <= 2; });
    EXPECT_LE(memory_bytes(drawn), 1.01 * ranges.most_memory_bytes);
    large += memory_bytes(drawn) > kFourCaches ? 1 : 0;
    least_batch += batch.batch_size == 256 ? 1 : 0;
    const bool half_pooled = 2 * many >= static_cast<std::ptrdiff_t>(batch.tables.size());
    like_whole_steps += batch.batch_size >= 4096 && half_pooled ? 1 : 0;
  }
  EXPECT_NEAR(large, kSets / 2.0, 50);  // five standard deviations
  EXPECT_LE(least_batch, 0.1 * kSets);
  EXPECT_LE(static_cast<double>(least_rows), 0.03 * static_cast<double>(tables));
  EXPECT_GE(like_whole_steps, 0.15 * kSets);
}

// Its widths are a whole one, halves and quarters.
bool shares_width(const std::vector<MeasuredTable>& tables) {
  std::int64_t widest = 0;
  for (const MeasuredTable& table : tables) widest = std::max(widest, table.dim);
  return std::all_of(tables.begin(), tables.end(), [&](const MeasuredTable& table) {
    return widest == table.dim || widest == 2 * table.dim || widest == 4 * table.dim;
  });
}

bool shares_skew(const std::vector<MeasuredTable>& tables) {
  return std::all_of(tables.begin(), tables.end(),
                     [&](const MeasuredTable& table) { return table.skew == tables.front().skew; });
}

TEST(DrawTableSet, GivesHalfOfTheSetsOneWidthAndHalfOfTheBatchesOneSkew) {
  constexpr std::int64_t kSets = 400;
  TableSetRanges ranges;
  ranges.least_tables = ranges.most_tables = 10;
  std::int64_t of_width = 0;
  std::int64_t of_skew = 0;
  for (std::int64_t set = 0; set < kSets; ++set) {
    const TableSet drawn = draw_table_set(ranges, 1, set, 1);
    of_width += shares_width(drawn.variants[0].tables) ? 1 : 0;
    of_skew += shares_skew(drawn.variants[0].tables) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(of_width), kSets / 2.0, 50);  // five standard deviations
  EXPECT_NEAR(static_cast<double>(of_skew), kSets / 2.0, 50);
}

class ProfileCompute : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.output = folder_ / "timings.csv";
    options_.variants = 2;
    options_.ranges.most_tables = 3;
    options_.ranges.most_memory_bytes = 1e6;
    options_.ranges.most_pass_ms = 0.2;
    options_.effort = {1, 1, 1};
  }

  void run(std::int64_t sets) {
    options_.most_sets = sets;
    SoloCommunicator comm(ProfileClock::wall);
    profile_compute(comm, options_, [](const ComputeProfileProgress&) {});
  }
  std::string content() const {
    std::ostringstream text;
    text << std::ifstream(options_.output).rdbuf();
    return text.str();
  }

  TemporaryFolder folder_;
  ComputeProfileOptions options_;
};

TEST_F(ProfileCompute, GoesOnWhereAnInterruptedFileEnds) {
  run(1);
  const std::string before = content();
  std::ofstream(options_.output, std::ios::app) << "half a li";
  run(3);
  EXPECT_TRUE(content().starts_with(before));
  const ComputeTimings timings = parse_compute_timings(content(), "t.csv");
  EXPECT_TRUE(timings.dropped.empty());
  ASSERT_EQ(timings.rows.size(), 6U);  // 3 sets of 2 variants
  for (std::size_t i = 0; i < timings.rows.size(); ++i) {
    EXPECT_EQ(timings.rows[i].set, static_cast<std::int64_t>(i / 2));
    EXPECT_GT(timings.rows[i].forward_ms, 0);
    EXPECT_GT(timings.rows[i].backward_ms, 0);
    EXPECT_TRUE(timings.rows[i].probe.known());
  }
}

TEST_F(ProfileCompute, MeasuresPartsOfTheColumnsOfTablesWhoseOthersAreElsewhere) {
  options_.variants = 1;
  run(20);
  std::int64_t cut = 0;
  for (const ComputeTiming& timing : parse_compute_timings(content(), "t.csv").rows) {
    EXPECT_GT(timing.backward_ms, 0);
    for (const MeasuredTable& table : timing.tables) cut += table.table_dim > table.dim ? 1 : 0;
  }
  EXPECT_GT(cut, 0);
}

TEST_F(ProfileCompute, RefusesAFileOfSomethingElse) {
  std::ofstream(options_.output) << "my thesis\n";
  EXPECT_THROW(run(1), Error);
  EXPECT_EQ(content(), "my thesis\n");
}

}  // namespace
}  // namespace shardwright
