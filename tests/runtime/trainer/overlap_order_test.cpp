// What the dense part computes while pooled values and their gradients travel.

#include "runtime/comm/thread_communicator.hpp"
#include "runtime/trainer/rank_model.hpp"
#include "tests/runtime/comm/recording_communicator.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

using Events = std::vector<std::string>;

/// Four samples of test_tables() on each rank.
Batch four_samples(RankId rank) {
  Batch batch;
  batch.first_sample = 4 * rank.value();
  batch.size = 4;
  batch.global_size = 8;
  batch.labels = {0, 1, 1, 0};
  batch.dense.assign(12, 0.5F);
  batch.features = {{{1, 1, 1, 1}, {3, 1, 4, 1}, {}},
                    {{2, 2, 2, 2}, {5, 9, 2, 6, 5, 3, 5, 8}, {}},
                    {{1, 1, 1, 1}, {9, 7, 9, 3}, {}},
                    {{1, 1, 1, 1}, {2, 3, 8, 4}, {1, 1, 1, 1}}};
  return batch;
}

DlrmConfig model_of(std::vector<std::int64_t> bottom, std::int64_t cross_layers) {
  return {.num_dense = 3,
          .num_features = 4,
          .embedding_dim = 12,
          .bottom_mlp = std::move(bottom),
          .top_mlp = {4, 1},
          .cross_layers = cross_layers,
          .cross_rank = 2,
          .torchscript = {}};
}

/// Of rank 0 of two in one training step.
Events events_of_step(const DlrmConfig& dense, bool overlap, double clip_norm) {
  const Plan plan = whole_tables(2);
  Events events;
  run_ranks(2, [&](Communicator& inner) {
    RecordingCommunicator comm(inner);
    const auto model = make_rank_model(comm,
                                       {.plan = plan,
                                        .dense = dense,
                                        .gradient_clip_norm = clip_norm,
                                        .overlap = overlap,
                                        .communication_thread = CommunicationThread::off},
                                       {});
    comm.forget();
    model->train(four_samples(comm.rank()), {0.1, 0.1});
    if (comm.rank() == RankId{0}) events = comm.events();
  });
  return events;
}

/// How often messages were moved on from the exchange number `start` of the step, in the order of
/// their beginnings, until something is waited for.
std::ptrdiff_t advances_beside(const Events& events, std::size_t start) {
  const auto begin =
      events.begin() + static_cast<std::ptrdiff_t>(positions(events, "start")[start]);
  return std::count(begin, std::find(begin, events.end(), "wait"), "advance");
}

/// How many threads a rank's model starts, of which one computes.
std::ptrdiff_t threads_started(bool overlap, CommunicationThread choice) {
  const Plan plan = whole_tables(1);
  const auto count = [] {
    using Entries = std::filesystem::directory_iterator;
    return std::distance(Entries("/proc/self/task"), Entries());
  };
  std::ptrdiff_t started = 0;
  run_ranks(1, [&](Communicator& comm) {
    const std::ptrdiff_t before = count();
    const auto model = make_rank_model(comm,
                                       {.plan = plan,
                                        .dense = model_of({12}, 0),
                                        .overlap = overlap,
                                        .communication_thread = choice},
                                       {});
    started = count() - before;
  });
  return started;
}

/// It is the calling one; another computes then.
TEST(CommunicationThreadOfAModel, IsThereWhereItIsChosenAndMessagesTravelBesideComputing) {
  EXPECT_EQ(threads_started(true, CommunicationThread::on), 1);
  EXPECT_EQ(threads_started(true, CommunicationThread::off), 0);
  EXPECT_EQ(threads_started(false, CommunicationThread::on), 0);
}

/// As `bench --without-phases` does.
TEST(RankModelWithADensePart, LeavesItsPhasesOut) {
  const Plan plan = whole_tables(2);
  for (const bool overlap : {false, true}) {
    run_ranks(2, [&](Communicator& comm) {
      const auto model = make_rank_model(
          comm, {.plan = plan, .dense = model_of({5, 12}, 0), .overlap = overlap}, {});
      const StepReport whole = model->train(four_samples(comm.rank()), {0, 0});
      for (const StepPhase phase :
           {StepPhase::dense, StepPhase::dense_all_reduce, StepPhase::dense_update}) {
        model->leave_out(phase);
        StepReport report = model->train(four_samples(comm.rank()), {0, 0});
        EXPECT_EQ(report.loss_sum == 0, phase == StepPhase::dense) << "overlap: " << overlap;
        EXPECT_EQ(report.bytes(StepTraffic::dense) == 0, phase == StepPhase::dense_all_reduce);
        EXPECT_EQ(report.ms(StepPhase::dense_update) == 0, phase == StepPhase::dense_update);
      }
      EXPECT_GT(whole.loss_sum, 0);
    });
  }
}

/// After counts and ids.
constexpr std::size_t kPooled = 2;
constexpr std::size_t kGradients = 3;

class DenseOverlap : public testing::TestWithParam<std::int64_t> {};

/// Between its layers the messages move on: two more layers, twice more.
TEST_P(DenseOverlap, TheBottomMlpRunsWhilePooledValuesAndTheirGradientsTravel) {
  for (const double clip_norm : {0.0, 0.01}) {
    const Events one = events_of_step(model_of({12}, GetParam()), true, clip_norm);
    const Events three = events_of_step(model_of({5, 7, 12}, GetParam()), true, clip_norm);
    EXPECT_EQ(advances_beside(three, kPooled), advances_beside(one, kPooled) + 2);
    EXPECT_EQ(advances_beside(three, kGradients), advances_beside(one, kGradients) + 2);
  }
}

/// The dense gradients are summed over the ranks once the bottom MLP's are among them, and before
/// anything is waited for.
TEST_P(DenseOverlap, TheSumOfDenseGradientsBeginsAfterTheBottomMlp) {
  for (const double clip_norm : {0.0, 0.01}) {
    const Events events = events_of_step(model_of({5, 7, 12}, GetParam()), true, clip_norm);
    const std::vector<std::size_t> starts = positions(events, "start");
    ASSERT_GT(starts.size(), kGradients + 1);
    const auto begin = events.begin() + static_cast<std::ptrdiff_t>(starts[kGradients]) + 1;
    const auto end = events.begin() + static_cast<std::ptrdiff_t>(starts[kGradients + 1]);
    EXPECT_EQ(Events(begin, end), Events(3, "advance")) << "clipped at " << clip_norm;
  }
}

TEST_P(DenseOverlap, WithoutItNothingRunsBeside) {
  const Events events = events_of_step(model_of({5, 7, 12}, GetParam()), false, 0);
  EXPECT_TRUE(positions(events, "advance").empty());
}

INSTANTIATE_TEST_SUITE_P(CrossLayers, DenseOverlap, testing::Values(0, 2));

}  // namespace
}  // namespace shardwright
