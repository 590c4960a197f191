#include "comparison.hpp"
#include "initial_weights.hpp"
#include "ranking.hpp"
#include "saved_weights.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace reference {
namespace {

TEST(ReferenceRanking, CountsOrderedPairsAndHalfOfTies) {
  // Pairs (positive, negative): (0.8, 0.5) right, (0.8, 0.1) right, (0.5, 0.5) tied, (0.5, 0.1)
  // right.
  EXPECT_DOUBLE_EQ(area_under_curve({0.5F, 0.8F, 0.5F, 0.1F}, {1, 1, 0, 0}), 3.5 / 4);
}

TEST(ReferenceRanking, LogLossIsTheMeanOverBothLabels) {
  EXPECT_NEAR(log_loss({0.25F, 0.25F}, {1, 0}), -(std::log(0.25) + std::log(0.75)) / 2, 1e-12);
}

TEST(ReferenceWeights, FollowTheDocumentedGenerator) {
  // By a separate program with whole-number arithmetic of any size.
  EXPECT_THAT(initial_weights(7, "user", 2, 2, 0.5F),
              testing::ElementsAre(0.8812352418899536F * 0.5F, 0.46982884407043457F * 0.5F,
                                   0.37743449211120605F * 0.5F, 0.19773221015930176F * 0.5F));
}

TEST(ReferenceComparison, FindsTheStepWithTheLargestRelativeDifference) {
  ShardedRun run;
  run.losses = {{0, 0.5}, {1, 0.404}, {2, 0.303}};
  TrainingResult result;
  result.losses = {0.5, 0.4, 0.301};
  const LossDifference difference = largest_loss_difference(run, result);
  EXPECT_EQ(difference.step, 1);
  EXPECT_NEAR(difference.relative, 0.01, 1e-12);
}

TEST(ReferenceComparison, RefusesRunsOfDifferentLength) {
  ShardedRun run;
  run.losses = {{0, 0.5}};
  EXPECT_THROW(largest_loss_difference(run, TrainingResult{}), std::runtime_error);
}

TEST(ReferenceComparison, RefusesTheModelOfAnotherRun) {
  const std::string folder = testing::TempDir() + "reference_test." + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/metrics.jsonl")
      << R"({"event":"step","step":0,"loss":0.5})"
      << "\n"
      << R"({"event":"evaluation","auc":0.5,"log_loss":0.5})"
      << "\n"
      << R"({"event":"summary","seconds":1,"steps":1,"ranks":1,"cores_of_that_host":1,)"
      << R"("predicted_ms":null,"job_id":"a"})"
      << "\n";
  std::ofstream(folder + "/index.json") << R"({"job_id": "a"})";
  EXPECT_NO_THROW(require_same_run(folder + "/metrics.jsonl", folder));
  std::ofstream(folder + "/index.json") << R"({"job_id": "b"})";
  EXPECT_THROW(require_same_run(folder + "/metrics.jsonl", folder), std::runtime_error);
  std::filesystem::remove_all(folder);
}

TEST(ReferenceComparison, CountsALossThatIsNotANumberAsTheLargestDifference) {
  ShardedRun run;
  run.losses = {{0, std::nan("")}, {1, 0.6}};
  TrainingResult result;
  result.losses = {0.5, 0.5};
  EXPECT_TRUE(std::isnan(largest_loss_difference(run, result).relative));
}

TEST(ReferenceComparison, EndsWithTheLineThatScriptsRead) {
  ShardedRun run;
  run.losses = {{0, 0.505}};
  run.auc = 0.75;
  TrainingResult result;
  result.losses = {0.5};
  result.auc = 0.5;
  EXPECT_THAT(comparison_table(run, result, WeightDifference{}),
              testing::EndsWith("\nauc_sharded=0.750000 auc_reference=0.500000 "
                                "max_relative_loss_difference=1.000e-02\n"));
}

TEST(ReferenceComparison, MeasuresWeightsByTheNormOfTheirDifference) {
  const WeightDifference difference =
      largest_weight_difference({{"a", {3, 4}}, {"b", {1, 0}}}, {{"a", {3, 4}}, {"b", {0.5F, 0}}});
  EXPECT_EQ(difference.tensor, "b");
  EXPECT_DOUBLE_EQ(difference.relative, 1.0);
}

}  // namespace
}  // namespace reference
