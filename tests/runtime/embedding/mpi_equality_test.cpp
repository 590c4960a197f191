#include "runtime/comm/mpi_communicator.hpp"
#include "tests/runtime/comm/mapped_rank_memory.hpp"
#include "tests/runtime/embedding/mixed_kinds.hpp"
#include "tests/runtime/embedding/own_part.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace shardwright::synthetic {
namespace {

TEST(ShardedRunOverMpi, EqualsTheOneOnOneRankBitForBit) {
  for (const std::int64_t message_limit : {std::int64_t{1000}, std::int64_t{1} << 30}) {
    const auto comm = make_mpi_communicator(message_limit);
    for (const OptimizerKind optimizer :
         {OptimizerKind::sgd, OptimizerKind::adagrad, OptimizerKind::rowwise_adagrad}) {
      const Training training{.optimizer = optimizer, .weighted = true};
      for (const Sharding sharding : {Sharding::mixed, Sharding::grid}) {
        const Plan plan = make_plan(training, sharding, comm->size(), 1);
        const Outcome part = run(plan, *comm);
        const Outcome whole = run_on_threads(on_one_rank(plan));
        EXPECT_TRUE(part == own_part(plan, *comm, whole)) << to_string(optimizer);
        EXPECT_TRUE(run(plan, *comm, {}, {.overlap = true}) == part) << "with overlap";
      }
    }
  }
}

/// The others compare what two ways of exchanging compute, as the environment says.
TEST(ShardedRunOverMpi, MapsTheOwnersMatricesUnlessItIsSetOff) {
  const auto comm = make_mpi_communicator();
  const Plan plan = make_plan({}, Sharding::column_wise, comm->size(), 4);
  const bool is_off = std::getenv("SHARDWRIGHT_NODE_MEMORY") != nullptr;
  int most = 0;
  run(plan, *comm,
      [&](const ShardedEmbeddings&, const Batch&) { most = std::max(most, mapped_rank_memory()); });
  EXPECT_EQ(most, is_off ? 0 : static_cast<int>(comm->size()));
}

TEST(ShardedRunOverMpi, EqualsTheOneOnOneRankWithoutPoolingToo) {
  const auto comm = make_mpi_communicator(1000);
  const Training training{.optimizer = OptimizerKind::adagrad, .unpooled = true};
  for (const Sharding sharding : {Sharding::mixed, Sharding::grid}) {
    const Plan plan = make_plan(training, sharding, comm->size(), 1);
    const Outcome part = run(plan, *comm);
    EXPECT_TRUE(part == own_part(plan, *comm, run_on_threads(on_one_rank(plan))));
    EXPECT_TRUE(run(plan, *comm, {}, {.overlap = true}) == part) << "with overlap";
  }
}

TEST(ShardedRunOverMpi, OfEveryKindOfTableEqualsTheOneOnThreads) {
  const auto comm = make_mpi_communicator(1000);
  for (const std::uint64_t seed : {0U, 1U}) {
    const Plan plan = random_mix(comm->size(), seed);
    const Outcome part = run(plan, *comm);
    EXPECT_TRUE(part == own_part(plan, *comm, run_on_threads(plan))) << "plan " << seed;
    EXPECT_TRUE(run(plan, *comm, {}, {.overlap = true}) == part) << "with overlap, plan " << seed;
  }
}

}  // namespace
}  // namespace shardwright::synthetic
