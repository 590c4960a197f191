#include "runtime/bench/bench.hpp"

#include "costmodel/errors.hpp"
#include "planner/rate_plan.hpp"
#include "runtime/bench/synthetic_batches.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "runtime/trainer/phase_table.hpp"
#include "runtime/trainer/rank_model.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace shardwright {
namespace {

using testing::HasSubstr;
using testing::Not;

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

TEST(PlanToBench, ExchangesUniqueRowsOnRequestAlone) {
  Plan plan = small_plan(2);
  plan.unique_rows = {TableId{1}};
  BenchOptions options;
  EXPECT_EQ(plan_to_bench(plan, options).unique_rows, plan.unique_rows);
  options.unique_rows = UniqueRowsChoice::all;
  const Plan all = plan_to_bench(plan, options);
  EXPECT_EQ(all.unique_rows.size(), plan.workload.tables.size());
  EXPECT_NE(all.predicted, plan.predicted);
  options.unique_rows = UniqueRowsChoice::none;
  EXPECT_EQ(plan_to_bench(plan, options).unique_rows, std::vector<TableId>{});
}

/// With one row, a rank asks for one id of 8 bytes and gets one row of 16 in a step.
TEST(RunBench, CountsTheBytesOfUniqueRows) {
  Plan plan = small_plan(2);
  plan.workload.tables = {plan.workload.tables[3]};
  plan.shards = {{TableId{0}, ShardingType::table_wise, 0, 1, 0, 4, RankId{0}}};
  plan.unique_rows = {TableId{0}};
  rate_plan(plan, *make_cost_model("analytic"));
  run_ranks(2, [&](Communicator& comm) {
    const BenchResult result = run_bench(comm, plan, few_steps(4));
    EXPECT_EQ(result.sums.max_bytes[static_cast<std::size_t>(StepTraffic::input)],
              4 * (32 + 8 + 4));
    EXPECT_EQ(result.sums.max_bytes[static_cast<std::size_t>(StepTraffic::output)], 4 * 16);
    EXPECT_EQ(result.sums.max_bytes[static_cast<std::size_t>(StepTraffic::gradient)], 4 * 16);
  });
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

/// Enough steps are looked for as long as there is patience; some are kept.
TEST(RunBench, LooksForQuietSteps) {
  const Plan plan = small_plan(2);
  BenchOptions options = few_steps(2);
  options.patience_s = 0.02;
  run_ranks(2, [&](Communicator& comm) {
    const BenchResult result = run_bench(comm, plan, options);
    EXPECT_GE(result.steps(), 2);
    EXPECT_GE(result.steps_taken, result.steps());
    EXPECT_EQ(bench_to_json(result)["steps_taken"], result.steps_taken);
    EXPECT_TRUE(result.probe.known());
    EXPECT_EQ(bench_to_json(result)["probe"]["gather_gb_s"], result.probe.rates[1]);
    EXPECT_NE(bench_to_text(result).find("probe " + to_string(result.probe)), std::string::npos);
  });
}

Plan swapped(Plan plan) {
  for (Shard& shard : plan.shards) {
    if (shard.rank) shard.rank = RankId{1 - shard.rank->value()};
  }
  rate_plan(plan, *make_cost_model("analytic"));
  return plan;
}

/// What one plan's shards send of pooled values, the other's get.
TEST(RunBenches, TimesSeveralPlansInTheSameTurns) {
  const std::vector<Plan> plans = {small_plan(2), swapped(small_plan(2))};
  BenchOptions options = few_steps(3);
  for (const double patience_s : {0.0, 0.02}) {
    options.patience_s = patience_s;
    run_ranks(2, [&](Communicator& comm) {
      const std::vector<BenchResult> results = run_benches(comm, plans, options);
      ASSERT_EQ(results.size(), 2U);
      EXPECT_NE(results[0].plan_id, results[1].plan_id);
      EXPECT_EQ(results[0].steps(), results[1].steps());
      EXPECT_GE(results[0].steps(), 3);
      EXPECT_EQ(results[0].probe.known(), patience_s > 0);
      for (const BenchResult& result : results) {
        EXPECT_GT(result.quantile_ms(0.5), 0);
        EXPECT_GT(result.sums.max_bytes[static_cast<std::size_t>(StepTraffic::output)], 0);
        EXPECT_TRUE(result.memory.empty()) << "whose it is, nobody can tell";
      }
    });
  }
}

TEST(RunBenches, LeavesOutPhasesOfEachPlan) {
  const std::vector<Plan> plans = {small_plan(2), swapped(small_plan(2))};
  BenchOptions options = few_steps(2);
  options.without_phases = true;
  run_ranks(2, [&](Communicator& comm) {
    for (const BenchResult& result : run_benches(comm, plans, options)) {
      EXPECT_EQ(result.without.size(), 5U);
    }
  });
}

TEST(RunBenches, RefusesPlansOfDifferentWorkloads) {
  std::vector<Plan> plans = {small_plan(2), small_plan(2)};
  plans[1].workload.batch_size *= 2;
  const auto bench = [&] {
    run_ranks(2, [&](Communicator& comm) { run_benches(comm, plans, few_steps(1)); });
  };
  EXPECT_THROW(bench(), UsageError);
  plans[1] = small_plan(2);
  plans[1].workload.tables[0].pooling += 1;
  EXPECT_THROW(bench(), UsageError);
  plans[1] = small_plan(2);
  plans[1].workload.tables[0].constraints.max_shards = 1;
  EXPECT_NO_THROW(bench()) << "constraints are the planner's";
}

TEST(RunBenches, RefusesSeveralPlansWithOverlap) {
  const std::vector<Plan> plans = {small_plan(2), small_plan(2)};
  BenchOptions options = few_steps(2);
  options.overlap = true;
  EXPECT_THROW(run_ranks(2, [&](Communicator& comm) { run_benches(comm, plans, options); }),
               UsageError);
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

Plan plan_without_pooling() {
  Plan plan = small_plan(2);
  for (Table& table : plan.workload.tables) {
    table.mode = PoolingMode::none;
    table.pooling = 0.5;  // batches differ in their number of ids
  }
  return plan;
}

TEST(RunBench, TrainsTablesWithoutPooling) {
  const Plan plan = plan_without_pooling();
  BenchOptions options = few_steps(3);
  options.without_phases = true;
  for (const bool overlap : {false, true}) {
    options.overlap = overlap;
    run_ranks(2, [&](Communicator& comm) {
      const BenchResult result = run_bench(comm, plan, options);
      EXPECT_GT(result.sums.max_bytes[static_cast<std::size_t>(StepTraffic::output)], 0);
      EXPECT_EQ(result.without.size(), 5U);
    });
  }
}

/// Two tables without pooling, one of them on every rank, one that sends unique rows, one pooled.
TEST(RunBench, LeavesOutPhasesOfEveryKindOfTable) {
  Plan plan = plan_without_pooling();
  for (const std::size_t t : {2U, 3U}) plan.workload.tables[t].mode = PoolingMode::mean;
  plan.unique_rows = {TableId{3}};
  std::erase_if(plan.shards, [](const Shard& shard) { return shard.table == TableId{0}; });
  const Table& table = plan.workload.tables.front();
  plan.shards.insert(plan.shards.begin(), {TableId{0}, ShardingType::data_parallel, 0, table.rows,
                                           0, table.dim, std::nullopt});
  BenchOptions options = few_steps(3);
  options.without_phases = true;
  for (const bool overlap : {false, true}) {
    options.overlap = overlap;
    run_ranks(2, [&](Communicator& comm) {
      const BenchResult result = run_bench(comm, plan, options);
      ASSERT_EQ(result.without.size(), 5U);
      for (const StepsWithout& without : result.without) EXPECT_GT(without.median_ms, 0);
    });
  }
}

TEST(RunBench, HasNoDensePartForTablesWithoutPooling) {
  BenchOptions options = few_steps(1);
  options.dense = true;
  try {
    run_ranks(2, [&](Communicator& comm) { run_bench(comm, plan_without_pooling(), options); });
    FAIL() << "it ran";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no pooling (mode none)"));
  }
}

TEST(RunBench, TimesStepsWithoutEachPhase) {
  Plan plan = small_plan(2);
  plan.workload.tables.resize(1);
  std::erase_if(plan.shards, [](const Shard& shard) { return shard.table != TableId{0}; });
  BenchOptions options = few_steps(2);
  options.dense = true;
  options.without_phases = true;
  for (const bool overlap : {false, true}) {
    options.overlap = overlap;
    run_ranks(2, [&](Communicator& comm) {
      const BenchResult result = run_bench(comm, plan, options);
      EXPECT_EQ(result.overlap, overlap);
      ASSERT_EQ(result.without.size(), 8U) << "all phases but read";
      for (const StepsWithout& without : result.without) EXPECT_GT(without.median_ms, 0);
      EXPECT_EQ(bench_to_json(result)["without_ms"].size(), 8U);
    });
  }
}

/// A phase that is left out takes no time and sends nothing; the others go on.
TEST(RankModel, LeavesAPhaseOut) {
  Plan plan = synthetic::make_plan({}, synthetic::Sharding::table_wise, 2, 1);
  plan.workload.batch_size = 24;
  for (std::size_t t = 0; t < plan.shards.size(); ++t) {
    plan.shards[t].rank = RankId{static_cast<std::int64_t>(t % 2)};
  }
  run_ranks(2, [&](Communicator& comm) {
    const auto model = make_rank_model(comm, {.plan = plan, .dense = {}}, {});
    const SyntheticBatches batches(plan.workload, 0, 1.05, 1);
    const auto step = [&](std::int64_t number) {
      return model->train(batches.make(number, comm.rank().value(), 2), {0, 0});
    };
    StepReport whole = step(0);
    for (const StepPhase phase :
         {StepPhase::lookup, StepPhase::output_exchange, StepPhase::gradient_exchange,
          StepPhase::update, StepPhase::input_exchange}) {
      model->leave_out(phase);
      StepReport report = step(1);
      EXPECT_EQ(report.ms(phase), 0);
      EXPECT_EQ(report.bytes(StepTraffic::output) == 0, phase == StepPhase::output_exchange);
      EXPECT_EQ(report.bytes(StepTraffic::gradient) == 0, phase == StepPhase::gradient_exchange);
    }
    EXPECT_GT(whole.bytes(StepTraffic::output), 0);
  });
}

/// One row of one table, in its own bag: w₀, then w₀ − 0.1·w₀, then that less 0.1·w₀ again.
TEST(RankModel, KeepsTheGradientsOfEmbeddingsAlone) {
  Plan plan = small_plan(1);
  Table table;
  table.name = "one_row";
  table.rows = 1;
  table.dim = 4;
  table.optimizer = OptimizerKind::sgd;
  table.features = {"f"};
  plan.workload = {{table}, 1};
  plan.shards = {{TableId{0}, ShardingType::table_wise, 0, 1, 0, 4, RankId{0}}};
  run_ranks(1, [&](Communicator& comm) {
    const auto model = make_rank_model(comm, {.plan = plan, .dense = {}}, {});
    const auto weight = [&] { return model->local_shards()[0].weights[0]; };
    const float first = weight();
    Batch batch;
    batch.size = batch.global_size = 1;
    batch.features = {{.lengths = {1}, .ids = {0}, .weights = {}}};
    for (int step = 0; step < 2; ++step) model->train(batch, {0.1, 0});
    EXPECT_NEAR(weight(), 0.8F * first, 1e-6F * std::abs(first));
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
  EXPECT_EQ(bench_to_json(result)["without_ms"], nullptr);
  EXPECT_THAT(text, Not(HasSubstr("step without")));
  result.took_turns = true;
  EXPECT_THAT(bench_to_text(result), HasSubstr("they took turns"));
  EXPECT_EQ(bench_to_json(result)["composed_from_turns"], true);
}

TEST(BenchResult, SaysHowManyStepsItChoseFrom) {
  BenchResult result = hand_made_result();
  result.steps_taken = 5;
  EXPECT_THAT(bench_to_text(result), HasSubstr("(median of 5; a tenth"));
  result.steps_taken = 40;
  EXPECT_THAT(bench_to_text(result), HasSubstr("(median of 5, the least disturbed of 40; a tenth"));
}

TEST(BenchResult, SaysWhatExchangesTakeBesideComputing) {
  BenchResult result = hand_made_result();  // 5 steps of 4 ms each in the mean
  result.overlap = true;
  result.sums.mean_ms[static_cast<std::size_t>(StepPhase::input_exchange)] = 1;
  result.sums.mean_ms[static_cast<std::size_t>(StepPhase::lookup)] = 8;
  result.sums.mean_ms[static_cast<std::size_t>(StepPhase::gradient_exchange)] = 4;
  result.without = {{StepPhase::lookup, 2.25}};
  EXPECT_DOUBLE_EQ(bench_to_json(result)["exposed_exchange_ms"], 1);
  EXPECT_DOUBLE_EQ(bench_to_json(result)["exposed_exchange_share"], 0.25);
  EXPECT_EQ(bench_to_json(result)["without_ms"], nlohmann::json({{"lookup", 2.25}}));
  const std::string text = bench_to_text(result);
  EXPECT_THAT(text, HasSubstr("beside computing: 1.000 ms of a step, 25.0 % (with overlap)"));
  EXPECT_THAT(text, HasSubstr("lookup                   2.250       0.750\n"));
}

}  // namespace
}  // namespace shardwright
