#include "runtime/trainer/binary_metrics.hpp"

#include "runtime/comm/collectives.hpp"
#include "runtime/comm/thread_communicator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace shardwright {
namespace {

using Samples = std::vector<ScoredSample>;

/// The metrics of `samples`, dealt to ranks in runs of uneven length; checks that all ranks agree.
BinaryMetrics metrics_on(std::int64_t ranks, const Samples& samples) {
  std::vector<BinaryMetrics> results(static_cast<std::size_t>(ranks));
  run_ranks(ranks, [&](Communicator& comm) {
    const auto size = std::ssize(samples);
    const auto begin = [&](std::int64_t rank) { return size * rank * rank / (ranks * ranks); };
    const std::int64_t rank = comm.rank().value();
    const auto mine =
        std::span(samples).subspan(static_cast<std::size_t>(begin(rank)),
                                   static_cast<std::size_t>(begin(rank + 1) - begin(rank)));
    results[comm.rank().index()] = binary_metrics(comm, mine);
  });
  for (const BinaryMetrics& other : results) {
    EXPECT_EQ(other.auc, results.front().auc);
    EXPECT_EQ(other.log_loss, results.front().log_loss);
    EXPECT_EQ(other.positives, results.front().positives);
  }
  return results.front();
}

/// The definition: all pairs.
double auc_by_pairs(const Samples& samples) {
  double right = 0;
  double pairs = 0;
  for (const ScoredSample& a : samples) {
    for (const ScoredSample& b : samples) {
      if (!a.positive() || b.positive()) continue;
      pairs += 1;
      right += a.probability > b.probability ? 1.0 : a.probability == b.probability ? 0.5 : 0.0;
    }
  }
  return right / pairs;
}

TEST(BinaryMetrics, CountsAnOrderedPairOnceAndATieHalf) {
  const Samples samples = {{0.9F, 1}, {0.5F, 1}, {0.5F, 0}, {0.1F, 0}};

  EXPECT_EQ(metrics_on(1, samples).auc, 0.875);
  EXPECT_EQ(metrics_on(2, samples).auc, 0.875);
}

TEST(BinaryMetrics, PerfectAndReversedOrdersAreOneAndZero) {
  EXPECT_EQ(metrics_on(2, {{0.1F, 0}, {0.2F, 0}, {0.3F, 1}}).auc, 1.0);
  EXPECT_EQ(metrics_on(2, {{0.1F, 1}, {0.2F, 0}, {0.3F, 0}}).auc, 0.0);
}

TEST(BinaryMetrics, EqualScoresGiveOneHalf) {
  const Samples samples(100, {0.25F, 1});
  Samples mixed = samples;
  for (std::size_t i = 0; i < 40; ++i) mixed[i].label = 0;

  for (const std::int64_t ranks : {1, 3, 8}) EXPECT_EQ(metrics_on(ranks, mixed).auc, 0.5);
}

// Few distinct scores: ties everywhere, also over the borders of the ranks' parts.
RC_GTEST_PROP(BinaryMetricsProperty, EqualsTheDefinitionForAnyNumberOfRanks, ()) {
  const auto scores =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 40)));
  Samples samples;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    samples.push_back(
        {static_cast<float>(scores[i] / 2) / 20.0F, scores[i] % 2 == 0 ? 1.0F : 0.0F});
  }
  const BinaryMetrics one = metrics_on(1, samples);
  const auto positives = std::count_if(samples.begin(), samples.end(),
                                       [](const ScoredSample& s) { return s.positive(); });

  RC_ASSERT(one.positives == positives);
  if (positives == 0 || positives == std::ssize(samples)) {
    RC_ASSERT(!one.auc);
  } else {
    RC_ASSERT(std::abs(*one.auc - auc_by_pairs(samples)) < 1e-12);
  }
  for (const std::int64_t ranks : {2, 3, 8}) {
    const BinaryMetrics several = metrics_on(ranks, samples);
    RC_ASSERT(several.auc == one.auc);  // bit for bit
    RC_ASSERT(std::abs(*several.log_loss - *one.log_loss) < 1e-12);
  }
}

TEST(BinaryMetrics, ManySamplesOnManyRanksGiveTheSameBits) {
  Samples samples;
  std::uint64_t state = 1;
  for (int i = 0; i < 2000; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const float score = static_cast<float>(state >> 40) / 16777216.0F;
    samples.push_back(
        {score * score, static_cast<float>((state >> 20) % 100) < 30 + 40 * score ? 1.0F : 0.0F});
  }
  const std::optional<double> one = metrics_on(1, samples).auc;

  EXPECT_NEAR(*one, auc_by_pairs(samples), 1e-12);
  for (const std::int64_t ranks : {2, 3, 8}) EXPECT_EQ(metrics_on(ranks, samples).auc, one);
}

TEST(BinaryMetrics, LogLossIsTheMeanOverAllRanks) {
  const Samples samples = {{0.8F, 1}, {0.25F, 0}, {0.5F, 1}};
  const double expected = -(std::log(0.8F) + std::log(0.75) + std::log(0.5)) / 3;

  for (const std::int64_t ranks : {1, 2, 3}) {
    EXPECT_NEAR(*metrics_on(ranks, samples).log_loss, expected, 1e-7);
  }
}

TEST(BinaryMetrics, ACertainMistakeCostsAFiniteLogLoss) {
  EXPECT_NEAR(*metrics_on(1, {{0.0F, 1}}).log_loss, -std::log(1e-7), 1e-9);
  EXPECT_NEAR(*metrics_on(1, {{1.0F, 0}}).log_loss, -std::log(1e-7), 1e-6);
}

TEST(BinaryMetrics, OneClassLeavesTheAucUndefined) {
  const BinaryMetrics metrics = metrics_on(2, {{0.3F, 1}, {0.4F, 1}});

  EXPECT_EQ(metrics.auc, std::nullopt);
  EXPECT_NE(metrics.log_loss, std::nullopt);
  EXPECT_EQ(metrics.positives, 2);
}

TEST(BinaryMetrics, NoSamplesLeaveEverythingUndefined) {
  for (const std::int64_t ranks : {1, 3}) {
    const BinaryMetrics metrics = metrics_on(ranks, {});
    EXPECT_EQ(metrics.samples, 0);
    EXPECT_EQ(metrics.auc, std::nullopt);
    EXPECT_EQ(metrics.log_loss, std::nullopt);
  }
}

TEST(BinaryMetrics, RefusesProbabilitiesThatAreNoNumbers) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  try {
    metrics_on(3, {{0.5F, 1}, {0.5F, 0}, {nan, 1}});
    FAIL() << "accepted";
  } catch (const CollectiveError& error) {
    EXPECT_EQ(error.code(), ExitCode::check_failed);
    EXPECT_THAT(error.what(), testing::HasSubstr("not a number for 1 of 3 samples"));
  }
}

}  // namespace
}  // namespace shardwright
