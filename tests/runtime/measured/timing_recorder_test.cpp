#include "runtime/measured/timing_recorder.hpp"

#include "costmodel/compute/compute_dataset.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/reuse.hpp"
#include "costmodel/unique_rows.hpp"
#include "planner/input_file.hpp"
#include "tests/planner/sample_plan.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPlanId = "00000000ff123456";

// t0 by rows over both ranks, t1 with two features on rank 1.
Plan two_ranks() {
  Plan plan = whole_tables({{16, 0}, {8, 1}}, {kPlenty, kPlenty});
  plan.workload.batch_size = 1000;
  plan.workload.tables[0].pooling = 4;
  plan.workload.tables[1].features = {"clicked", "shown"};
  for (Table& table : plan.workload.tables) {
    table.reuse = zipf_reuse(table.rows, 1000 * table.pooling, 0.8);
    table.reuse_batch_size = 1000;
  }
  using enum ShardingType;
  plan.shards = {{TableId{0}, row_wise, 0, 25, 0, 16, RankId{0}},
                 {TableId{0}, row_wise, 25, 100, 0, 16, RankId{1}},
                 {TableId{1}, table_wise, 0, 100, 0, 8, RankId{1}}};
  return plan;
}

TimingRecorder::Job job_of(Plan plan) {
  return {std::move(plan), kPlanId, "a processor", {2, 2}, "shardwright train"};
}

// Look-ups of rank r take r + 1 ms, its updates ten times that, every tenth step twenty times;
// before each, its core does (r + 1) · 10 GFLOP/s, of every tenth a hundredth.
std::vector<StepReport> step(std::int64_t number) {
  std::vector<StepReport> ranks(2);
  for (std::size_t r = 0; r < 2; ++r) {
    const double ms = (number % 10 == 9 ? 20.0 : 1.0) * static_cast<double>(r + 1);
    ranks[r].ms(StepPhase::lookup) = ms;
    ranks[r].ms(StepPhase::update) = 10 * ms;
    const double rate = (number % 10 == 9 ? 0.1 : 10.0) * static_cast<double>(r + 1);
    ranks[r].probe = {{4 * rate, 2 * rate, rate}};
  }
  return ranks;
}

void record(const std::string& file, const TimingRecorder::Job& job, std::int64_t steps) {
  TimingRecorder recorder(file, job);
  for (std::int64_t i = 0; i < steps; ++i) recorder.add(step(i));
  recorder.finish();
}

std::vector<ComputeTiming> rows_of(const std::string& file) {
  return parse_compute_timings(read_input_file(file).content, file).rows;
}

TEST(SkewFor, FindsTheSkewOfALaw) {
  for (const double skew : {0.3, 0.8, 1.05, 1.6}) {
    const double unique = 50'000 / mean_reuse(zipf_reuse(100'000, 50'000, skew));
    EXPECT_NEAR(skew_for(100'000, 50'000, unique), skew, 1e-4);
  }
}

TEST(SkewFor, TakesTheNearestWhereNoSkewReaches) {
  EXPECT_EQ(skew_for(1000, 500, 500), 0) << "more distinct rows than even ids have";
  EXPECT_NEAR(skew_for(1000, 500, 0.5), 10, 1e-6);
}

TEST(RankTables, SayWhatTheCostModelSaysOfTheShards) {
  const Plan plan = two_ranks();
  std::string why;
  const RankTables tables = rank_tables(plan, RankId{1}, why).value();
  ASSERT_EQ(tables.tables.size(), 2U);
  EXPECT_EQ(tables.tables[0].rows, 75);
  EXPECT_EQ(tables.tables[0].dim, 16);
  EXPECT_DOUBLE_EQ(tables.tables[0].pooling, 3) << "three quarters of the ids";
  EXPECT_EQ(tables.tables[1].features, 2);

  ComputeTiming timing;
  timing.batch_size = plan.workload.batch_size;
  timing.optimizer = tables.optimizer;
  timing.tables = tables.tables;
  const ComputeExample example(timing);
  for (std::size_t i = 0; i < 2; ++i) {
    const Shard& shard = plan.shards[i + 1];
    const Table& table = plan.workload.table(shard.table);
    const ShardLoad load = load_of(table, shard, 1000, expected_unique_rows(table, 1000));
    EXPECT_NEAR(example.works[i].load.lookups, load.lookups, 1e-6);
    EXPECT_NEAR(example.works[i].load.bags, load.bags, 1e-6);
    EXPECT_NEAR(example.works[i].load.unique_rows, load.unique_rows, 0.02 * load.unique_rows);
  }
}

