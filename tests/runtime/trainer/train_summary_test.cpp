#include "runtime/trainer/train_summary.hpp"

#include "runtime/comm/thread_communicator.hpp"
#include "runtime/trainer/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::HasSubstr;
using testing::Not;

TrainSummary summary_of(std::int64_t ranks) {
  TrainSummary summary;
  summary.steps = 10;
  summary.measured_steps = 10;
  summary.samples = 320;
  summary.seconds = 2;
  summary.placement = {
      .ranks = ranks, .hosts = 1, .most_ranks_per_host = ranks, .cores_of_that_host = 2};
  summary.sums.max_bytes = {100, 200, 300, 40};
  summary.sums.max_ms[static_cast<std::size_t>(StepPhase::lookup)] = 20;
  return summary;
}

TEST(TrainSummary, PrintsMeasuredBesidePredicted) {
  TrainSummary summary = summary_of(4);
  EXPECT_TRUE(summary_to_json(summary)["predicted_ms"].is_null());
  RankPrediction fast;
  fast.phases.compute_forward_ms = 1.25;
  RankPrediction slow;
  slow.phases.compute_forward_ms = 3.5;
  summary.predicted = slowest_phases(std::vector{slow, fast});

  const std::string text = summary_to_text(summary);

  EXPECT_THAT(text, HasSubstr("160 samples/s (4 ranks share 2 cores)"));
  EXPECT_THAT(text, testing::ContainsRegex("lookup +0.000 +2.000 +3.500"));
  EXPECT_THAT(text, HasSubstr("input 10 output 20 gradient 30 dense 4"));
  EXPECT_EQ(summary_to_json(summary)["predicted_ms"]["lookup"], 3.5);
  EXPECT_EQ(summary_to_json(summary)["phase_ms"]["lookup"]["max"], 2.0);
  EXPECT_EQ(summary_to_json(summary)["samples_per_s"], 160.0);
}

TEST(RankPlacement, TellsWhoSharesCores) {
  EXPECT_EQ(describe({.ranks = 1, .hosts = 1, .most_ranks_per_host = 1, .cores_of_that_host = 1}),
            "1 rank on 1 core");
  EXPECT_EQ(describe({.ranks = 4, .hosts = 1, .most_ranks_per_host = 4, .cores_of_that_host = 2}),
            "4 ranks share 2 cores");
  EXPECT_EQ(describe({.ranks = 6, .hosts = 2, .most_ranks_per_host = 4, .cores_of_that_host = 16}),
            "6 ranks on 2 hosts, up to 4 on 16 cores of one host");
}

TEST(RankPlacement, CountsTheRanksOfThisHost) {
  run_ranks(3, [](Communicator& comm) {
    const RankPlacement placement = find_placement(comm);
    EXPECT_EQ(placement.ranks, 3);
    EXPECT_EQ(placement.hosts, 1);
    EXPECT_EQ(placement.most_ranks_per_host, 3);
    EXPECT_GE(placement.cores_of_that_host, 1);
  });
}

TEST(StepStatistics, TakeMeansAndMaximaOverRanks) {
  std::vector<StepReport> ranks(2);
  ranks[0].loss_sum = 1.5;
  ranks[1].loss_sum = 2.0;
  ranks[0].seconds = 0.25;
  ranks[1].seconds = 0.5;
  ranks[0].ms(StepPhase::update) = 4;
  ranks[1].ms(StepPhase::update) = 2;
  ranks[0].bytes(StepTraffic::output) = 10;
  ranks[1].bytes(StepTraffic::output) = 30;

  StepStatistics statistics = statistics_of(ranks);

  constexpr auto kUpdate = static_cast<std::size_t>(StepPhase::update);
  EXPECT_EQ(statistics.loss_sum, 3.5);
  EXPECT_EQ(statistics.seconds, 0.5);
  EXPECT_EQ(statistics.mean_ms[kUpdate], 3);
  EXPECT_EQ(statistics.max_ms[kUpdate], 4);
  EXPECT_EQ(bytes_sent_json(statistics, 1)["output"], 10);
  EXPECT_EQ(bytes_sent_json(statistics, 1)["output_max"], 30);
  statistics += statistics_of(ranks);
  EXPECT_EQ(bytes_sent_json(statistics, 1)["output_ranks"], nlohmann::json({20, 60}));
  EXPECT_EQ(statistics.seconds, 1.0);
}

TEST(Progress, ShowsRateMeanLossAndTimeLeft) {
  std::string text;
  ProgressOptions options;
  options.write = [&](const std::string& written) { text += written; };
  options.steps_between = 2;
  Progress progress(options, 1, 400);

  progress.add({.epoch = 0, .step = 0, .samples = 32, .loss = 0.75, .seconds = 0.5});
  EXPECT_EQ(text, "");
  progress.add({.epoch = 0, .step = 1, .samples = 32, .loss = 0.25, .seconds = 0.5});

  EXPECT_EQ(text, "epoch 1/1  step 2/400  64 samples/s  loss 0.50000  ETA 3 min 19 s\n");
}

TEST(Progress, OnATerminalRewritesItsLine) {
  std::string text;
  ProgressOptions options;
  options.write = [&](const std::string& written) { text += written; };
  options.rewrite_line = true;
  options.steps_between = 1;
  Progress progress(options, 1, 2);

  progress.add({.epoch = 0, .step = 0, .samples = 1, .loss = 0.5, .seconds = 1});
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  EXPECT_THAT(text, testing::StartsWith("\r"));
  progress.say("A sentence.");

  EXPECT_THAT(text, testing::EndsWith("\x1b[K\nA sentence.\n"));
}

TEST(Progress, WritesDurationsAsPeopleSayThem) {
  EXPECT_EQ(format_duration(0.4), "0 s");
  EXPECT_EQ(format_duration(59.6), "1 min 00 s");
  EXPECT_EQ(format_duration(3661), "1 h 01 min");
}

}  // namespace
}  // namespace shardwright
