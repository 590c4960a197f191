// Exchanges that overlap with computing, and ids that travel a step ahead, change no bit.

#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

namespace shardwright::synthetic {
namespace {

/// Those that need different things of a plan; all of them with SHARDWRIGHT_TEST_ALL=1.
std::vector<OptimizerKind> optimizers() {
  if (std::getenv("SHARDWRIGHT_TEST_ALL") == nullptr) {
    return {OptimizerKind::sgd, OptimizerKind::rowwise_adagrad};
  }
  return {OptimizerKind::sgd,  OptimizerKind::adagrad,      OptimizerKind::rowwise_adagrad,
          OptimizerKind::adam, OptimizerKind::rowwise_adam, OptimizerKind::ftrl};
}

using Case = std::tuple<std::int64_t, Sharding>;

class Overlap : public testing::TestWithParam<Case> {};

void expect_the_same(const Plan& plan, Manner manner) {
  manner.overlap = false;
  const Outcome expected = run_on_threads(plan, manner);
  manner.overlap = true;
  EXPECT_TRUE(run_on_threads(plan, manner) == expected);
}

/// Each optimizer with one kind of pooling.
TEST_P(Overlap, ChangesNoBit) {
  const auto [ranks, sharding] = GetParam();
  std::uint64_t seed = 2;
  for (const OptimizerKind optimizer : optimizers()) {
    const Training training{.optimizer = optimizer,
                            .mode = seed % 2 == 0 ? PoolingMode::sum : PoolingMode::mean,
                            .weighted = seed % 3 == 0};
    SCOPED_TRACE(to_string(optimizer));
    expect_the_same(make_plan(training, sharding, ranks, seed++), {});
  }
}

INSTANTIATE_TEST_SUITE_P(
    Plans, Overlap,
    testing::Combine(testing::Values(1, 2, 3, 5, 8),
                     testing::Values(Sharding::table_wise, Sharding::column_wise,
                                     Sharding::row_wise, Sharding::table_row_wise,
                                     Sharding::table_column_wise, Sharding::grid,
                                     Sharding::data_parallel, Sharding::every)));

TEST(Overlap, ChangesNoBitWithSeveralThreadsARank) {
  expect_the_same(make_plan({}, Sharding::every, 3, 4), {.threads = 3});
}

TEST(Overlap, ChangesNoBitWithAThreadForMessagesAlone) {
  const Plan plan = make_plan({}, Sharding::every, 3, 4);
  for (const std::int64_t threads : {1, 2, 5}) {
    expect_the_same(plan, {.threads = threads, .communication_thread = true});
  }
  EXPECT_TRUE(run_on_threads(plan, {.threads = 2, .overlap = true, .communication_thread = true}) ==
              run_on_threads(plan));
}

TEST(Overlap, ChangesNoBitInSixteenBits) {
  for (const DataType format : {DataType::bf16, DataType::fp16}) {
    const Plan plan = make_plan({.dtype = format}, Sharding::every, 4, 4);
    expect_the_same(plan, {.wire = {.pooled = format, .gradients = format}});
  }
}

/// What a step sends is counted where its batch is trained, whenever its ids have left.
TEST(Overlap, CountsTheSameBytesInEveryStep) {
  const Plan plan = make_plan({}, Sharding::every, 3, 4);
  run_ranks(3, [&](Communicator& comm) {
    std::vector<EmbeddingPhases> expected;
    run(plan, comm, [&](const ShardedEmbeddings& embeddings, const Batch&) {
      expected.push_back(embeddings.phases());
    });
    std::size_t step = 0;
    const auto visit = [&](const ShardedEmbeddings& embeddings, const Batch&) {
      EXPECT_EQ(embeddings.phases().input_bytes, expected[step].input_bytes);
      EXPECT_EQ(embeddings.phases().output_bytes, expected[step].output_bytes);
      EXPECT_EQ(embeddings.phases().gradient_bytes, expected[step].gradient_bytes);
      ++step;
    };
    run(plan, comm, visit, {.overlap = true});
    EXPECT_EQ(step, static_cast<std::size_t>(kSteps));
  });
}

/// Counts and ids of a batch that was announced leave in the forward() of the batch before it.
TEST(Overlap, SendsCountsAndIdsABatchAhead) {
  const Plan plan = make_plan({}, Sharding::table_wise, 3, 1);
  run_ranks(3, [&](Communicator& comm) {
    ShardedEmbeddings embeddings(plan, comm, {.overlap = true});
    const Batch first = make_share(plan.workload, 7, comm);
    const Batch second = make_share(plan.workload, 8, comm);
    const auto bytes_of_forward = [&](const Batch& batch) {
      const std::int64_t before = comm.traffic().bytes_sent;
      std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
      embeddings.forward(batch, pooled);
      const std::int64_t sent = comm.traffic().bytes_sent - before;
      const EmbeddingPhases phases = embeddings.phases();
      embeddings.backward(pooled, kLearningRate);
      return std::pair(phases, sent);
    };
    embeddings.announce(second);
    const auto [of_first, sent_with_first] = bytes_of_forward(first);
    const auto [of_second, sent_with_second] = bytes_of_forward(second);
    EXPECT_GT(of_second.input_bytes, 0);
    EXPECT_EQ(sent_with_first,
              of_first.input_bytes + of_first.output_bytes + of_second.input_bytes);
    EXPECT_EQ(sent_with_second, of_second.output_bytes);
  });
}

/// The ids of the step after the next are neither there nor asked for.
TEST(Overlap, AnotherBatchThanTheAnnouncedOneIsRefused) {
  const Plan plan = make_plan({}, Sharding::table_wise, 1, 1);
  run_ranks(1, [&](Communicator& comm) {
    ShardedEmbeddings embeddings(plan, comm, {.overlap = true});
    const Batch first = make_batch(plan.workload, 0, 0, 4);
    const Batch second = make_batch(plan.workload, 1, 0, 3);
    std::vector<float> pooled(static_cast<std::size_t>(4 * embeddings.pooled_columns()));
    embeddings.announce(second);
    embeddings.forward(first, pooled);
    EXPECT_THROW(embeddings.forward(first, pooled), std::logic_error) << "no backward()";
    embeddings.backward(pooled, kLearningRate);
    EXPECT_THROW(embeddings.forward(first, pooled), std::logic_error) << "not the second";
  });
}

}  // namespace
}  // namespace shardwright::synthetic