TEST(RankTables, SayOfWhichTableAShardHasAPartOfTheColumns) {
  Plan plan = two_ranks();
  using enum ShardingType;
  plan.shards = {{TableId{0}, column_wise, 0, 100, 0, 4, RankId{0}},
                 {TableId{0}, column_wise, 0, 100, 4, 16, RankId{1}},
                 {TableId{1}, table_wise, 0, 100, 0, 8, RankId{1}}};
  std::string why;
  const RankTables tables = rank_tables(plan, RankId{1}, why).value();
  EXPECT_EQ(tables.tables[0].dim, 12);
  EXPECT_EQ(tables.tables[0].table_dim, 16);
  EXPECT_EQ(tables.tables[1].table_dim, 0);
}

TEST(TimingRecorder, WritesMediansOfEveryTwentyStepsAfterWarmingUp) {
  TemporaryFolder folder;
  const std::string file = folder / "timings.csv";
  record(file, job_of(two_ranks()), 3 + 20 + 20 + 4);
  const auto rows = rows_of(file);
  ASSERT_EQ(rows.size(), 4U) << "of two ranks, without the last four steps";
  EXPECT_EQ(rows[1].set, 1);
  EXPECT_DOUBLE_EQ(rows[1].forward_ms, 2);
  EXPECT_DOUBLE_EQ(rows[1].backward_ms, 20);
  EXPECT_EQ(rows[1].passes, 20);
  EXPECT_EQ(rows[1].outliers, 4);
  EXPECT_EQ(rows[1].busy_ranks, 2);
  EXPECT_EQ(rows[1].hardware, "a processor");
  EXPECT_EQ(rows[3].repeat, 2);
  EXPECT_EQ(rows[1].probe, (MachineProbe{{80, 40, 20}}));
}

TEST(TimingRecorder, StopsAfterAThousandSteps) {
  TemporaryFolder folder;
  const std::string file = folder / "timings.csv";
  record(file, job_of(two_ranks()), TimingRecorder::kMostSteps + 25);
  EXPECT_EQ(rows_of(file).size(), 2U * 1000 / 20);
}

TEST(TimingRecorder, AppendsFurtherJobsAndPlans) {
  TemporaryFolder folder;
  const std::string file = folder / "timings.csv";
  record(file, job_of(two_ranks()), 10);
  record(file, job_of(two_ranks()), 10);
  TimingRecorder::Job other = job_of(two_ranks());
  other.plan_id = "ffffffffffffffff";
  record(file, other, 10);
  const auto rows = rows_of(file);
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows[0].seed, rows[2].seed);
  EXPECT_NE(rows[0].seed, rows[4].seed) << "another plan is another table set";
  EXPECT_EQ(rows[2].repeat, 2);
  EXPECT_EQ(rows[4].repeat, 1);
}

TEST(TimingRecorder, LeavesOutWhatTheSchemaCannotSay) {
  TemporaryFolder folder;
  Plan plan = two_ranks();
  plan.workload.tables[1].optimizer = OptimizerKind::adam;
  const std::string file = folder / "timings.csv";
  const TimingRecorder recorder(file, job_of(plan));
  EXPECT_THAT(recorder.notes(), ElementsAre(HasSubstr("rank 1 are not recorded: its tables have")));
  record(file, job_of(plan), 10);
  EXPECT_EQ(rows_of(file).size(), 1U);

  plan.workload.tables[0].mode = PoolingMode::none;
  EXPECT_THAT(TimingRecorder(file, job_of(plan)).notes(), Contains(HasSubstr("t0 has no pooling")));

  plan = two_ranks();
  plan.unique_rows = {TableId{1}};
  EXPECT_THAT(TimingRecorder(file, job_of(plan)).notes(),
              ElementsAre(HasSubstr("rank 0 are not recorded: its look-ups and updates are also"),
                          HasSubstr("rank 1 are not recorded")));
  plan.unique_rows.clear();

  plan.shards = {{TableId{0}, ShardingType::data_parallel, 0, 100, 0, 16, {}}};
  const TimingRecorder none(file, job_of(plan));
  EXPECT_THAT(none.notes(), ElementsAre(HasSubstr("t0 is data_parallel"), HasSubstr("t0 is")));
}

TEST(TimingRecorder, RefusesAFileOfSomethingElse) {
  TemporaryFolder folder;
  const std::string file = folder / "notes.csv";
  write_text(file, "milk, eggs\n");
  EXPECT_THROW(TimingRecorder(file, job_of(two_ranks())), InputError);
  EXPECT_EQ(read_input_file(file).content, "milk, eggs\n");
}

TEST(TimingRecorder, SaysWhereItCannotWrite) {
  EXPECT_THROW(TimingRecorder("/nowhere/timings.csv", job_of(two_ranks())), EnvironmentError);
}

}  // namespace
}  // namespace shardwright
