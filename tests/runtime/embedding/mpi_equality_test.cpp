#include "runtime/comm/mpi_communicator.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gtest/gtest.h>

namespace shardwright::synthetic {
namespace {

/// What this rank contributes to the outcome of a run on one rank: zero where others contribute.
std::vector<float> own_part(const std::vector<float>& whole, const std::vector<float>& part) {
  std::vector<float> own = whole;
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (part[i] == 0.0F) own[i] = 0.0F;
  }
  return own;
}

Outcome own_part(const Outcome& whole, const Outcome& part) {
  Outcome own;
  own.pooled = own_part(whole.pooled, part.pooled);
  for (std::size_t t = 0; t < whole.weights.size(); ++t) {
    own.weights.push_back(own_part(whole.weights[t], part.weights[t]));
    own.state.push_back(own_part(whole.state[t], part.state[t]));
  }
  return own;
}

TEST(ShardedRunOverMpi, EqualsTheOneOnOneRankBitForBit) {
  for (const std::int64_t message_limit : {std::int64_t{1000}, std::int64_t{1} << 30}) {
    const auto comm = make_mpi_communicator(message_limit);
    for (const OptimizerKind optimizer :
         {OptimizerKind::sgd, OptimizerKind::adagrad, OptimizerKind::rowwise_adagrad}) {
      const Training training{.optimizer = optimizer, .weighted = true};
      const Plan plan = make_plan(training, Sharding::mixed, comm->size(), 1);
      const Outcome part = run(plan, *comm);
      EXPECT_TRUE(part == own_part(run_on_threads(on_one_rank(plan)), part))
          << to_string(optimizer);
    }
  }
}

}  // namespace
}  // namespace shardwright::synthetic
