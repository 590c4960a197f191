#include "costmodel/timings/compute_timings.hpp"

#include "costmodel/compute/compute_dataset.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/reuse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

ComputeTiming sample() {
  ComputeTiming timing;
  timing.hardware = "AMD, EPYC";
  timing.seed = 7;
  timing.set = 3;
  timing.batch_size = 512;
  timing.optimizer = OptimizerKind::sgd;
  timing.busy_ranks = 2;
  timing.tables = {{1000, 16, 2.5, 1.05}, {50, 4, 0, 0.3}};
  timing.forward_ms = 0.25;
  timing.backward_ms = 1.5;
  timing.passes = 5;
  return timing;
}

std::string message_of(const std::string& text) {
  try {
    parse_compute_timings(text, "t.csv");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

std::string file_with(const std::string& lines) {
  return compute_timings_header({{"date", "2026-01-31"}}) + lines;
}

TEST(ComputeTimings, AreReadAsTheyWereWritten) {
  const ComputeTimings read =
      parse_compute_timings(file_with(compute_timing_line(sample())), "t.csv");
  ASSERT_EQ(read.rows.size(), 1U);
  EXPECT_EQ(read.rows.front(), sample());
  EXPECT_EQ(read.metadata.at("date"), "2026-01-31");
}

TEST(ComputeTimings, KeepHowFastTheMachineWas) {
  ComputeTiming timing = sample();
  timing.probe = {{24.75, 1.031, 7.207}};
  const std::string line = compute_timing_line(timing);
  EXPECT_THAT(line, HasSubstr(",24.75,1.031,7.207\n"));
  EXPECT_EQ(parse_compute_timings(file_with(line), "t.csv").rows.at(0), timing);
  const auto cut = [&](const std::string& rates) {
    return file_with(line.substr(0, line.find(",24.75")) + rates + "\n");
  };
  EXPECT_THAT(message_of(cut(",24.75,,7.2")), HasSubstr("probe_gather_gb_s"));
  EXPECT_THAT(message_of(cut(",,1.03,7.2")), HasSubstr("where the other two are"));
  EXPECT_THAT(message_of(cut(",24.75,0,7.2")), HasSubstr("a positive rate"));
  EXPECT_THAT(message_of(cut(",24.75,nan,7.2")), HasSubstr("a positive rate"));
  EXPECT_FALSE(parse_compute_timings(cut(",,,"), "t.csv").rows.at(0).probe.known());
}

TEST(ComputeTimings, AreRefusedInTextThatNoModelCouldHold) {
  EXPECT_THAT(message_of(compute_timings_header({{"date", "\xc3"}})), HasSubstr("not UTF-8"));
}

TEST(ComputeTimings, KeepHowManyFeaturesShareATable) {
  ComputeTiming timing = sample();
  timing.tables[0].features = 3;
  const ComputeTimings read =
      parse_compute_timings(file_with(compute_timing_line(timing)), "t.csv");
  EXPECT_EQ(read.rows.at(0), timing);
  const Workload workload = workload_of(read.rows[0]);
  EXPECT_EQ(workload.tables[0].features.size(), 3U);
  EXPECT_EQ(workload.tables[1].features.size(), 1U);
  timing.tables[0].features = 10'001;  // their names take memory and time
  EXPECT_THAT(message_of(file_with(compute_timing_line(timing))),
              AllOf(HasSubstr("numbers from 1 to 10000"), HasSubstr("instead of '10001'")));
}

TEST(ComputeTimings, KeepOfWhichTableAShardHasAPartOfTheColumns) {
  ComputeTiming timing = sample();
  timing.tables[0].table_dim = 64;
  const std::string line = compute_timing_line(timing);
  EXPECT_THAT(line, HasSubstr("1000/16/2.5/1.05/1/64 50/4"));
  EXPECT_EQ(parse_compute_timings(file_with(line), "t.csv").rows.at(0), timing);
  timing.tables[0].table_dim = 16;
  EXPECT_THAT(message_of(file_with(compute_timing_line(timing))),
              AllOf(HasSubstr("numbers from 17 to"), HasSubstr("instead of '16'")));
}

TEST(ComputeExample, OfAPartOfTheColumnsSharesTheStatisticsOfARowwiseOptimizer) {
  ComputeTiming timing = sample();
  timing.optimizer = OptimizerKind::rowwise_adagrad;
  timing.tables[0].table_dim = 64;
  constexpr std::size_t kShares = kNumFeatures - kNumProbes - 2;
  const ComputeExample example(timing);
  EXPECT_EQ(example.workload.tables[0].dim, 64);
  EXPECT_EQ(example.works[0].shard.columns(), 16);
  EXPECT_EQ(shard_features(example.works[0], {})[kShares], 1);
  EXPECT_EQ(shard_features(example.works[1], {})[kShares], 0);
  timing.tables[0].table_dim = 0;
  const ComputeExample whole(timing);
  constexpr std::size_t kSummedValues = 3;
  EXPECT_LT(whole.terms.backward[kSummedValues], example.terms.backward[kSummedValues]);
  EXPECT_EQ(whole.terms.forward, example.terms.forward);
}

TEST(ComputeTimings, DropAndCountUnusableTimesAndACutOffLine) {
  ComputeTiming bad = sample();
  bad.forward_ms = 0;
  const std::string good = compute_timing_line(sample());
  const ComputeTimings read = parse_compute_timings(
      file_with(good + compute_timing_line(bad) + good.substr(0, 30)), "t.csv");
  EXPECT_EQ(read.rows.size(), 1U);
  ASSERT_EQ(read.dropped.size(), 2U);
  EXPECT_EQ(read.dropped.front().count, 1U);
  EXPECT_THAT(read.dropped.back().reason, HasSubstr("cut off"));
}

TEST(ComputeTimings, DropAndCountTimesThatNothingTakes) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::string lines = compute_timing_line(sample());
  for (const double ms : {0.0, -0.25, 1e300, std::nan(""), kInfinity, -kInfinity}) {
    for (const auto time : {&ComputeTiming::forward_ms, &ComputeTiming::backward_ms}) {
      ComputeTiming bad = sample();
      bad.*time = ms;
      lines += compute_timing_line(bad);
    }
  }
  const ComputeTimings read = parse_compute_timings(file_with(lines), "t.csv");
  EXPECT_EQ(read.rows, std::vector{sample()});
  ASSERT_EQ(read.dropped.size(), 1U);
  EXPECT_EQ(read.dropped.front().count, 12U);
  EXPECT_EQ(read.dropped.front().first_line, 6U);
}

TEST(ComputeTimings, AreRefusedWithTimesThatAreNoNumber) {
  const std::string line = compute_timing_line(sample());
  for (const char* cell : {"", "fast", "0.25ms", "1e999"}) {
    std::string bad = line;
    bad.replace(bad.find(",0.25,"), 6, std::string(",") + cell + ",");
    EXPECT_THAT(message_of(file_with(bad)), HasSubstr("t.csv: line 5: forward_ms")) << cell;
  }
}

TEST(ComputeTimings, NameFileLineAndColumnOfWhatCannotBeRead) {
  std::string line = compute_timing_line(sample());
  line.replace(line.find("1000/16"), 7, "1000/x6");
  EXPECT_THAT(message_of(file_with(line)), HasSubstr("t.csv: line 5: tables"));
  line.replace(line.find("1000/x6"), 7, "10.5/16");
  EXPECT_THAT(message_of(file_with(line)), HasSubstr("whole rows"));
  EXPECT_THAT(message_of("# shardwright.timings/2\n# kind: compute\n"), HasSubstr("timings/1"));
  EXPECT_THAT(message_of("# shardwright.timings/1\n# kind: compute\nset,batch\n"),
              HasSubstr("lacks"));
}

TEST(ComputeTimings, ImplyTheReuseOfTheirLaw) {
  const Workload workload = workload_of(sample());
  ASSERT_EQ(workload.tables.size(), 2U);
  EXPECT_EQ(workload.tables[0].reuse, zipf_reuse(1000, 2.5 * 512, 1.05));
  EXPECT_EQ(workload.tables[1].reuse, ReuseHistogram{});
  EXPECT_EQ(workload.tables[0].optimizer, OptimizerKind::sgd);
}

}  // namespace
}  // namespace shardwright
