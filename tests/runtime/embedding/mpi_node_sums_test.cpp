#include "runtime/comm/mpi_communicator.hpp"
#include "tests/runtime/embedding/node_plans.hpp"
#include "tests/runtime/embedding/own_part.hpp"

#include <gtest/gtest.h>

namespace shardwright::synthetic {
namespace {

void expect_equal(const Plan& plan, Communicator& comm) {
  const Outcome part = run(plan, comm);
  EXPECT_TRUE(part == own_part(plan, comm, run_on_threads(plan)));
  EXPECT_TRUE(part == run(plan, comm, {}, {.overlap = true})) << "with overlap";
  const WireFormats narrow{.pooled = DataType::fp16, .gradients = DataType::bf16};
  EXPECT_TRUE(run(plan, comm, {}, {.overlap = true, .wire = narrow}) ==
              own_part(plan, comm, run_on_threads(plan, {.wire = narrow})));
}

/// Four ranks as two nodes of two, and as one of two and two of one; messages are cut into pieces.
TEST(NodeSumsOverMpi, EqualThoseOnThreads) {
  const auto comm = make_mpi_communicator(1000);
  const Training training{.optimizer = OptimizerKind::rowwise_adagrad, .mode = PoolingMode::mean};
  expect_equal(types_over_nodes(training, ranks_on({0, 0, 1, 1})), *comm);
  expect_equal(blocks_over_nodes(training, ranks_on({0, 1, 1, 2})), *comm);
}

}  // namespace
}  // namespace shardwright::synthetic
