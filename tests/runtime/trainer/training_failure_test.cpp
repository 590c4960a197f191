#include "runtime/comm/thread_communicator.hpp"
#include "runtime/trainer/metrics_file.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

using testing::HasSubstr;

TEST(Training, ABadIdOfOneRankEndsAllWithItsPlace) {
  const TestFolder folder;
  write_test_data(folder / "data");
  std::fstream ids(folder / "data/train/feature_0.ids.i64",
                   std::ios::binary | std::ios::in | std::ios::out);
  const std::int64_t bad = 40;  // "user" has rows 0 to 39
  ids.seekp(30 * 8);            // one id per sample: sample 30, of the last of four ranks
  ids.write(reinterpret_cast<const char*>(&bad), sizeof bad);
  ids.close();
  TrainConfig config = test_config(folder / "data", folder / "out");

  const RunFailure failure = run_failing(4, config);

  EXPECT_EQ(failure.code, ExitCode::bad_input);
  for (const char* part : {"data/train: Feature 'user' of table 'user' has id 40",
                           "sample 30 (rank 3)", "1 of 4 ranks failed"}) {
    EXPECT_THAT(failure.message, HasSubstr(part));
  }
  config.on_bad_id = BadIdPolicy::clip;
  EXPECT_EQ(run_training(4, config).losses.size(), 13U);
}

TEST(Training, ABadIdOfTheTestPartIsSoughtThere) {
  const TestFolder folder;
  write_test_data(folder / "data");
  std::fstream ids(folder / "data/test/feature_0.ids.i64",
                   std::ios::binary | std::ios::in | std::ios::out);
  const std::int64_t bad = -1;
  ids.write(reinterpret_cast<const char*>(&bad), sizeof bad);
  ids.close();
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.max_steps = 1;

  EXPECT_THAT(
      run_failing(2, config).message,
      HasSubstr("data/test: Feature 'user' of table 'user' has id -1 in sample 0 (rank 0)"));
}

TEST(Training, AnInterruptOfOneRankEndsAll) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  std::atomic<int> asked = 0;
  TrainSurroundings surroundings;
  surroundings.interrupted = [&] { return ++asked == 8; };  // one rank, in the third step

  const RunFailure failure = run_failing(3, config, surroundings);

  EXPECT_EQ(failure.code, ExitCode::interrupted);
  EXPECT_THAT(failure.message, HasSubstr("Interrupted after 2 of 13 steps"));
  EXPECT_EQ(read_events(config.output).size(), 2U);
  EXPECT_FALSE(std::filesystem::exists(folder / "out/model"));
}

TEST(Training, AFailedSaveKeepsTheFiguresOfTheRun) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  TrainSurroundings surroundings;  // in the last step, something takes the model's place
  std::atomic<int> asked = 0;
  surroundings.interrupted = [&] {
    if (++asked == 13) std::filesystem::create_directories(folder / "out/model/thesis");
    return false;
  };

  const RunFailure failure = run_failing(1, config, surroundings);

  EXPECT_THAT(failure.message, HasSubstr("The model was not saved"));
  const std::vector<nlohmann::json> events = read_events(config.output);
  ASSERT_EQ(events.size(), 15U);
  EXPECT_EQ(events[13]["event"], "evaluation");
  EXPECT_EQ(events[14]["event"], "summary");
}

TEST(Training, ADivergedModelIsAFailure) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.optimizer = OptimizerKind::sgd;
  config.learning_rate = 1e20;

  const RunFailure failure = run_failing(2, config);

  EXPECT_EQ(failure.code, ExitCode::check_failed);
  EXPECT_THAT(failure.message, HasSubstr("diverged"));
}

TEST(Training, AFullDiskUnderTheMetricsEndsAll) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  std::filesystem::create_directories(config.output);
  std::filesystem::create_symlink("/dev/full", config.output + "/metrics.jsonl");

  const RunFailure failure = run_failing(2, config);

  EXPECT_EQ(failure.code, ExitCode::environment);
  EXPECT_THAT(failure.message, HasSubstr("metrics.jsonl cannot be written: No space left"));
}

