#include "runtime/bench/bench.hpp"

#include "costmodel/errors.hpp"
#include "planner/rate_plan.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "runtime/trainer/phase_table.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using testing::HasSubstr;

Plan small_plan(std::int64_t ranks) {
  Plan plan =
      synthetic::make_plan({.optimizer = OptimizerKind::sgd}, synthetic::Sharding::mixed, ranks, 1);
  plan.topology = read_topology(std::to_string(ranks) + "xcpu-4GiB");
  plan.workload.batch_size = 24;
  rate_plan(plan, *make_cost_model("analytic"));
  return plan;
}

BenchOptions few_steps(std::int64_t steps) {
  BenchOptions options;
  options.steps = steps;
  options.warmup_steps = 1;
  return options;
}

TEST(PlanToBench, KeepsPredictionsThatStillHold) {
  const Plan plan = small_plan(2);
  EXPECT_EQ(plan_to_bench(plan, {}).predicted, plan.predicted);
  BenchOptions same;
  same.optimizer = OptimizerKind::sgd;
  same.batch_size = 24;
  EXPECT_EQ(plan_to_bench(plan, same).predicted, plan.predicted);
}

TEST(PlanToBench, PredictsAnewForAnotherBatchOrOptimizer) {
  const Plan plan = small_plan(2);
  BenchOptions options;
  options.batch_size = 2400;
  const Plan larger = plan_to_bench(plan, options);
  EXPECT_EQ(larger.workload.batch_size, 2400);
  EXPECT_GT(larger.cost_ms, plan.cost_ms);
  options.batch_size = 0;
  options.optimizer = OptimizerKind::adagrad;
  const Plan adagrad = plan_to_bench(plan, options);
  EXPECT_EQ(adagrad.workload.tables[0].optimizer, OptimizerKind::adagrad);
  EXPECT_GT(adagrad.predicted[0].memory, plan.predicted[0].memory);
}

TEST(PlanToBench, AsksForABatchSize) {
  Plan plan = small_plan(2);
  plan.workload.batch_size = 0;
  EXPECT_THROW(plan_to_bench(plan, {}), InputError);
}

TEST(RunBench, MeasuresEveryStepAndAllTraffic) {
  const Plan plan = small_plan(2);
  run_ranks(2, [&](Communicator& comm) {
    const BenchResult result = run_bench(comm, plan, few_steps(4));
    EXPECT_EQ(result.steps(), 4);
    EXPECT_EQ(result.batch_size, 24);
    EXPECT_GT(result.samples_per_s(), 0);
    EXPECT_GT(result.sums.max_ms[static_cast<std::size_t>(StepPhase::lookup)], 0);
    EXPECT_EQ(result.sums.max_ms[static_cast<std::size_t>(StepPhase::dense_update)], 0);
    EXPECT_GT(result.sums.max_bytes[static_cast<std::size_t>(StepTraffic::output)], 0);
    EXPECT_EQ(result.sums.max_bytes[static_cast<std::size_t>(StepTraffic::dense)], 0);
    EXPECT_EQ(result.memory.size(), 2U);
    EXPECT_EQ(result.memory[1].predicted_bytes, plan.predicted[1].memory.value());
  });
}

TEST(RunBench, TrainsADenseModelOnRequest) {
  Plan plan = small_plan(2);
  BenchOptions options = few_steps(2);
  options.dense = true;
  EXPECT_THROW(run_ranks(2, [&](Communicator& comm) { run_bench(comm, plan, options); }), Error)
      << "its tables have several dims";
  plan.workload.tables.resize(1);
  std::erase_if(plan.shards, [](const Shard& shard) { return shard.table != TableId{0}; });
  run_ranks(2, [&](Communicator& comm) {
    const BenchResult result = run_bench(comm, plan, options);
    EXPECT_GT(result.sums.max_ms[static_cast<std::size_t>(StepPhase::dense_update)], 0);
    EXPECT_GT(result.sums.max_bytes[static_cast<std::size_t>(StepTraffic::dense)], 0);
  });
}

BenchResult hand_made_result() {
  BenchResult result;
  result.batch_size = 100;
  result.step_ms = {4, 1, 2, 3, 10};
  result.placement = {.ranks = 4, .hosts = 1, .most_ranks_per_host = 4, .cores_of_that_host = 2};
  result.memory = {{.predicted_bytes = 1 << 20, .peak_bytes = 1 << 19},
                   {.predicted_bytes = 1 << 21, .peak_bytes = 1 << 20}};
  result.cost_model = "analytic";
  PhaseTimes predicted;
  predicted.compute_forward_ms = 1.5;
  predicted.comm_input_ms = 0.25;
  result.predicted = predicted;
  return result;
}

TEST(BenchResult, CountsSamplesOverTheStepsTime) {
  const BenchResult result = hand_made_result();
  EXPECT_DOUBLE_EQ(result.samples_per_s(), 500 / 0.020);
  EXPECT_EQ(result.quantile_ms(0.5), 3);
  EXPECT_EQ(result.quantile_ms(0.1), 1);
  EXPECT_EQ(result.quantile_ms(0.9), 10);
}

TEST(BenchResult, SaysMeasuredBesidePredicted) {
  BenchResult result = hand_made_result();
  EXPECT_EQ(bench_to_json(result)["samples_per_s"], result.samples_per_s());
  EXPECT_EQ(bench_to_json(result)["predicted_step_ms"], 1.75);
  EXPECT_EQ(bench_to_json(result)["composed_from_turns"], false);
  const std::string text = bench_to_text(result);
  EXPECT_THAT(text, HasSubstr("takes 3.000 ms"));
  EXPECT_THAT(text, HasSubstr("predicted 1.750 ms"));
  EXPECT_THAT(text, HasSubstr("4 ranks share 2 cores; times are upper bounds"));
  EXPECT_THAT(text, HasSubstr("ratio 0.500"));
  result.took_turns = true;
  EXPECT_THAT(bench_to_text(result), HasSubstr("they took turns"));
  EXPECT_EQ(bench_to_json(result)["composed_from_turns"], true);
}

}  // namespace
}  // namespace shardwright
