// Ranks that read and write each other's matrices in place compute and count what they do by
// messages.

#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/comm/mapped_rank_memory.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace shardwright::synthetic {
namespace {

using Case = std::tuple<std::int64_t, Sharding>;

class InPlace : public testing::TestWithParam<Case> {};

void expect_the_same(const Plan& plan, Manner manner) {
  const Outcome expected = run_on_threads(plan, manner);
  manner.memory = ThreadMemory::shared;
  EXPECT_TRUE(run_on_threads(plan, manner) == expected);
}

/// Matrices grow on the way, since batches differ in size.
TEST_P(InPlace, ChangesNoBit) {
  const auto [ranks, sharding] = GetParam();
  const Plan plan = make_plan({.optimizer = OptimizerKind::rowwise_adagrad}, sharding, ranks, 5);
  expect_the_same(plan, {});
  expect_the_same(plan, {.overlap = true});
}

INSTANTIATE_TEST_SUITE_P(Plans, InPlace,
                         testing::Combine(testing::Values(2, 5),
                                          testing::Values(Sharding::table_wise,
                                                          Sharding::column_wise, Sharding::grid,
                                                          Sharding::every)));

TEST(InPlace, ChangesNoBitWithoutPooling) {
  const Plan plan =
      make_plan({.optimizer = OptimizerKind::adagrad, .unpooled = true}, Sharding::mixed, 3, 2);
  expect_the_same(plan, {});
  expect_the_same(plan, {.overlap = true});
}

/// Sixteen bits are narrowed on the way, so they are sent.
TEST(InPlace, IsNotForSixteenBits) {
  const Plan plan = make_plan({}, Sharding::mixed, 3, 4);
  for (const WireFormats wire :
       {WireFormats{.pooled = DataType::bf16}, WireFormats{.gradients = DataType::fp16}}) {
    expect_the_same(plan, {.wire = wire});
  }
}

/// After every step of all ranks: how many mappings of ranks' memory there are.
int most_mapped(const Plan& plan, ThreadMemory memory) {
  int most = 0;
  run_ranks(
      plan.topology.size(),
      [&](Communicator& comm) {
        run(plan, comm, [&](const ShardedEmbeddings&, const Batch&) {
          comm.barrier();
          if (comm.rank() == RankId{0}) most = std::max(most, mapped_rank_memory());
          comm.barrier();
        });
      },
      memory);
  return most;
}

TEST(InPlace, MapsEveryOwnersMatrixOnEveryRank) {
  const Plan plan = make_plan({}, Sharding::column_wise, 3, 4);
  EXPECT_EQ(most_mapped(plan, ThreadMemory::apart), 0);
  EXPECT_EQ(most_mapped(plan, ThreadMemory::shared), 3 * 3);
}

std::vector<TrafficSent> traffic_of(const Plan& plan, ThreadMemory memory) {
  std::vector<TrafficSent> sent(static_cast<std::size_t>(plan.topology.size()));
  run_ranks(
      plan.topology.size(),
      [&](Communicator& comm) {
        run(plan, comm);
        sent[comm.rank().index()] = comm.traffic();
      },
      memory);
  return sent;
}

TEST(InPlace, CountsTheSameBytesAndMessages) {
  const Plan plan = make_plan({.unpooled = true}, Sharding::every, 3, 4);
  const auto expected = traffic_of(plan, ThreadMemory::apart);
  const auto in_place = traffic_of(plan, ThreadMemory::shared);
  for (std::size_t r = 0; r < expected.size(); ++r) {
    EXPECT_EQ(in_place[r].bytes_sent, expected[r].bytes_sent);
    EXPECT_EQ(in_place[r].messages_sent, expected[r].messages_sent);
  }
}

std::vector<float> values_of_steps(const Plan& plan, Communicator& comm) {
  ShardedEmbeddings embeddings(plan, comm, {});
  std::vector<float> all;
  for (std::int64_t step = 0; step < kSteps; ++step) {
    const Batch batch = make_share(plan.workload, step, comm);
    std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
    embeddings.forward(batch, pooled);
    all.insert(all.end(), pooled.begin(), pooled.end());
  }
  comm.barrier();
  return all;
}

/// Nothing but the next batch's ids says then that a matrix may be written anew.
TEST(InPlace, LooksUpWithoutUpdates) {
  const Plan plan = make_plan({}, Sharding::column_wise, 4, 4);
  std::vector<std::vector<float>> expected(4);
  run_ranks(
      4, [&](Communicator& comm) { expected[comm.rank().index()] = values_of_steps(plan, comm); });
  run_ranks(
      4,
      [&](Communicator& comm) {
        EXPECT_TRUE(values_of_steps(plan, comm) == expected[comm.rank().index()]);
      },
      ThreadMemory::shared);
}

}  // namespace
}  // namespace shardwright::synthetic