TEST(Training, AForeignModelFolderEndsAllBeforeTheFirstStep) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  std::filesystem::create_directories(folder / "out/model");
  std::ofstream(folder / "out/model/thesis.txt") << "years of work";

  const RunFailure failure = run_failing(2, config);

  EXPECT_EQ(failure.code, ExitCode::usage);
  EXPECT_THAT(failure.message, HasSubstr("out/model stands where the model is to be saved"));
  EXPECT_TRUE(std::filesystem::exists(folder / "out/model/thesis.txt"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out/metrics.jsonl"));
}

TEST(Training, AnOutputFolderThatAnotherJobWritesToIsRefused) {
  const TestFolder folder;
  write_test_data(folder / "data");
  const TrainConfig config = test_config(folder / "data", folder / "out");
  {
    MetricsFile other(config.output);  // of the other job
    other.add({{"event", "step"}});
    other.write_pending();

    const RunFailure failure = run_failing(2, config);

    EXPECT_EQ(failure.code, ExitCode::environment);
    EXPECT_THAT(failure.message, HasSubstr("Another training job is writing to"));
    EXPECT_EQ(std::filesystem::file_size(config.output + "/metrics.jsonl"), 17U);
  }
  EXPECT_EQ(run_training(2, config).losses.size(), 13U);
}

TEST(Training, RanksOfDifferentJobsAreRefused) {
  const TestFolder folder;
  write_test_data(folder / "data");
  write_test_data(folder / "other", 401);
  const TrainConfig config = test_config(folder / "data", folder / "out");
  std::vector<std::pair<std::string, TrainConfig>> others(5, {"", config});
  others[0].first = "learning_rate is 0.05 on rank 0 but 5.0 on rank 2";
  others[0].second.learning_rate = 5;
  others[1].first = "seed is 1 on rank 0 but 2 on rank 2";
  others[1].second.seed = 2;
  others[2].first = "max_steps is missing on rank 0 but 3 on rank 2";
  others[2].second.max_steps = 3;
  others[3].first = "plan_id is ";
  others[3].second.plan = write_plan(folder / "plan.json", cut_tables(3));
  others[4].first = "train/samples is 400 on rank 0 but 401 on rank 2";
  others[4].second.data = folder / "other";

  for (const auto& [message, other] : others) {
    const RunFailure failure = run_failing({config, config, other});
    EXPECT_EQ(failure.code, ExitCode::bad_input);
    EXPECT_THAT(failure.message, HasSubstr("were not started with the same job: " + message));
  }
}

TEST(Training, RanksMayKeepTheirCopiesOfTheDataAnywhere) {
  const TestFolder folder;
  write_test_data(folder / "data");
  write_test_data(folder / "copy");
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.max_steps = 2;
  TrainConfig other = config;
  other.data = folder / "copy";
  other.threads = 2;

  run_ranks(2, [&](Communicator& comm) {
    EXPECT_EQ(train(comm, comm.rank() == RankId{0} ? config : other, {}).steps, 2);
  });
}

TEST(Training, APlanMustBeForTheseRanks) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.plan = write_plan(folder / "plan.json", whole_tables(4));

  const RunFailure failure = run_failing(2, config);

  EXPECT_EQ(failure.code, ExitCode::bad_input);
  EXPECT_THAT(failure.message, HasSubstr("is for 4 ranks, but this job has 2"));
}

TEST(Training, APlanMustBeForTheseTables) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = test_config(folder / "data", folder / "out");
  Plan plan = whole_tables(2);
  plan.workload.tables[1].rows = 31;
  plan.shards[1].row_end = 31;
  config.plan = write_plan(folder / "plan.json", plan);

  const RunFailure failure = run_failing(2, config);

  EXPECT_EQ(failure.code, ExitCode::bad_input);
  EXPECT_THAT(failure.message, HasSubstr("is for other tables than"));
  EXPECT_THAT(failure.message, HasSubstr("table item has 31 rows in the plan and 30 in the data"));
}

}  // namespace
}  // namespace shardwright
